"""CSV files: ids are text, numbers are what they say, and what would drop or merge rows is an error."""

import csv
import gzip
import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from fastloss.cli.reading.csv_rows import pieces
from tests.cli.data import PAIRWISE, failure, score, values

HEADER = "score,label,user\n"


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("rows", [0, 3, 200_000])
def test_a_quote_that_never_closes(tmp_path, rows):
    path = write(tmp_path / "a.csv", HEADER + '1.0,1,"a\n' + "1.0,1,b\n" * rows)
    assert failure("score", path, "--loss", "mse_loss") == f"{path}: line 2: a quote that never closes"


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("fastloss.cli.reading.csv_files.BLOCK", 1000)


def test_a_quote_that_never_closes_late(tmp_path, small_blocks):
    rows = 300  # beyond the first block
    path = write(tmp_path / "a.csv", HEADER + "1.0,1,b\n" * rows + '1.0,1,"a\n1.0,1,b\n')
    assert failure("score", path, "--loss", "mse_loss") == f"{path}: line {rows + 2}: a quote that never closes"


def test_a_quote_that_closes_rows_later(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + '1,1,"a\n1,0,b\n1,0,"c"\n')
    message = failure("score", path, "--loss", "mse_loss")
    assert message.startswith(f"{path}: line 2: a quoted field goes on after its closing quote")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,1,b\n1,0\n1,0,c\n", "row 1: has 2 fields ('1,0'): expected 3, as in the header"),
        ("1,1,b\n1,0,b\n1,0,c,d\n", "row 2: has 4 fields ('1,0,c,d'): expected 3, as in the header"),
        ("1,1,b\n1,0,b\rc\n", "row 2: has 1 field ('c'): expected 3, as in the header"),  # a lone CR ends a row
        ("1,1,b\nbad,0,b\n", "row 1: column 'score' is 'bad': expected a number"),
        ("1,1,b\n1,no,b\n", "row 1: column 'label' is 'no': expected a number"),
        ("1,1,b\n1,,b\n", "row 1: column 'label' is null"),
        ("1,1,b\n1,0,\n", "row 1: column 'user' is null"),
        ("1,1,b\n1,0,\0\n", "line 3: a byte 0, which is in no text"),
        ("1,0.5,b\n1,9007199254740993,b\n", "row 1: column 'label' is 9007199254740993, which float64 does not hold"),
        ("1,1,b\n-9007199254740993,0,b\n1.5,1,a\n", "row 1: column 'score' is -9007199254740993, which float64"),
        ("1,1,\xff\n".encode("latin-1"), "line 2: byte 0xff is not UTF-8"),
        ("1,1,\xff,\xff\n".encode("latin-1"), "row 0: has 4 fields"),
    ],
)
def test_damage_is_named(tmp_path, text, message):
    path = write(tmp_path / "a.csv", HEADER.encode() + (text if isinstance(text, bytes) else text.encode()))
    found = failure("score", path, "--loss", "mse_loss", "--groups", "user", "--per-group", tmp_path / "out.parquet")
    assert found.startswith(f"{path}: ")
    assert message in found
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_rows_after_the_first_block_are_counted(tmp_path, small_blocks):
    rows = 1000
    path = write(tmp_path / "a.csv", HEADER + "1.0,1,b\n" * rows + "1.0,bad,b\n")
    message = failure("score", path, "--loss", "mse_loss")
    assert message == f"{path}: row {rows}: column 'label' is 'bad': expected a number"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("is_last_line_ended", [True, False])
def test_what_is_legal(tmp_path, newline, is_last_line_ended):
    lines = ["\ufeff" + '"score",label,"user"', '1,1,"a,b"', "", '2,0,"a,b"', '3,0,"he said ""x"""']
    lines.append('4,1,he said "x"')  # no field starts with this quote: it is text
    text = newline.join([*lines, ""] if is_last_line_ended else lines)
    out = tmp_path / "out.parquet"
    path = write(tmp_path / "a.csv", text)
    score(path, "--loss", "mse_loss", "--groups", "user", "--per-group", out)
    assert pa.parquet.read_table(out).to_pylist() == [
        {"user": "a,b", "rows": 2, "mse_loss": 2.0},  # (0² + 2²) / 2
        {"user": 'he said "x"', "rows": 2, "mse_loss": 9.0},  # (3² + 3²) / 2
    ]


