"""Metrics, several models, and scores for each class, in `fastloss score`."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from fastloss import metrics
from tests.cli.data import PAIRWISE, failure, run, score

GROUPS = 40


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    size = 900
    user = np.sort(rng.integers(0, GROUPS, size))
    says = rng.random(GROUPS) > 0.2
    grade = rng.integers(0, 3, size) * says[user]
    scores = rng.random((size, 3))
    scores /= scores.sum(axis=1, keepdims=True)
    return {
        "user": user,
        "grade": grade,
        "label": (grade > 0).astype(np.int64),
        "a": rng.integers(0, 30, size) / 30,
        "b": rng.random(size).astype(np.float32),
        "weight": rng.random(size) + 0.5,
        "user_weight": (rng.random(GROUPS) + 0.5)[user],
        "cls": rng.integers(0, 3, size),
        **{f"p_{k}": scores[:, k] for k in (0, 1, 2)},
    }


def table_of(data):
    scores = np.stack([data[f"p_{k}"] for k in range(3)], axis=1)
    names = np.array(["ant", "bee", "cat"])
    return pa.table(
        {
            **data,
            "listed": pa.array(list(scores)),
            "fixed": pa.FixedSizeListArray.from_arrays(pa.array(scores.reshape(-1)), 3),
            **{f"q_{name}": scores[:, k] for k, name in enumerate(names)},
            **{f"r_{k + 10 * k}": scores[:, k] for k in (2, 0, 1)},  # 22, 0, 11
            "name": names[data["cls"]],
            "number": np.array([0, 11, 22])[data["cls"]],
        }
    )


@pytest.fixture(scope="module")
def file(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "data.parquet"
    pa.parquet.write_table(table_of(data), path, row_group_size=130)
    return path


@pytest.fixture(scope="module")
def shuffled(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "shuffled.parquet"
    table = table_of(data)
    pa.parquet.write_table(table.take(np.random.default_rng(1).permutation(table.num_rows)), path)
    return path


def only(*arguments):
    (found,) = score(*arguments)["losses"]
    return found


# -- metrics

CALLS = {
    "auc": lambda a, y, **g: metrics.group_auc(a, y, **g),
    "ndcg:k=10": lambda a, y, **g: metrics.ndcg(a, y, k=10, **g),
    "ndcg:k=3,gains=linear,ties=stable": lambda a, y, **g: metrics.ndcg(a, y, k=3, gains="linear", ties="stable", **g),
    "mrr": metrics.mrr,
    "map:relevance_level=2": lambda a, y, **g: metrics.average_precision(a, y, relevance_level=2, **g),
    "precision:k=5": lambda a, y, **g: metrics.precision(a, y, k=5, **g),
    "recall:k=5": lambda a, y, **g: metrics.recall(a, y, k=5, **g),
    "hit_rate:k=1": lambda a, y, **g: metrics.hit_rate(a, y, k=1, **g),
}


@pytest.mark.parametrize("text", CALLS)
@pytest.mark.parametrize("name", ["file", "shuffled"])
def test_a_metric_is_that_of_python(data, text, name, request):
    found = only(
        request.getfixturevalue(name), "--scores", "a", "--labels", "grade", "--groups", "user", "--loss", text
    )
    if "stable" in text and name == "shuffled":
        return  # the order of rows breaks ties
    value, counts = CALLS[text](data["a"], data["grade"], groups=data["user"], with_counts=True)
    assert found["value"] == pytest.approx(value, rel=1e-14)
    assert found["groups_left_out"] == counts.left_out > 0 and found["weight"] == counts.used


def test_metrics_of_probabilities(data, file):
    some = ("--scores", "b", "--weights", "weight", "--loss")
    for name in ("normalized_entropy", "expected_calibration_error", "isotonic_calibration_error"):
        call = getattr(metrics, name)
        words = {"sample_weight": data["weight"]}
        whole = only(file, *some, name)
        assert whole["value"] == pytest.approx(call(data["b"], data["label"], **words), rel=1e-14)
        assert whole["groups_left_out"] is None
        found = only(file, *some, name, "--groups", "user")
        assert found["value"] == pytest.approx(call(data["b"], data["label"], groups=data["user"], **words), rel=1e-13)


def test_the_area_of_all_rows_and_of_groups(data, file):
    area = fastloss.auc(data["a"], data["label"], sample_weight=data["weight"])
    assert only(file, "--scores", "a", "--weights", "weight", "--loss", "auc")["value"] == pytest.approx(area, 1e-14)
    each = fastloss.auc(
        data["a"], data["label"], groups=data["user"], sample_weight=data["weight"], reduction="per_group"
    )
    some = ("--scores", "a", "--groups", "user", "--weights", "weight", "--loss")
    assert only(file, *some, "gauc")["value"] == pytest.approx(np.nanmean(each), rel=1e-13)
    heavy = np.bincount(data["user"], data["weight"])
    there = ~np.isnan(each)
    weighted = np.average(each[there], weights=heavy[there])
    assert only(file, *some, "auc:average=rows")["value"] == pytest.approx(weighted, rel=1e-13)
    sizes = np.bincount(data["user"])
    plain = fastloss.auc(data["a"], data["label"], groups=data["user"], reduction="per_group")
    by_rows = np.average(plain[there], weights=sizes[there])
    assert only(file, "--scores", "a", "--groups", "user", "--loss", "auc:average=rows")["value"] == pytest.approx(
        by_rows, rel=1e-13
    )


def test_weights_of_rankings_are_those_of_groups(data, file):
    some = ("--scores", "a", "--labels", "grade", "--groups", "user")
    _, first = np.unique(data["user"], return_index=True)
    weights = data["user_weight"][first]
    for text, call in (("ndcg", metrics.ndcg), ("lambdarank_loss", fastloss.lambdarank_loss)):
        value = call(data["a"], data["grade"], groups=data["user"], sample_weight=weights)
        found = only(file, *some, "--weights", "user_weight", "--loss", text)
        assert found["value"] == pytest.approx(value, rel=1e-13)
        message = failure("score", file, *some, "--weights", "weight", "--loss", text)
        assert "row 1 (counted from 0): weight is 0." in message or "row 1: weight is" in message
        assert f"expected by {text} the weight of the group's first row" in message


def test_a_group_that_has_nothing_to_say_is_null(data, file, tmp_path):
    out = tmp_path / "groups.parquet"
    names = ("auc", "ndcg", "pairwise_logistic_loss", "lambdarank_loss")
    losses = [word for name in names for word in ("--loss", name)]
    report = score(file, "--scores", "a", "--groups", "user", "--per-group", out, *losses)
    table = pa.parquet.read_table(out)
    for name, one in zip(names, report["losses"], strict=True):
        assert table[name].null_count == one["groups_left_out"] > 0, name
    shown = run("score", file, "--scores", "a", "--groups", "user", "--loss", "auc").stdout
    used = GROUPS - report["losses"][0]["groups_left_out"]
    assert f"{used} groups" in shown and f"{used} of {GROUPS}" in shown


def test_a_score_that_is_nan_is_not_left_out(data, tmp_path):
    scores = data["a"].copy()
    scores[np.flatnonzero(data["label"])[0]] = np.nan
    pa.parquet.write_table(pa.table({**data, "a": scores}), tmp_path / "nan.parquet")
    for name in ("auc", "ndcg"):
        found = only(tmp_path / "nan.parquet", "--scores", "a", "--groups", "user", "--loss", name)
        assert found["value"] == "NaN"


def test_metrics_that_cannot_be(file):
    some = ("score", file, "--scores", "a", "--groups", "user", "--loss")
    assert failure(*some, "ndcg:k=0") == "ndcg: k is 0: expected an integer >= 1, or None"
    assert failure(*some, "ndcg:z=0").startswith("ndcg has no parameter 'z' (its parameters: k, gains, ties, average)")
    assert failure(*some, "auc:average=all").startswith("auc: average is 'all': expected")
    assert failure(*some, "auc", "--reduction", "sum") == "auc is a mean over groups: expected --reduction mean"


# -- over groups


@pytest.mark.parametrize("name", ["file", "shuffled"])
def test_quantiles_over_groups_and_the_worst(data, name, request):
    path = request.getfixturevalue(name)
    some = (path, "--scores", "b", "--groups", "user", "--loss", "auc", "--loss", "mse_loss", "--worst", 3)
    report = score(*some)
    users = np.unique(data["user"])
    areas = fastloss.auc(data["b"], data["label"], groups=data["user"], reduction="per_group")
    squares = np.array(
        [fastloss.mse_loss(data["b"][own], data["label"][own]) for own in data["user"] == users[:, None]]
    )
    for found, each, sign in zip(report["over_groups"], (areas, squares), (1, -1), strict=True):
        order = np.argsort(sign * each, kind="stable")[:3]
        assert [one["group"] for one in found["worst"]] == users[order].tolist()
        assert [one["value"] for one in found["worst"]] == pytest.approx(each[order], rel=1e-6)
        assert found["mean"] == pytest.approx(np.nanmean(each), rel=1e-6)
        assert list(found["quantiles"].values()) == pytest.approx(
            np.nanquantile(each, [float(one) for one in found["quantiles"]]), rel=1e-6
        )
        assert (found["groups"], found["groups_left_out"]) == ((~np.isnan(each)).sum(), np.isnan(each).sum())
    shown = run("score", *some).stdout
    assert "worst groups of" in shown and "95 %" in shown
    assert failure("score", path, "--scores", "b", "--loss", "auc", "--worst", 3) == "--worst needs --groups"
    assert failure("score", *some[:-1], -1) == "--worst is -1: expected at least 0"


@pytest.fixture
def broken(tmp_path):
    """Groups: 1 fine, 2 with a NaN, 3 in the wrong order, 4 of one label; of which some weigh nothing."""
    table = {
        "user": [1, 1, 1, 2, 2, 2, 3, 3, 4, 4],
        "label": [0, 1, 1, 0, 1, 0, 1, 0, 1, 1],
        "score": [0.1, 0.9, 0.4, 0.2, np.nan, 0.3, 0.3, 0.6, 0.5, 0.1],
        "weight": [1.0, 1, 1, 0, 0, 0, 2, 2, 1, 1],
        "nothing": [0.0] * 10,
    }
    pa.parquet.write_table(pa.table(table), tmp_path / "broken.parquet")
    return tmp_path / "broken.parquet"


def test_groups_that_are_nan_are_the_worst(broken):
    some = (broken, "--groups", "user", "--loss", "auc", "--loss", PAIRWISE, "--worst", 2)
    for found in score(*some)["over_groups"]:
        assert [one["group"] for one in found["worst"]] == [2, 3]
        assert (found["mean"], found["groups"], found["groups_left_out"], found["groups_nan"]) == ("NaN", 3, 1, 1)


def test_groups_of_weight_0_say_nothing(broken):
    some = ("--groups", "user", "--weights", "weight", "--loss")
    assert (only(broken, *some, "auc")["value"], only(broken, *some, "auc")["groups_left_out"]) == (0.5, 2)
    assert only(broken, *some, "ndcg")["groups_left_out"] == 1
    nothing = only(broken, "--groups", "user", "--weights", "nothing", "--loss", "ndcg")
    assert (nothing["value"], nothing["groups_left_out"]) == ("NaN", 4)


def test_the_area_of_pairs(data, file):
    area = fastloss.auc(data["a"], data["label"], groups=data["user"], sample_weight=data["weight"])
    some = ("--scores", "a", "--groups", "user", "--weights", "weight", "--loss", "auc:average=pairs")
    assert only(file, *some)["value"] == pytest.approx(area, rel=1e-13)
    assert "expected one of 'groups', 'rows'" in failure("score", file, *some[:-1], "ndcg:average=pairs")


# -- models


def test_every_model_has_its_own_values(file, tmp_path):
    losses = [word for name in ("auc", "mse_loss", "pairwise_logistic_loss") for word in ("--loss", name)]
    out = tmp_path / "out.csv"
    some = (file, "--groups", "user", *losses)
    both = score(*some, "--scores", "a", "--scores", "b", "--per-group", tmp_path / "x.parquet", "--output", out)
    alone = {name: score(*some, "--scores", name)["losses"] for name in "ab"}
    for one in both["losses"]:
        assert one in alone[one["scores"]]
    assert len(both["losses"]) == 6
    names = pa.parquet.read_table(tmp_path / "x.parquet").column_names
    assert {"user", "rows", "auc(a)", "auc(b)", "mse_loss(a)", "pairwise_logistic_loss(b)_pairs"} <= set(names)
    assert out.read_text().count("\n") == 1 + 6 + 3  # the differences, too
    shown = run("score", *some, "--scores", "a", "--scores", "b").stdout.split("\n")
    assert next(line.split() for line in shown if line.strip()) == ["loss", "a", "b", "over", "groups"]


def test_models_whose_rows_are_scattered(file, shuffled):
    losses = [word for name in ("auc", "map", "pairwise_hinge_loss") for word in ("--loss", name)]
    some = ("--scores", "a", "--scores", "b", "--groups", "user", *losses)
    one, other = score(file, *some), score(shuffled, *some)
    assert one["losses"] == other["losses"] and other["partitioned"]


def test_a_model_is_given_once(file):
    assert failure("score", file, "--scores", "a", "--scores", "a", "--loss", "mse_loss") == "--scores a is given twice"


# -- classes

CLASS_LOSSES = ("cross_entropy", "nll_loss", "crammer_singer_loss", "multi_margin_loss", "softmax_focal_loss")


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ("p_*", "cls"),
        ("p_[012]", "cls"),
        ("listed", "cls"),
        ("fixed", "cls"),
        ("q_*", "name"),
        ("q_*", "cls"),
        ("r_*", "number"),
    ],
)
def test_a_score_for_each_class(data, file, columns, labels):
    scores = np.stack([data[f"p_{k}"] for k in range(3)], axis=1)
    losses = [word for name in CLASS_LOSSES for word in ("--loss", name)]
    found = score(file, "--scores", columns, "--labels", labels, "--weights", "weight", *losses)["losses"]
    for name, one in zip(CLASS_LOSSES, found, strict=True):
        value = getattr(fastloss, name)(scores, data["cls"], sample_weight=data["weight"])
        assert one["value"] == pytest.approx(value, rel=1e-14), name


def test_probabilities_of_classes(data, tmp_path):
    path, classes = tmp_path / "p.parquet", data["cls"]
    p = np.random.default_rng(0).dirichlet(np.ones(3), len(classes))

    def write():
        columns = {f"p_{k}": p[:, k] for k in range(3)}
        pa.parquet.write_table(pa.table({**columns, "cls": classes}), path)
        return path, "--scores", "p_*", "--labels", "cls", "--loss"

    for text, words in (("", {}), (":ignore_index=1", {"ignore_index": 1})):
        expected = fastloss.categorical_cross_entropy(p, classes, **words)
        assert only(*write(), f"categorical_cross_entropy{text}")["value"] == pytest.approx(expected, rel=1e-14)
    p[4, 1] = 1.5
    message = failure("score", *write(), "categorical_cross_entropy")
    assert "row 4: p_1 is 1.5: expected by categorical_cross_entropy a number in [0, 1]" in message


def test_classes_in_text(data, tmp_path):
    path = tmp_path / "data.csv"
    columns = ["q_ant", "q_bee", "q_cat", "name", "cls"]
    pa.csv.write_csv(table_of(data).select(columns), path)
    by_name, by_index = (only(path, "--scores", "q_*", "--labels", one, "--loss", "nll_loss") for one in columns[3:])
    assert by_name == by_index


@pytest.mark.parametrize("batch", [100, 777, 1 << 20])
def test_classes_in_batches_and_groups(data, file, batch, tmp_path):
    scores = np.stack([data[f"p_{k}"] for k in range(3)], axis=1)
    some = ("--scores", "p_*", "--labels", "cls", "--loss", "cross_entropy:ignore_index=2", "--batch-rows", batch)
    out = tmp_path / "x.parquet"
    found = only(file, *some, "--groups", "user", "--per-group", out, "--weights", "weight")
    words = {"ignore_index": 2, "sample_weight": data["weight"]}
    assert found["value"] == fastloss.cross_entropy(scores, data["cls"], **words)
    table = pa.parquet.read_table(out)
    assert table.num_rows == np.unique(data["user"]).size
    for user, value in zip(table["user"].to_pylist(), table["cross_entropy:ignore_index=2"].to_pylist(), strict=True):
        own = data["user"] == user
        words = {"ignore_index": 2, "sample_weight": data["weight"][own]}
        assert value == pytest.approx(fastloss.cross_entropy(scores[own], data["cls"][own], **words), rel=1e-13)


def test_classes_that_cannot_be(data, file, tmp_path):
    classes = ("--labels", "cls", "--loss", "cross_entropy")
    assert "no column matches --scores 'z*'" in failure("score", file, "--scores", "z*", *classes)
    assert "only p_0 matches --scores 'p_0*'" in failure("score", file, "--scores", "p_0*", *classes)
    assert failure("score", file, "--scores", "a", *classes).startswith("cross_entropy takes a score for each class")
    message = failure("score", file, "--scores", "p_*", "--labels", "cls", "--loss", "mse_loss")
    assert message == "mse_loss takes one score for each row: --scores 'p_*' has one for each class"
    message = failure("score", file, "--scores", "p_*", "--scores", "q_a*", *classes)
    assert "only q_ant matches" in message
    message = failure("score", file, "--scores", "q_*", "--labels", "number", "--loss", "cross_entropy")
    assert "number is " in message and "expected by cross_entropy" in message
    message = failure("score", file, "--scores", "r_*", "--labels", "name", "--loss", "cross_entropy")
    assert "column 'name' is '" in message and message.endswith("expected one of 0, 11, 22")
    uneven = pa.table({"label": [0, 1, 0], "score": [[1.0, 2.0], [1.0], [2.0, 1.0]]})
    pa.parquet.write_table(uneven, tmp_path / "uneven.parquet")
    assert failure("score", tmp_path / "uneven.parquet", "--loss", "cross_entropy") == (
        f"{tmp_path}/uneven.parquet: row 1: column 'score' is a list of 1 numbers where the first has 2"
    )
    empty = pa.table({"label": [0, 1], "score": [[1.0, 2.0], [1.0, None]]})
    pa.parquet.write_table(empty, tmp_path / "null.parquet")
    assert "row 1: column 'score' is a list with a null" in failure(
        "score", tmp_path / "null.parquet", "--loss", "cross_entropy"
    )


def test_show_says_what_a_metric_is_with_groups(tmp_path):
    """Groups of different numbers of pairs: the command's `auc` is the mean of their areas, not that of all pairs."""
    scores, labels, users = [0.1, 0.2, 0.3, 0.1, 0.2], [0, 1, 0, 0, 1], [1, 1, 1, 2, 2]
    pa.parquet.write_table(pa.table({"score": scores, "label": labels, "user": users}), tmp_path / "t.parquet")
    (found,) = score(tmp_path / "t.parquet", "--groups", "user", "--loss", "auc")["losses"]
    assert found["value"] == metrics.group_auc(scores, labels, groups=users) == 0.75  # of 1/2 and 1
    models = {"a": scores, "b": scores}
    assert fastloss.compare(labels, models, "auc", groups=users)[0].values[0] == fastloss.auc(
        scores, labels, groups=users
    )
    assert round(fastloss.auc(scores, labels, groups=users), 4) == 0.6667  # two of three pairs
    shown = run("show", "auc").stdout
    assert "metrics.group_auc" in shown and "share\nof the pairs of all groups" in shown
    for name in ("ndcg", "map", "expected_calibration_error"):
        assert "With --groups it is the mean over the groups" in run("show", name).stdout
        assert "group_auc" not in run("show", name).stdout
