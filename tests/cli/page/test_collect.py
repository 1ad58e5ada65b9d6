"""What `fastloss score --report` collects: against NumPy, whatever the batches and the order of rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from fastloss.cli.page import file
from fastloss.cli.page.document import document
from tests.cli.data import PAIRWISE, failure, make, run, score, write_parquet
from tests.cli.page.test_document import Checked

LOGISTIC = "binary_cross_entropy_with_logits"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Run the command, and return the page's data."""
    kept = []

    def keep(page):
        kept.append(page)
        return document(page)

    monkeypatch.setattr(file, "document", keep)

    def scored(*arguments):
        out = tmp_path / "out.html"
        found = score(*arguments, "--report", out)
        Checked(out.read_text())
        return kept.pop(), found

    return scored


def data(size=900, groups=40):
    found = make(size, groups)
    rng = np.random.default_rng(9)
    found["other"] = found["score"] + rng.normal(size=size)
    found["chance"] = rng.random(size)
    return found


def written(folder, columns, order=None):
    path = folder / ("data.parquet" if order is None else "shuffled.parquet")
    write_parquet(path, columns if order is None else {name: one[order] for name, one in columns.items()})
    return path


def counts(found):
    return found.count, found.zeros, found.low, found.high


def test_groups_and_gradients_of_pairs(tmp_path, made):
    columns = data()
    path = written(tmp_path, columns)
    page, found = made(path, "--groups", "query", "--loss", PAIRWISE, "--per-group", tmp_path / "groups.parquet")
    (measure,) = page.measures
    table = pa.parquet.read_table(tmp_path / "groups.parquet")
    values = table[PAIRWISE].to_numpy()
    np.testing.assert_array_equal(measure.groups.values[0], values)
    assert measure.totals[0].value == found["losses"][0]["value"]
    worst = np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable")[:10]
    assert [one.id for one in measure.groups.worst[0]] == [str(table["query"][k].as_py()) for k in worst.tolist()]
    assert [one.rows for one in measure.groups.worst[0]] == [table["rows"][k].as_py() for k in worst.tolist()]
    assert [one.values[0] for one in measure.groups.worst[0]] == values[worst].tolist()
    loss = fastloss.pairwise_logistic_loss
    _, gradient = loss.value_and_grad(columns["score"], columns["label"], groups=columns["query"], reduction="sum")
    size = np.abs(np.asarray(gradient, np.float64))
    assert counts(measure.gradients[0]) == (900, np.count_nonzero(size == 0.0), size.min(), size.max())
    (margins,) = page.margins
    assert margins.kind == "pairs"
    assert page.reliability == (None,)


def test_rows_of_two_models(tmp_path, made):
    columns = data()
    path = written(tmp_path, columns)
    page, found = made(path, "--scores", "score", "--scores", "other", "--loss", LOGISTIC)
    (measure,) = page.measures
    (comparison,), (written_,) = page.comparisons, found["differences"]
    assert (comparison.difference, comparison.low, comparison.p_value) == tuple(
        written_[name] for name in ("difference", "low", "p_value")
    )
    assert comparison.models == ("score", "other")
    assert comparison.difference == pytest.approx(measure.totals[1].value - measure.totals[0].value, rel=1e-6)
    assert measure.groups is None
    losses, gradients = [], []
    for model in ("score", "other"):
        call = fastloss.binary_cross_entropy_with_logits.value_and_grad
        each, gradient = call(columns[model], columns["label"], reduction="none")
        losses.append(each)
        gradients.append(np.abs(gradient))
    for found, expected in zip(measure.gradients, gradients, strict=True):
        assert (found.low, found.high) == (expected.min(), expected.max())
    (difference,) = measure.differences
    expected = losses[1] - losses[0]
    assert (difference.found.low, difference.found.high) == (expected.min(), expected.max())
    (margins,) = page.margins
    signed = (2.0 * columns["label"] - 1.0) * columns["other"]
    assert (margins.kind, margins.found[1].low, margins.found[1].high) == ("scores", signed.min(), signed.max())
    for one, model in zip(page.reliability, ("score", "other"), strict=True):
        assert one.is_of_logits
        assert one.rate == pytest.approx(columns["label"].mean(), rel=1e-12)
        assert one.mean == pytest.approx((1.0 / (1.0 + np.exp(-columns[model].astype(float)))).mean(), rel=1e-12)


ARGUMENTS = {
    "pairs": ("--groups", "query", "--loss", PAIRWISE, "--loss", "auc"),
    "rows in groups": ("--groups", "query", "--loss", LOGISTIC, "--weights", "weight"),
    "two models": ("--scores", "score", "--scores", "other", "--groups", "query", "--loss", PAIRWISE, "--loss", "map"),
    "scattered": ("--groups", "query", "--loss", PAIRWISE, "--loss", "hit_rate", "--loss", "mse_loss"),
}