def test_newlines_within_quotes(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + '1,1,"a\nb"\n3,0,"a\nb"\n5,1,"a\nc"\n')
    out = tmp_path / "out.parquet"
    assert score(path, "--loss", "mse_loss", "--groups", "user", "--per-group", out)["rows"] == 3
    assert pa.parquet.read_table(out)["user"].to_pylist() == ["a\nb", "a\nc"]


def test_pieces_are_whole_rows_whatever_their_size():
    rng = np.random.default_rng(0)
    words = ['"', '""', ",", "\n", "x", "1", "\r\n", '"a"', ',"']
    sound = 0
    for _ in range(300):
        text = "a,b\n" + "".join(rng.choice(words, rng.integers(0, 20)))
        expected = None
        for size in (1, 2, 7, 1000):
            try:
                rows = [
                    row
                    for piece in pieces(io.BytesIO(text.encode()), b",", size)
                    for row in csv.reader(io.StringIO(piece.decode(), newline=""))
                    if row
                ]
            except ValueError as error:
                rows = str(error)
            expected = rows if expected is None else expected
            assert rows == expected
        if isinstance(expected, list):  # Python's own reader, of the whole text at once
            assert expected == [row for row in csv.reader(io.StringIO(text, newline="")) if row]
            sound += 1
    assert 50 < sound < 250


def test_ids_are_text(tmp_path):
    """Were they numbers, 007 and 7 would be one user, and their rows a pair."""
    text = "1,1,007\n2,0,7\n3,1,7\n4,0,0042\n5,0,42\n6,0,1e3\n7,1,1000\n"
    path, out = write(tmp_path / "a.csv", HEADER + text), tmp_path / "out.parquet"
    report = score(path, "--loss", PAIRWISE, "--groups", "user", "--per-group", out)
    assert report["groups"] == 6
    assert report["losses"][0]["pairs"] == 1
    assert pa.parquet.read_table(out)["user"].to_pylist() == ["007", "7", "0042", "42", "1e3", "1000"]


def test_ids_that_look_otherwise_later(tmp_path, small_blocks):
    path, out = write(tmp_path / "a.csv", HEADER + "1,1,1\n" * 500 + "1,1,x\n"), tmp_path / "out.parquet"
    score(path, "--loss", "mse_loss", "--groups", "user", "--per-group", out)
    assert pa.parquet.read_table(out)["user"].to_pylist() == ["1", "x"]


def test_numbers_are_the_nearest_float64(tmp_path):
    texts = ["0.1", "1e-320", "9007199254740992", "1e22", "1.2345678901234568e29", "-0.30000000000000004"]
    path = write(tmp_path / "a.csv", HEADER + "".join(f"{text},0,u{k}\n" for k, text in enumerate(texts)))
    out = tmp_path / "out.parquet"
    score(path, "--loss", "l1_loss", "--groups", "user", "--per-group", out)
    assert pa.parquet.read_table(out)["l1_loss"].to_pylist() == [abs(float(text)) for text in texts]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("9007199254740993.0", False),
        ("9007199254740992.0", True),
        ("9007199254740992.5", False),
        ("9.007199254740993e15", False),
        ("9.007199254740992e15", True),
        ("1152921504606846976.000", True),
        ("1.152921504606847e18", True),  # 2**60 as Python writes it
        ("1e23", True),
        ("-1.7976931348623157e308", True),
        ("1e400", False),
        ("inf", True),
    ],
)
def test_numbers_that_float64_does_not_hold(tmp_path, text, fits):
    path = tmp_path / "a.csv"
    path.write_text(f"score,label\n1,1\n0,{text}\n")
    if fits:
        expected = math.log1p(math.exp(-1.0)) if float(text) < 1.0 else math.log1p(math.exp(1.0))
        assert values(score(path, "--loss", PAIRWISE))[PAIRWISE] == pytest.approx(expected, rel=1e-12)
    else:
        message = f"row 1: column 'label' is {text}, which float64 does not hold"
        assert message in failure("score", path, "--loss", PAIRWISE)


