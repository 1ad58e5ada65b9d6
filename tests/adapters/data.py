"""Rows in columns of Arrow, and the same as arrays; what one process makes of them."""

import doctest
import pathlib
import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa

import fastloss

ROWS = 30_000
USERS = 300


class Rows(NamedTuple):
    score: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    user: np.ndarray
    logits: np.ndarray
    kind: np.ndarray

    def of_user(self, user: int) -> "Rows":
        return Rows(*(one[self.user == user] for one in self))


def rows() -> Rows:
    rng = np.random.default_rng(17)
    user = rng.zipf(1.3, ROWS) % USERS  # a few users have most of the rows
    logits = rng.normal(size=(ROWS, 3))
    return Rows(
        rng.normal(size=ROWS), rng.integers(0, 2, ROWS), rng.random(ROWS), user, logits, rng.integers(0, 3, ROWS)
    )


def table(made: Rows) -> pa.Table:
    """The rows as Arrow has them, `logits` as lists."""
    columns = made._asdict()
    offsets = np.arange(0, made.logits.size + 1, made.logits.shape[1], dtype=np.int32)
    columns["logits"] = pa.ListArray.from_arrays(pa.array(offsets), pa.array(made.logits.ravel()))
    return pa.table(columns)


def is_close(one: float, other: float, within: float = 1e-15) -> bool:
    return abs(one - other) <= within * abs(other)


# A call of an adapter, by columns, and what one process returns; how far they may be apart
CASES = {
    "elements": (
        ("binary_cross_entropy_with_logits", ("score", "label"), {"pos_weight": 2.0}),
        lambda made: fastloss.binary_cross_entropy_with_logits(made.score, made.label, pos_weight=2.0),
        1e-15,
    ),
    "weights": (
        ("huber_loss", ("score", "label"), {"sample_weight": "weight", "delta": 0.5}),
        lambda made: fastloss.huber_loss(made.score, made.label, sample_weight=made.weight, delta=0.5),
        1e-15,
    ),
    "sum": (
        ("mse_loss", ("score", "label"), {"reduction": "sum"}),
        lambda made: fastloss.mse_loss(made.score, made.label, reduction="sum"),
        1e-15,
    ),
    "root": (("rmse_loss", ("score", "label"), {}), lambda made: fastloss.rmse_loss(made.score, made.label), 1e-15),
    "rows": (
        ("cross_entropy", ("logits", "kind"), {"weight": np.array([1.0, 2.0, 3.0]), "ignore_index": 1}),
        lambda made: fastloss.cross_entropy(made.logits, made.kind, weight=[1.0, 2.0, 3.0], ignore_index=1),
        1e-15,
    ),
    "centers": (
        ("center_loss", ("logits", "kind", np.eye(3)), {}),
        lambda made: fastloss.center_loss(made.logits, made.kind, np.eye(3)),
        1e-15,
    ),
    "all pairs": (
        ("pairwise_logistic_loss", ("score", "label"), {"sample_weight": "weight"}),
        lambda made: fastloss.pairwise_logistic_loss(made.score, made.label, sample_weight=made.weight),
        1e-12,
    ),
    "groups": (
        ("lambdarank_loss", ("score", "label"), {"groups": "user", "truncation_level": 10}),
        lambda made: fastloss.lambdarank_loss(made.score, made.label, groups=made.user, truncation_level=10),
        1e-14,
    ),
    "pairs of groups": (
        ("pairwise_hinge_loss", ("score", "label"), {"groups": "user", "sample_weight": "weight"}),
        lambda made: fastloss.pairwise_hinge_loss(made.score, made.label, groups=made.user, sample_weight=made.weight),
        1e-14,
    ),
}

# What is refused before any row is read
REFUSED = {
    "a loss that does not exist": (("mse_los", "score", "label"), {}, "did you mean 'mse_loss'"),
    "a column too few": (("mse_loss", "score"), {}, "takes input, target: expected a column"),
    "a column that is an array": (("mse_loss", "score", np.ones(3)), {}, "target is of type ndarray"),
    "centers in a column": (("center_loss", "logits", "kind", "score"), {}, "centers is of type str"),
    "no state": (("pairwise_hinge_loss", "score", "label"), {}, "need sorted rows"),
    "no sum": (("info_nce_loss", "logits", "logits"), {}, "no sum over examples"),
    "a parameter": (("huber_loss", "score", "label"), {"gamma": 1.0}, "has no parameter 'gamma'"),
    "its range": (("huber_loss", "score", "label"), {"delta": -1.0}, "delta is -1.0"),
    "a reduction": (("mse_loss", "score", "label"), {"reduction": "none"}, "reduction is 'none'"),
    "a reduction of a root": (("rmse_loss", "score", "label"), {"reduction": "sum"}, "expected 'mean'"),
    "weights of queries": (
        ("lambdarank_loss", "score", "label"),
        {"groups": "user", "sample_weight": "weight"},
        "one for each group",
    ),
}


def run_guide(heading: str, **names) -> int:
    """Run the examples of a chapter of the guide; how many there were."""
    text = (pathlib.Path(__file__).parents[2] / "docs/guides/ray_spark.md").read_text()
    chapter = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = "\n".join(re.findall(r"^```py\n(.*?)^```$", chapter, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(blocks, names, heading, None, None)
    said: list[str] = []
    found = doctest.DocTestRunner().run(test, out=said.append)
    assert found.failed == 0, "".join(said)
    return found.attempted
