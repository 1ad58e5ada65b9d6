"""Files of text without any, as programs write them for parts without rows."""

import bz2
import gzip

import pytest

from tests.cli.data import failure, run, score, values

LOSS = ("--loss", "mse_loss")
BLANK = {
    "a.csv": b"",
    "a.csv.gz": gzip.compress(b""),
    "a.tsv.bz2": bz2.compress(b""),
    "a.jsonl.gz": b"",
    "a.jsonl": b"\n",
    "z.ndjson": b"",
    "z.csv": b"\r\n",
}


@pytest.fixture(params=["m.csv", "m.jsonl"])
def full(request, tmp_path):
    """A folder with a file of two rows."""
    rows = {
        "m.csv": "score,label,user\n3,1,a\n0,0,a\n",
        "m.jsonl": '{"score": 3, "label": 1}\n{"score": 0, "label": 0}\n',
    }
    (tmp_path / request.param).write_text(rows[request.param])
    return tmp_path


@pytest.mark.parametrize("name", BLANK)
def test_a_file_without_text_is_left_out_of_several(full, name):
    (full / name).write_bytes(BLANK[name])
    for files in ((full,), (full / "*",), sorted(full.iterdir())):
        report = score(*files, *LOSS)
        assert report["rows"] == 2 and values(report) == {"mse_loss": 2.0}
        assert len(report["files"]) == 2


@pytest.mark.parametrize("name", BLANK)
def test_it_is_an_error_alone(tmp_path, name):
    (tmp_path / name).write_bytes(BLANK[name])
    what = "the file is empty" if not BLANK[name] else "holds no objects" if "json" in name else "holds no header"
    assert failure("score", tmp_path, *LOSS) == f"{tmp_path / name}: {what}"
    (tmp_path / "zz.csv").write_bytes(b"")
    assert failure("score", tmp_path, *LOSS).startswith(f"{tmp_path / name}: ")


def test_an_empty_file_of_another_format_is_damaged(full):
    (full / "a.parquet").write_bytes(b"")
    assert failure("score", full, *LOSS) == f"{full / 'a.parquet'}: the file is empty"


def test_compare_leaves_it_out(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_bytes(b"")
        (tmp_path / name / "b.csv").write_text("id,score,label\n1,3,1\n2,0,0\n")
    done = run("compare", tmp_path / "old", tmp_path / "new", "--key", "id", *LOSS)
    assert done.exit_code == 0, done.stderr
    (tmp_path / "new" / "b.csv").unlink()
    assert "a.csv: the file is empty" in failure("compare", tmp_path / "old", tmp_path / "new", "--key", "id", *LOSS)
