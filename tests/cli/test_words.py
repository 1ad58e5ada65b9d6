"""What the command says of files and options that are wrong, where a library's own words would not help."""

import bz2
import gzip
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from fastloss.core.spelling import nearest
from tests.cli.data import failure, run

MSE = ("--loss", "mse_loss")


def put(path, content):
    """Write bytes or text; return the path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(path, **columns):
    """Write a Parquet file; return the path."""
    pa.parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("ids", "other", "type_"),
    [
        (["1", "2"], [1, 2], "int64"),
        ([1.5, 2.5], ["1", "2"], "double"),
        (pa.array([1, 2], pa.date32()), [1, 2], "string"),
    ],
)
def test_types_of_keys_that_differ(tmp_path, ids, other, type_):
    first = table(tmp_path / "a.parquet", id=ids, score=[0.5, 1.0], label=[0.0, 1.0])
    second = table(tmp_path / "b.parquet", id=other, score=[0.5, 1.0])
    assert failure("compare", first, second, "--key", "id", *MSE).endswith(f"(--types id={type_} converts it)")


def test_nothing_is_near_to_a_short_word():
    assert nearest("--on", ["--json", "--labels"]) == ()
    assert nearest("zero", ["error", "drop", "nan"]) == ()
    assert nearest("zero", ["error", "drop", "nan", "zeros"]) == ("zeros",)


CSV = "score,label,user\n0.5,1,a\n0.25,0,b\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "na\xefve,score,label\n1,0.5,1\n".encode("latin-1"), "line 1: byte 0xef is not UTF-8"),
        ("a.csv", CSV.encode() + "0.5,1,\xe9\n".encode("latin-1"), "line 4: byte 0xe9 is not UTF-8"),
        ("a.csv.gz", gzip.compress(CSV.encode() + b"0.5,1,\xe9\n", mtime=0), "line 4: byte 0xe9 is not UTF-8"),
        (
            "a.jsonl",
            b'{"score":1,"label":1,"user":"\xe9"}\n',
            "row 0: column 'user' holds bytes that are not UTF-8",
        ),
        ("a.jsonl", '{"score": 0.5}\n{"score": "x"}\n', "row 1: column 'score' is 'x': expected a number"),
        ("a.jsonl", '{"score": "x"}\n{"score": 0.5}\n', "row 0: column 'score' is 'x': expected a number"),
        (
            "a.jsonl",
            '{"c": [1]}\n{"c": {"a": 1}}\n',
            "row 1: column 'c' is {'a': 1}: expected a list",
        ),
        ("a.jsonl", '{"label": true}\n{"label": 1}\n', "row 1: column 'label' is 1: expected true or false"),
        ("a.parquet", CSV, "is no Parquet file (it begins with 'score,la'; --format csv and --format json read text)"),
        ("a.npz", CSV, "is no .npz file (it begins with 'score,la'"),
        ("a.arrow", CSV, "is no Arrow IPC file (it begins with 'score,la'"),
        ("a.parquet", b"PAR1 and no end", "the file is cut off, or damaged: it does not end as Parquet files do"),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-9], "the file is cut off: its compressed data has no end"),
        ("a.csv.bz2", bz2.compress(CSV.encode())[:-9], "the file is cut off: its compressed data has no end"),
        ("a.csv.zst", pa.compress(CSV.encode() * 99, "zstd", asbytes=True)[:-9], "the file is cut off"),
        (
            "a.csv",
            CSV + "NA,1,a\n",
            "row 2: column 'score' is 'NA': expected a number, or an empty field, which is null",
        ),
        ("a.csv", CSV + "NAN0,1,a\n", "row 2: column 'score' is 'NAN0': expected a number"),
    ],
)
def test_contents(tmp_path, name, content, said):
    path = put(tmp_path / name, content)
    assert failure("score", path, "--groups", "user", "--loss", "auc").startswith(f"{path}: {said}")


def test_a_format_that_a_file_is_not_of(tmp_path):
    text = put(tmp_path / "a.csv", CSV)
    assert "is no Parquet file (it begins with 'score,la'" in failure("score", text, "--format", "parquet", *MSE)
    file = table(tmp_path / "a.parquet", score=[0.5], label=[1])
    for name, called in (("csv", "CSV"), ("json", "JSON Lines")):
        assert failure("score", file, "--format", name, *MSE) == (
            f"{file}: is no {called} file (it begins as those of --format parquet do)"
        )


@pytest.mark.parametrize("uri", ["http://x/y.parquet", "https://x/*.csv", "ftp://x/y.csv"])
def test_schemes_that_are_not_read(uri):
    scheme = uri.partition(":")[0]
    assert failure("score", uri, *MSE) == (
        f"{uri}: {scheme}:// cannot be read: expected a path, or one of file://, s3://, gs://, abfs://, abfss://, hdfs://"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ("--keys", "k", "--groups", "user"),
            "--groups does nothing with --queries and --keys: expected one or the other",
        ),
        (("--keys", "k", "--worst", "3"), "--worst does nothing with --queries"),
        (("--keys", "k", "--worst", "0"), "--worst does nothing with --queries"),
        (("--keys", "k", "--report", "a.html"), "--report does nothing with --queries"),
        (("--keys", "k", "--per-group", "a.csv"), "--per-group does nothing with --queries"),
        (("--keys", "k", "a.csv"), "file a.csv does nothing with --queries"),
        ((), "--queries is given without --keys: expected --queries and --keys together"),
    ],
)
def test_options_that_embeddings_have_no_use_for(given, said):
    assert failure("score", "--queries", "q", *given, "--loss", "recall").startswith(said)
    assert failure("score", "--key-ids", "a", "--loss", "recall").startswith("--key-ids is given without --queries")


def test_values_of_joined_files_are_named_by_their_own(tmp_path):
    first = table(
        tmp_path / "a.parquet", id=[3, 4, 5], score=[0.5, 1.0, 2.0], other=[1.0, 0.0, 0.0], label=[0.0, 1.0, 1.0]
    )
    nan = table(tmp_path / "b.parquet", id=[5, 4, 3], score=[0.5, float("nan"), 0.5])
    found = run("compare", first, nan, "--key", "id", *MSE)
    assert f"1 row has one, the first is {nan}: row 1: column 'score'" in found.stdout
    outside = table(tmp_path / "c.parquet", id=[5, 4, 3], score=[0.5, 0.5, 2.0])
    assert failure("compare", first, outside, "--key", "id", "--loss", "binary_cross_entropy").startswith(
        f"{first}: row 2: score is 2: expected by"
    )
    assert failure("compare", outside, first, "--key", "id", "--loss", "binary_cross_entropy").startswith(
        f"{outside}: row 2: score is 2: expected by"
    )


def test_a_model_that_is_given_twice(tmp_path):
    first = table(tmp_path / "a.parquet", id=[3, 4], score=[0.5, 1.0], other=[1.0, 0.0], label=[0.0, 1.0])
    second = table(tmp_path / "b.parquet", id=[3, 4], score=[0.5, 1.0])
    key = ("--key", "id")
    assert failure("compare", first, first, *key, *MSE) == (
        f"{first}: is given twice, with --scores score: expected a file of each model"
    )
    assert "is given twice" in failure("compare", first, tmp_path / "*.parquet", *key, *MSE)
    assert failure("compare", first, second, *key, *key, *MSE) == "--key id is given twice"
    found = run("compare", first, first, *key, "--scores", "score", "--scores", "other", *MSE, "--json")
    assert [one["value"] for one in json.loads(found.stdout)["losses"]] == [0.125, 1.0]


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("bpr_loss", "bpr_loss cannot be scored: expected a loss or metric of scores and labels (see `fastloss list`)"),
        ("ndcg@10", "unknown loss 'ndcg@10'; did you mean 'ndcg:k=10'?"),
        ("auc@10", "unknown loss 'auc@10'"),
        ("auc,ndcg", "unknown loss 'auc,ndcg'; repeat --loss for several"),
        ("ndcg:k=10,auc", "ndcg has no parameter 'auc'; repeat --loss for several (its parameters: k, "),
        ("aucc", "unknown loss 'aucc'; did you mean 'auc'?"),
    ],
)
def test_losses(tmp_path, loss, said):
    assert failure("score", put(tmp_path / "a.csv", CSV), "--loss", loss).startswith(said)


def test_columns_in_one_option(tmp_path):
    first = table(tmp_path / "a.parquet", a=[0.5, 1.0], b=[1.0, 0.0], label=[0.0, 1.0])
    second = table(tmp_path / "b.parquet", a=[0.5, 1.0], b=[1.0, 0.0])
    assert failure("score", first, "--scores", "a,b", *MSE) == (
        f"{first}: no column 'a,b' for --scores: repeat the option for several columns (columns: a, b, label)"
    )
    assert "'a,b' for --key: repeat the option" in failure(
        "compare", first, second, "--key", "a,b", "--scores", "a", *MSE
    )
    assert "repeat" not in failure("score", first, "--scores", "a", "--labels", "a,b", *MSE)


@pytest.mark.parametrize(
    ("words", "name"),
    [("gauc", "auc"), ("group_auc", "auc"), ("average_precision", "map"), ("mean reciprocal rank", "mrr")],
)
def test_list_finds_metrics_by_their_other_names(words, name):
    assert name in [one["loss"] for one in json.loads(run("list", words, "--json").stdout)]


def test_classes_are_named(tmp_path):
    file = table(tmp_path / "a.parquet", p_cat=[0.1, 0.2], p_dog=[0.3, 0.1], label=[0, 5])
    message = failure("score", file, "--scores", "p_*", "--loss", "cross_entropy")
    assert message.startswith(f"{file}: row 1: label is 5: expected by cross_entropy")
    assert message.endswith("(the classes are cat, dog, from 0)")