@pytest.mark.parametrize("which", ARGUMENTS)
def test_the_page_does_not_depend_on_batches(tmp_path, made, which):
    columns = data()
    path = written(tmp_path, columns, np.random.default_rng(2).permutation(900) if which == "scattered" else None)
    pages = []
    for rows in (1, 7, 64, 10_000):
        page, _ = made(path, *ARGUMENTS[which], "--batch-rows", rows)
        pages.append(document(page._replace(seconds=0.0)))
    assert len(set(pages)) == 1


def test_scattered_groups_make_the_same_page(tmp_path, made):
    columns = data()
    order = np.random.default_rng(2).permutation(900)
    shuffled = {name: one[order] for name, one in columns.items()}
    by_group = np.argsort(shuffled["query"], kind="stable")
    arguments = ("--groups", "query", "--loss", PAIRWISE, "--loss", "ndcg:k=3")
    sorted_page, _ = made(written(tmp_path, shuffled, by_group), *arguments)
    page, found = made(written(tmp_path, columns, order), *arguments)
    assert found["partitioned"]
    assert page.measures[0].groups.worst == sorted_page.measures[0].groups.worst  # no two have the same loss
    for one, other in zip(page.measures, sorted_page.measures, strict=True):
        np.testing.assert_array_equal(np.sort(one.groups.values), np.sort(other.groups.values))
        for mine, theirs in zip(one.gradients, other.gradients, strict=True):
            for found_, expected in zip(mine.bins(), theirs.bins(), strict=True):
                np.testing.assert_array_equal(found_, expected)


def test_probabilities(tmp_path, made):
    columns = data()
    path = written(tmp_path, columns)
    for loss in ("binary_cross_entropy", "mse_loss", "expected_calibration_error", "auc"):
        page, _ = made(path, "--scores", "chance", "--loss", loss)
        (one,) = page.reliability
        assert not one.is_of_logits
        assert one.mean == pytest.approx(columns["chance"].mean(), rel=1e-12)
        assert [margins.kind for margins in page.margins] == ([] if loss == "auc" else ["probabilities"])


def test_residuals(tmp_path, made):
    columns = data()
    columns["label"] = columns["unused"]
    page, _ = made(written(tmp_path, columns), "--loss", "huber_loss", "--loss", "rmse_loss")
    assert [one.kind for one in page.margins] == ["residuals"]
    residual = columns["score"].astype(float) - columns["label"]
    assert page.margins[0].found[0].low == residual.min()
    assert [len(one.gradients) for one in page.measures] == [1, 0]  # a row's part of a root depends on all rows
    assert page.reliability == (None,)


def test_classes(tmp_path, made):
    rng = np.random.default_rng(3)
    scores, labels = rng.normal(size=(50, 4)), rng.integers(0, 4, 50)
    path = tmp_path / "classes.parquet"
    pa.parquet.write_table(pa.table({"label": labels, **{f"p_{k}": scores[:, k] for k in range(4)}}), path)
    page, _ = made(path, "--scores", "p_*", "--loss", "cross_entropy")
    assert page.columns == {"scores": "p_*", "labels": "label"}
    (margins,) = page.margins
    others = np.where(np.eye(4, dtype=bool)[labels], -np.inf, scores).max(axis=1)
    margin = scores[np.arange(50), labels] - others
    assert (margins.kind, margins.found[0].low, margins.found[0].high) == ("classes", margin.min(), margin.max())
    _, gradient = fastloss.cross_entropy.value_and_grad(scores, labels, reduction="none")
    size = np.sqrt(np.square(gradient).sum(axis=1))
    assert page.measures[0].gradients[0].high == pytest.approx(size.max(), rel=1e-14)


def test_groups_that_say_nothing_and_nan(tmp_path, made):
    columns = {
        "score": np.array([1.0, 2.0, 3.0, np.nan, 5.0, 6.0]),
        "label": np.array([0, 0, 0, 1, 0, 1]),
        "query": np.array([1, 1, 2, 2, 3, 3]),
    }
    page, _ = made(written(tmp_path, columns), "--groups", "query", "--loss", PAIRWISE)
    groups = page.measures[0].groups
    assert np.isnan(groups.values[0]).tolist() == [True, True, False]
    assert groups.left_out == (1,)
    (note,) = page.notes
    assert note.startswith("NaN: 1 row has one, the first is ")
    assert [one.id for one in groups.worst[0]] == ["3"]


