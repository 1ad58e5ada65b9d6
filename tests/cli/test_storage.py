"""Files behind URIs: `file://`, and `s3://` of a server on this machine."""

import os
import shutil

import numpy as np
import pytest

from fastloss.cli.reading import storage
from tests.cli import s3
from tests.cli.data import FORMATS, PAIRWISE, failure, make, part, run, score, values, write_csv, write_parquet

LOSS = ("--loss", "mse_loss")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A bucket, whose files lie in `tmp_path`."""
    for name, value in s3.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    storage._filesystem.cache_clear()
    with s3.serving(tmp_path) as server:
        yield server


def same(*reports):
    """Whether reports agree in all but files and times."""
    other = ("files", "seconds", "rows_per_second")
    first, *rest = ({name: x for name, x in one.items() if name not in other} for one in reports)
    return all(first == one for one in rest)


@pytest.mark.parametrize("name", [*FORMATS, "data.tsv.gz"])
def test_every_format_behind_a_uri(tmp_path, store, name):
    if name == "data.tsv.gz":
        write_csv(tmp_path / "a.csv", make())
        import gzip

        (tmp_path / name).write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes().replace(b",", b"\t")))
    else:
        FORMATS[name](tmp_path / name, make())
    words = ("--loss", PAIRWISE, *LOSS, "--groups", "query", "--weights", "weight", "--batch-rows", "37")
    here = score(tmp_path / name, *words)
    there = score(store.uri(name), *words)
    assert same(here, there, score((tmp_path / name).as_uri(), *words))
    assert there["files"] == [store.uri(name)] and store.keys_read


def test_patterns_are_sorted_and_may_name_folders(tmp_path, store):
    data = make()
    folder = tmp_path / "a folder"
    (folder / "deep").mkdir(parents=True)
    for at, name in enumerate(("deep/3 of 3.parquet", "1.parquet", "2.parquet", ".hidden.parquet", "2.csv")):
        write_parquet(folder / name, part(data, 10 * at, 10 * at + 10))

    def found(pattern):
        report = score(pattern, *LOSS)
        return [storage.uri_of(one).path.removeprefix("/a%20folder/") for one in report["files"]]

    assert found(store.uri("a%20folder/*.parquet")) == ["1.parquet", "2.parquet"]
    assert found(store.uri("a%20folder/[2-9].*")) == ["2.csv", "2.parquet"]
    assert found(store.uri("a%20folder/**/*.parquet")) == ["1.parquet", "2.parquet", "deep/3%20of%203.parquet"]
    assert found(store.uri("*/d*/*")) == ["deep/3%20of%203.parquet"]
    assert found(store.uri("a%20folder/1.parquet")) == ["1.parquet"]
    assert "no file matches" in failure("score", store.uri("a%20folder/*.npy"), *LOSS)
    report = score(folder.as_uri() + "/*.parquet", *LOSS)
    assert report["files"] == [str(folder / "1.parquet"), str(folder / "2.parquet")]


def test_errors_name_the_uri(tmp_path, store):
    write_parquet(tmp_path / "a.parquet", {**make(20), "score": np.where(np.arange(20) == 7, np.nan, 1.0)})
    (tmp_path / "folder").mkdir()
    write_parquet(tmp_path / "folder" / "b.parquet", make(20))
    (tmp_path / "broken.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:200])
    (tmp_path / "empty.csv").write_bytes(b"")
    assert failure("score", store.uri("no.parquet"), *LOSS) == f"{store.uri('no.parquet')}: no such file"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "b.xyz").write_text("")
    assert "is a folder without files" in failure("score", store.uri("none"), *LOSS)
    assert failure("score", store.uri("empty.csv"), *LOSS).endswith("the file is empty")
    assert failure("score", store.uri("broken.parquet"), *LOSS).startswith(f"{store.uri('broken.parquet')}: ")
    twice = failure("score", store.uri("a.parquet"), store.uri("*.parquet"), *LOSS)
    assert twice == f"{store.uri('a.parquet')}: is given twice"
    no_column = failure("score", store.uri("a.parquet"), *LOSS, "--scores", "points")
    assert f"{store.uri('a.parquet')}: no column 'points'" in no_column


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("foo://host/a.parquet", "foo:// cannot be read: expected a path, or one of file://, s3://"),
        ("hdfs://host:1/a.parquet", "lib"),  # no Java, or nobody there
        ("s3://bucket/a.parquet?endpoint_override=127.0.0.1:1&scheme=http&region=x", "NETWORK_CONNECTION"),
        ("s3://bucket/a.parquet?no_such_option=1", "no_such_option"),
        ("file://other/a.parquet", "Unsupported hostname"),
    ],
)
def test_a_file_system_that_is_missing_or_out_of_reach_is_one_line(uri, why, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    for name, value in s3.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    message = failure("score", uri, *LOSS)
    assert message.startswith(f"{uri}: ") and why in message


def test_passwords_are_not_printed():
    message = failure("score", "s3://key:secret@bucket/a.parquet", *LOSS)
    assert "secret" not in message and "password" in message


def test_a_local_path_that_looks_like_a_uri_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.makedirs("s3:/bucket")
    write_csv(tmp_path / "s3:" / "bucket" / "a.csv", make())
    report = score("s3://bucket/a.csv", *LOSS)
    assert report["rows"] == 400 and values(report)


def test_groups_are_written_beside_files_behind_uris(tmp_path, store):
    write_parquet(tmp_path / "a.parquet", make())
    out = tmp_path / "out.parquet"
    for _ in range(2):  # the second time there is a file already
        shutil.copy(tmp_path / "a.parquet", out) if not out.exists() else None
        result = run("score", store.uri("a.parquet"), *LOSS, "--groups", "query", "--per-group", out)
        assert result.exit_code == 0, result.stderr
