"""`fastloss compare`: files joined by keys, against the same rows in one file."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import fastloss
from fastloss.cli.reading.joined import model_names
from tests.cli.data import failure, run
from tests.cli.test_compared import check

SIZE = 700
RNG = np.random.default_rng(2)
ID = RNG.permutation(10 * SIZE)[:SIZE]
DAY = RNG.integers(0, 3, SIZE)
LABEL = RNG.integers(0, 2, SIZE)
OLD = LABEL + RNG.normal(size=SIZE)
NEW = OLD + RNG.normal(size=SIZE) / 2
USER = RNG.integers(0, 40, SIZE)
WEIGHT = RNG.random(SIZE) + 0.5
OTHER = np.random.default_rng(3).permutation(SIZE)  # the order of the second file
NAMES = np.array([f"row {one}" for one in ID])


def write(path, **columns):
    pa.parquet.write_table(pa.table(columns), path, row_group_size=90)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("compare")
    write(place / "old.parquet", id=ID, name=NAMES, day=DAY, label=LABEL, score=OLD, user=USER, weight=WEIGHT)
    write(
        place / "new.parquet",
        id=ID[OTHER].astype(np.int32),
        name=NAMES[OTHER],
        score=NEW[OTHER].astype(np.float32),
        label=LABEL[OTHER].astype(np.float64),
    )
    return place


def compared(*arguments):
    result = run("compare", *arguments, "--json")
    assert result.exit_code == 0, (result.stderr, result.exception)
    return json.loads(result.stdout)


def wanted(loss, **words):
    return fastloss.compare(LABEL, {"old": OLD, "new": NEW.astype(np.float32)}, loss, **words)[0]


@pytest.mark.parametrize("key", ["id", "name"])
def test_rows_are_joined(folder, key):
    losses = ("--loss", "mse_loss", "--loss", "auc", "--loss", "pairwise_logistic_loss")
    document = compared(folder / "old.parquet", folder / "new.parquet", "--key", key, *losses)
    for found in document["differences"]:
        check(found, wanted(found["label"]))
    assert document["rows"] == SIZE
    assert document["unmatched"] == 0
    assert {one["scores"] for one in document["losses"]} == {"old", "new"}


def test_groups_and_weights_are_those_of_the_file_that_has_them(folder):
    some = ("--key", "id", "--loss", "mse_loss", "--groups", "user", "--weights", "weight")
    for files in (("old", "new"), ("new", "old")):
        document = compared(*(folder / f"{one}.parquet" for one in files), *some)
        found = document["differences"][0]
        one = wanted("mse_loss", groups=USER, sample_weight=WEIGHT)
        assert found["standard_error"] == pytest.approx(one.standard_error, rel=1e-9)
        assert abs(found["difference"]) == pytest.approx(abs(one.difference), rel=1e-9)
        assert found["units"] == 40


def test_several_keys_of_which_none_is_enough(tmp_path):
    row, day = np.divmod(np.arange(SIZE), 3)
    a = write(tmp_path / "a.parquet", row=row, day=day.astype(str), label=LABEL, score=OLD)
    b = write(tmp_path / "b.parquet", row=row[OTHER], day=day[OTHER].astype(str), score=NEW[OTHER].astype(np.float32))
    found = compared(a, b, "--key", "row", "--key", "day", "--loss", "mse_loss")["differences"][0]
    assert found["difference"] == pytest.approx(wanted("mse_loss").difference, rel=1e-9)
    assert "is there already" in failure("compare", a, b, "--key", "row", "--loss", "mse_loss")


def test_formats_folders_and_columns(folder, tmp_path):
    """CSV, whose ids are text unless they are converted; several files of one model; another column of scores."""
    parts = tmp_path / "parts"
    parts.mkdir()
    for at, some in enumerate((OTHER[:300], OTHER[300:])):
        table = pa.table({"id": ID[some], "prediction": NEW[some].astype(np.float32)})
        pa.csv.write_csv(table, parts / f"{at}.csv")
    options = ("--key", "id", "--scores", "score", "--scores", "prediction", "--loss", "mse_loss")
    assert "column 'id' has type string" in failure("compare", folder / "old.parquet", parts, *options)
    document = compared(folder / "old.parquet", parts, *options, "--types", "id=int64")
    assert document["differences"][0]["difference"] == pytest.approx(wanted("mse_loss").difference, rel=1e-6)
    assert document["differences"][0]["scores"] == "parts"


def test_three_files_and_the_outputs(folder, tmp_path):
    write(tmp_path / "third.parquet", id=ID, score=np.zeros(SIZE))
    files = (folder / "old.parquet", folder / "new.parquet", tmp_path / "third.parquet")
    out, groups = tmp_path / "out.json", tmp_path / "groups.parquet"
    words = ("--key", "id", "--loss", "mse_loss", "--groups", "user", "--output", out, "--per-group", groups)
    result = run("compare", *files, *words)
    assert result.exit_code == 0, result.stderr
    for text in ("new - old", "third - old", "third - new", "700 rows of 3 files"):
        assert text in result.stdout
    assert pa.parquet.read_table(groups).num_rows == 40
    assert '"against": "old"' in out.read_text()


def test_missing_keys(folder, tmp_path):
    few = write(tmp_path / "few.parquet", id=np.append(ID[OTHER][:-9], 10**6), score=np.append(NEW[OTHER][:-9], 0.0))
    some = (folder / "old.parquet", few, "--key", "id", "--loss", "mse_loss")
    lost = min(OTHER[-9:])
    message = failure("compare", *some)
    assert message.startswith(f"{folder / 'old.parquet'}: row {lost}: id {ID[lost]} is not in {few}; 9 of 700 keys")
    document = compared(*some, "--missing", "drop")
    assert document["unmatched"] == 10
    assert document["rows"] == SIZE - 9
    keep = np.sort(OTHER[:-9])
    found = fastloss.compare(LABEL[keep], {"old": OLD[keep], "few": NEW[keep]}, "mse_loss")[0]
    check(document["differences"][0], found)
    assert "10 keys left out that not all files have" in run("compare", *some, "--missing", "drop").stdout
    more = write(tmp_path / "more.parquet", id=np.append(ID, -1), score=np.append(NEW, 0.0))
    message = failure("compare", folder / "old.parquet", more, "--key", "id", "--loss", "mse_loss")
    assert message.startswith(f"{more}: row 700: id -1 is not in {folder / 'old.parquet'}")


def test_nothing_in_common(folder, tmp_path):
    none = write(tmp_path / "none.parquet", id=-ID - 1, score=NEW)
    message = failure("compare", folder / "old.parquet", none, "--key", "id", "--loss", "mse_loss", "--missing", "drop")
    assert "no rows" in message


def test_errors_name_file_row_and_key(folder, tmp_path):
    old, some = folder / "old.parquet", ("--key", "id", "--loss", "mse_loss")
    twice = write(tmp_path / "twice.parquet", id=np.append(ID, ID[5]), score=np.append(NEW, 0.0))
    assert failure("compare", old, twice, *some) == f"{twice}: row 700: id {ID[5]} is there already, in {twice}: row 5"
    label = LABEL.copy()
    label[8] = 1 - label[8]
    wrong = write(tmp_path / "wrong.parquet", id=ID, score=NEW, label=label)
    assert failure("compare", old, wrong, *some) == (
        f"{wrong}: row 8: column 'label' is {label[8]}, but {LABEL[8]} in {old}: row 8, for id {ID[8]}"
    )
    null = write(tmp_path / "null.parquet", id=pa.array([*ID[:-1].tolist(), None]), score=NEW)
    assert failure("compare", old, null, *some) == f"{null}: row 699: column 'id' is null"
    nan = write(tmp_path / "nan.parquet", id=ID, score=pa.array([*NEW[:-1].tolist(), None]))
    assert f"{nan}: row 699: column 'score' is null" == failure("compare", old, nan, *some)
    text = write(tmp_path / "text.parquet", id=NAMES, score=NEW)
    assert "column 'id' has type string, but int64 elsewhere (--types id=int64 converts it)" in failure(
        "compare", old, text, *some
    )
    assert "no column 'y' for --labels" in failure("compare", old, folder / "new.parquet", *some, "--labels", "y")
    assert "no column 'nr' for --key" in failure(
        "compare", old, folder / "new.parquet", "--key", "nr", "--loss", "mse_loss"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.parquet", "--key", "id"), "1 file is given"),
        (("a.parquet", "b.parquet"), "no --key is given"),
        (
            ("a.parquet", "b.parquet", "c.parquet", "--key", "id", "--scores", "x", "--scores", "y"),
            "2 --scores are given",
        ),
        (("a.parquet", "b.parquet", "--key", "id", "--missing", "keep"), "--missing is 'keep'"),
        (("a.parquet", "b.parquet", "--key", "id", "--level", "0"), "--level is 0.0"),
        (("a.parquet", "b.parquet", "--key", "id", "--threads", "0"), "--threads is 0"),
        (("a.parquet", "b.parquet", "--key", "id"), "a.parquet: no such file"),
    ],
)
def test_options(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in failure("compare", *arguments, "--loss", "mse_loss")


def test_names_of_models():
    assert model_names(["x/old.parquet", "y/new.csv.gz", "z/day/"]) == ["old", "new", "day"]
    assert model_names(["x/a.parquet", "y/a.parquet"]) == ["x/a.parquet", "y/a.parquet"]


def test_classes(tmp_path):
    p = RNG.random((2, 50, 3))
    p /= p.sum(axis=2, keepdims=True)
    names, key = np.array(["ant", "bee", "cat"]), np.arange(50)
    labels = RNG.integers(0, 3, 50)
    a, b = (
        write(
            tmp_path / f"{name}.parquet",
            id=key,
            label=names[labels],
            **{f"p_{k}": own[:, at] for at, k in enumerate(names)},
        )
        for name, own in zip("ab", p, strict=True)
    )
    found = compared(a, b, "--key", "id", "--scores", "p_*", "--loss", "nll_loss")["differences"][0]
    check(found, fastloss.compare(labels, {"a": p[0], "b": p[1]}, "nll_loss")[0])