def test_all_pairs_of_rows_without_groups(tmp_path, made):
    columns = data()
    page, _ = made(written(tmp_path, columns), "--loss", PAIRWISE)
    assert (page.groups, page.measures[0].groups, page.measures[0].gradients, page.margins) == (None, None, (), ())
    assert page.notes == (f"Margins and gradients of pairs are shown with --groups: {PAIRWISE}",)
    both = ("--scores", "score", "--scores", "other")
    page, _ = made(written(tmp_path, columns), *both, "--loss", PAIRWISE)  # a comparison needs all rows
    assert ([one.count for one in page.measures[0].gradients], page.notes) == ([900, 900], ())
    columns["label"] = np.arange(900.0)  # so many levels that rows are kept
    page, _ = made(written(tmp_path, columns), "--loss", PAIRWISE)
    assert page.measures[0].groups is None
    assert page.measures[0].gradients[0].count == 900


def test_what_values_are_over(tmp_path, made):
    path = written(tmp_path, data())
    page, _ = made(path, "--groups", "query", "--loss", PAIRWISE, "--loss", "auc", "--loss", "mse_loss")
    pairs, groups, rows = (one.totals[0].over for one in page.measures)
    assert (pairs.split()[1], groups, rows) == ("pairs", "40 groups", "900 rows")
    assert [one.greater_is_better for one in page.measures] == [False, True, False]


def test_weights_of_queries(tmp_path, made):
    columns = data()
    columns["weight"] = 1.0 + columns["query"] % 3
    page, _ = made(written(tmp_path, columns), "--groups", "query", "--loss", "lambdarank_loss", "--weights", "weight")
    assert page.measures[0].gradients[0].count == 900


ODD = {
    "infinite scores": ({"score": np.where(np.arange(900) % 7, 1.0, -np.inf)}, PAIRWISE, "auc", LOGISTIC),
    "-1 and 1": ({"label": np.where(np.arange(900) % 3, -1, 1)}, "hinge_loss", "soft_margin_loss"),
    "integers beyond 2**53": ({"label": 2**60 + np.arange(900) % 3}, PAIRWISE),
    "one class": ({"label": np.ones(900)}, LOGISTIC, "auc", PAIRWISE),
    "one score": ({"score": np.zeros(900)}, "mse_loss", "mrr"),
    "beyond float64": (
        {"score": np.linspace(-1, 1, 900) * 1.7e308, "label": np.linspace(1, -1, 900) * 1.7e308},
        "l1_loss",
    ),
    "below float64": ({"score": np.linspace(-1, 1, 900) * 1e-310}, "l1_loss", "pairwise_hinge_loss"),
    "float16": ({"score": np.arange(900).astype(np.float16)}, "mse_loss"),
    "counts": ({"label": np.arange(900) % 5}, "poisson_nll_loss", "lambdarank_loss"),
    "distances": ({"label": np.where(np.arange(900) % 3, -1, 1)}, "hinge_embedding_loss"),
    "ids that are dates": ({"query": pa.array(np.arange(900) // 30, pa.int32()).cast(pa.date32())}, PAIRWISE),
    "ids that are bytes": ({"query": pa.array([b"\xff<%d>" % (k // 30) for k in range(900)])}, PAIRWISE),
}


@pytest.mark.parametrize("which", ODD)
def test_odd_data(tmp_path, made, which):
    changed, *losses = ODD[which]
    arguments = [word for loss in losses for word in ("--loss", loss)]
    for more in ((), ("--scores", "score", "--scores", "other")):
        page, _ = made(written(tmp_path, {**data(), **changed}), "--groups", "query", *arguments, *more)
        assert page.rows == 900
        assert all(one.groups.values.shape == (1 + len(more) // 4, page.groups) for one in page.measures)


@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows(tmp_path, made, rows):
    columns = {name: one[:rows] for name, one in data().items()}
    columns["label"][:] = np.arange(rows)
    arguments = ("--groups", "query", "--loss", PAIRWISE, "--loss", LOGISTIC, "--loss", "mse_loss")
    page, _ = made(written(tmp_path, columns), *arguments)
    assert page.rows == rows


def test_what_is_refused(tmp_path, parquet):
    arguments = ("score", parquet, "--loss", "mse_loss", "--report")
    assert "--report is " in failure(*arguments, tmp_path / "out.pdf")
    assert failure(*arguments, "") == "--report is empty: expected the name of a file"
    assert failure(*arguments, tmp_path) == f"{tmp_path}: is a folder"
    assert failure(*arguments, tmp_path / "none" / "a.html") == f"{tmp_path}/none/a.html: no folder {tmp_path}/none"
    assert "--report is not possible with --dask" in failure(*arguments, tmp_path / "a.html", "--dask", "local")
    embedded = ("score", "--queries", "q.npy", "--keys", "k.npy", "--loss", "info_nce_loss")
    assert "--report" in failure(*embedded, "--report", tmp_path / "a.html")


def test_a_page_that_fails_leaves_nothing(tmp_path, parquet):
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "page.html"
    out.write_text("before")
    result = run("score", parquet, "--loss", "mape_loss", "--report", out)  # labels are 0
    assert result.exit_code == 2
    assert out.read_text() == "before"
    assert [one.name for one in out.parent.iterdir()] == ["page.html"]