def test_true_and_false_are_labels(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + "2,true,b\n1,False,b\n")
    # by hand: losses of (2, 1) and (1, 0), both 1
    assert values(score(path, "--loss", "mse_loss")) == {"mse_loss": 1.0}


def test_long_rows_and_wide_headers(tmp_path):
    long = write(tmp_path / "long.csv", HEADER + "1,1," + "x" * 3_000_000 + "\n3,1,b\n")
    assert values(score(long, "--loss", "mse_loss")) == {"mse_loss": 2.0}  # (0² + 2²) / 2
    names = ",".join(f"column{k}" for k in range(120_000))
    wide = write(tmp_path / "wide.csv", f"score,label,{names}\n1,1{',5' * 120_000}\n3,1{',6' * 120_000}\n")
    assert values(score(wide, "--loss", "mse_loss")) == {"mse_loss": 2.0}


def test_a_row_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("fastloss.cli.reading.csv_rows.LONGEST", 1000)
    monkeypatch.setattr("fastloss.cli.reading.csv_files.BLOCK", 100)
    path = write(tmp_path / "a.csv", HEADER + '1,1,"b\n' + "1,1,b\n" * 1000)
    assert "line 2: a row of more than 1000 bytes (does a quote in it never close?)" in failure(
        "score", path, "--loss", "mse_loss"
    )


@pytest.mark.parametrize(("name", "tabs"), [("a.tsv", 1), ("A.TSV.GZ", 1), ("x.tsv.csv", 0), ("x.tsv/a.csv", 0)])
def test_only_the_suffix_says_that_there_are_tabs(tmp_path, name, tabs):
    (tmp_path / "x.tsv").mkdir() if "/" in name else None
    text = "score,label\n1,1\n3,1\n".replace(",", "\t" if tabs else ",").encode()
    path = write(tmp_path / name, gzip.compress(text) if name.endswith("GZ") else text)
    assert values(score(path, "--loss", "mse_loss")) == {"mse_loss": 2.0}


def test_columns_of_one_name(tmp_path):
    path = write(tmp_path / "a.csv", "score,score,label,other,other\n1,2,1,1,1\n")
    assert failure("score", path, "--loss", "mse_loss") == f"{path}: 2 columns are called 'score'"
    assert values(score(write(path, "score,label,x,x\n1,2,1,1\n"), "--loss", "mse_loss")) == {"mse_loss": 1.0}


def test_a_header_with_a_space_is_quoted(tmp_path):
    path = write(tmp_path / "a.csv", "my score,my label\n1,1.0000001\n")
    arguments = ("--loss", "focal_loss", "--scores", "my score", "--labels", "my label")
    assert failure("score", path, *arguments) == (
        f"{path}: row 0: 'my label' is 1.0000001: expected by focal_loss 0 or 1"
    )
    assert "(columns: 'my score', 'my label')" in failure("score", path, "--loss", "mse_loss")


def test_files_without_rows(tmp_path):
    for text, message in (("score,label", "no rows in"), ("score,label\n", "no rows in"), ("\n\n", "holds no header")):
        assert message in failure("score", write(tmp_path / "a.csv", text), "--loss", "mse_loss")


def test_not_a_number_is_one(tmp_path):
    path = write(tmp_path / "a.csv", HEADER + "nan,1,a\n1,1,b\n-inf,1,c\n")
    out = tmp_path / "out.parquet"
    score(path, "--loss", "l1_loss", "--groups", "user", "--per-group", out)
    found = pa.parquet.read_table(out)["l1_loss"].to_pylist()
    assert math.isnan(found[0]) and found[1:] == [0.0, math.inf]
