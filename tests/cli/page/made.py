"""Pages of made-up data."""

import itertools

import numpy as np

from fastloss.cli.page.calibration import Calibration
from fastloss.cli.page.data import Groups, Margins, Measure, Page, Total, WorstGroup
from fastloss.cli.page.histograms import histogram
from fastloss.comparing.results import Comparison

HOSTILE = "</td></style><script>alert('&\"')</script>\x00\u202e" + "x" * 300


def page(models=("old", "new"), groups=300, identifier="user-{}", column="label", parameters=None):
    """A page of two losses, one of them of groups."""
    rng, rows = np.random.default_rng(0), 4000
    classes = rng.integers(0, 2, rows)
    scores = [(2 * classes - 1) * (0.8 + 0.3 * k) + rng.normal(size=rows) for k in range(len(models))]
    values = np.abs(rng.normal(0.6, 0.2, (len(models), groups)))
    values[:, :7] = np.nan
    worst = [np.argsort(-np.nan_to_num(one))[:10].tolist() for one in values]
    listed = [
        tuple(WorstGroup(identifier.format(g), 10 + g % 30, 3 * g, tuple(values[:, g].tolist())) for g in some)
        for some in worst
    ]
    calibrations = [Calibration(True) for _ in models]
    for one, found in zip(scores, calibrations, strict=True):
        assert found.add(one, classes, None)
    measures = (
        Measure(
            "pairwise_logistic_loss",
            "pairwise_logistic_loss",
            {"pairs": "ordered", "sigma": 1.0} if parameters is None else parameters,
            tuple(Total(float(np.nanmean(one)), "900 pairs") for one in values),
            Groups(values, tuple(listed), (7,) * len(models)),
            tuple(histogram(1.0 / (1.0 + np.exp(one))) for one in scores),
        ),
        Measure(
            "hinge_loss",
            "hinge_loss",
            {"margin": 1.0},
            tuple(Total(0.25 * (1 + k), f"{rows:,} rows") for k in range(len(models))),
            gradients=tuple(histogram(1.0 * ((2 * classes - 1) * one < 1.0)) for one in scores),
        ),
    )
    pairs = itertools.combinations(models, 2)
    comparisons = (
        Comparison(one.name, pair, (0.5, 0.25), -0.25, 0.01, -0.27, -0.23, 0.95, 1e-12, "sandwich", groups, "groups")
        for pair in pairs
        for one in measures
    )
    margins = Margins("scores", tuple(histogram((2 * classes - 1) * one) for one in scores))
    return Page(
        version="0.1.0",
        files=["a.parquet", "b.parquet"],
        columns={"labels": column, "groups": "user"},
        models=tuple(models),
        reduction="mean",
        rows=rows,
        groups=groups,
        dropped=3,
        seconds=1.5,
        measures=measures,
        id_name="user",
        comparisons=tuple(comparisons),
        margins=(margins,),
        reliability=tuple(one.result() for one in calibrations),
    )
