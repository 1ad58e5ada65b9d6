"""The documentation's examples, run page by page; what its pages are made from: peers' names, pictures, results."""

import ast
import doctest
import importlib
import inspect
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

import fastloss
from fastloss.core.loss import REGISTRY

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = pathlib.Path(fastloss.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPHINX = re.compile(r"^(```|:::)+\{|(?<!`)\{[a-z:]+\}`\w", re.MULTILINE)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
GENERATED = ("generated", "_build")
SLOW = {"linear_time", "recommenders", "streaming"}  # without the JIT

TEXTS = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text()
    for path in sorted(DOCS.rglob("*.md"))
    if path.relative_to(DOCS).parts[0] not in GENERATED
}
PAGES = [name for name, text in TEXTS.items() if FENCE.search(text)]


def run_page(name: str, text: str) -> int:
    """Run all examples of a page in one namespace; how many there were."""
    names: dict[str, object] = {}
    count = 0
    for block in FENCE.finditer(text):
        line = text.count("\n", 0, block.start(2))
        if block[1] == "console":
            count += run_commands(block[2])
        else:
            test = doctest.DocTestParser().get_doctest(block[2], names, name, name, line)
            assert test.examples, f"{name}, line {line}: a block without an example"
            output: list[str] = []
            result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=output.append, clear_globs=False)
            assert result.failed == 0, "".join(output)
            names = test.globs
            count += result.attempted
    return count


def run_commands(text: str) -> int:
    """Run the commands after `$`, and compare what they print with the lines that follow."""
    found = COMMAND.findall(text)
    assert found
    for command, expected in found:
        words = shlex.split(command)
        assert words[0] == "fastloss"
        path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
        run = [sys.executable, "-m", "fastloss", *words[1:]]
        done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
        printed = done.stdout + done.stderr
        assert doctest.OutputChecker().check_output(expected, printed, OPTIONS), f"$ {command}\n{printed}"
    return len(found)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty folder with the sample data; losses that a page declares are forgotten."""
    shutil.copy(PACKAGE / "data" / "lambdarank_test.parquet", tmp_path)
    monkeypatch.chdir(tmp_path)
    before = set(REGISTRY)
    yield
    for name in set(REGISTRY) - before:
        del REGISTRY[name]


@pytest.fixture
def made_from(monkeypatch):
    """Modules of `docs/_ext` by name."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    return importlib.import_module


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow if one.rsplit("/", 1)[-1] in SLOW else ()) for one in PAGES]
)
def test_examples(name, workplace):
    assert run_page(name, TEXTS[name])


def test_pages_have_examples():
    assert {"index", "tutorial", "linear_time", "reliability", "guides/scoring", "guides/streaming"} <= set(PAGES)


@pytest.mark.parametrize(
    "text",
    [
        "```python\n>>> 1 + 1\n3\n```\n",
        "```python\n>>> a = 1\n```\nText.\n```python\n>>> a\n2\n```\n",
        "```python\nno = 'example'\n```\n",
        "```console\n$ fastloss --version\nfastloss 0.0.0\n```\n",
    ],
)
def test_a_wrong_page_fails(text):
    with pytest.raises(AssertionError):
        run_page("wrong", text)


def test_names_outlive_their_block():
    assert run_page("right", "```python\n>>> a = 1\n```\nText.\n```python\n>>> a\n1\n```\n") == 2


def check_call(text: str) -> None:
    """Raise unless a peer's row calls something of ours with arguments that it has."""
    call = ast.parse(text.strip("`"), mode="eval").body
    assert isinstance(call, ast.Call), text
    function = getattr(fastloss, call.func.id)
    words = {keyword.arg: None for keyword in call.keywords}
    inspect.signature(function).bind(*call.args, **words)


def test_peers_rows_are_calls_of_ours(made_from):
    rows = made_from("peers").rows()
    assert len(rows) > 60
    for row in rows:
        assert row.there
        assert row.here or row.note
        if row.here:
            check_call(row.here)


@pytest.mark.parametrize("text", ["`hubert_loss(x, t)`", "`huber_loss(x, t, beta=1.0)`", "`huber_loss`"])
def test_a_wrong_peers_row_fails(text):
    with pytest.raises((AssertionError, AttributeError, TypeError)):
        check_call(text)


def test_every_loss_has_a_picture(made_from):
    made_from("embedding_pictures")
    pictures = made_from("loss_pictures")
    assert [name for name, loss in REGISTRY.items() if not pictures.has_recipe(loss)] == []
    assert set(pictures.RECIPES) <= set(REGISTRY)
    assert "margin_ranking_loss" in pictures.RECIPES


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\frac12 x", r"\frac{1}{2} x"),
        (r"\tfrac12\lVert x", r"\tfrac{1}{2}\lVert x"),
        (r"\tfrac{1}{2} + \frac1N\sum", r"\tfrac{1}{2} + \frac{1}{N}\sum"),
        (r"\frac{a}{b}", r"\frac{a}{b}"),
        (r"x_{\text{a\_b}} + \texttt{c\_d}", r"x_{\text{a_b}} + \text{c_d}"),
        (r"1, \dots, n", r"1, \ldots, n"),
    ],
)
def test_formulas_as_docutils_reads_them(made_from, tex, expected):
    assert made_from("tex").prepared(tex) == expected


def test_results_newest_and_missed(made_from, tmp_path):
    """The newest date of each part counts; whether a target is met follows from its numbers."""
    results = made_from("results")
    head = "benchmark,peer,ratio,sense,target,met,date,machine,python,numpy"
    for date, ratio in (("2026-01-01", "9.0"), ("2026-02-01", "1.5")):
        row = f"a_loss 100000 value,PyTorch,{ratio},at least,2.0,True,{date},a machine,3.11,2.4"
        (tmp_path / f"{date}-rows-claims.csv").write_text(f"{head}\n{row}\n")
    (part,) = results.parts(tmp_path)
    assert (part.name, part.date, len(part.claims)) == ("rows", "2026-02-01", 1)
    page = results.page([part])
    assert "1 targets, of which 0 are met and 1 are missed" in page
    assert "| a_loss 100,000 value | 1.5 times as fast as PyTorch | at least 2 | **missed** |" in page
    assert "Measured 2026-02-01 on a machine; python 3.11, numpy 2.4." in page
    part.claims[0]["ratio"] = "2.5"
    assert "**missed**" not in results.page([part])


def test_results_of_every_loss(made_from, tmp_path):
    """Others in multiples of our time at the largest size; a first call cold and from the cache."""
    results = made_from("results")
    timed = "benchmark,contender,size,seconds_50,seconds_20,seconds_80,repeats,threads,date,machine"
    head = f"{timed},loss,dtype,what,peak_bytes"
    both = "a_loss float32,{},{},{},1,1,5,2,2026-01-01,a machine,a_loss,float32,value and gradient,2000000"
    others = ("fastloss", "PyTorch", "NumPy", "np.sort of the scores")
    lines = [both.format(name, size, size * factor) for size in (10, 1000) for factor, name in enumerate(others, 1)]
    first = 'a_loss first call,"{}",1000,{},1,1,3,2,2026-01-01,a machine,a_loss,float64,first call,'
    calls = [first.format("fastloss, nothing compiled", 2.0), first.format("fastloss, from the cache", 0.5)]
    for name, rows in (("suite", lines), ("latency", calls)):
        (tmp_path / f"2026-01-01-{name}.csv").write_text("\n".join((head, *rows)) + "\n")
    page = results.page(results.parts(tmp_path))
    assert "| a_loss | 1,000 | 1e+03 s | 1 s | 2 | NumPy 3 | 4 | 2 MB |" in page
    assert "| a_loss | 2 s | 500 ms |" in page
    assert "| PyTorch, value and gradient, float32 | 2.00 | 2.00 |" in page
    assert "| NumPy, value and gradient, float32 | 3.00 | 3.00 |" in page


def test_seconds_beside_others(made_from):
    """They come first: powers of ten, and losses at their largest size; what was not measured is empty."""
    results = made_from("results")
    raced = [
        {"size": "1000", "contender": "fastloss, linear time", "seconds_50": "0.002"},
        {"size": "1000", "contender": "PyTorch, matrix of pairs", "seconds_50": "0.5"},
        {"size": "3162", "contender": "fastloss, linear time", "seconds_50": "0.003"},
    ]
    about = {"loss": "mse_loss", "dtype": "float32", "what": "value and gradient", "peak_bytes": "0"}
    suite = [{**about, "size": size, "contender": "fastloss", "seconds_50": size} for size in ("10", "20")]
    rest = {
        "benchmark": "a benchmark",
        "date": "2026-01-01",
        "machine": "a machine",
        "seconds_20": "1",
        "seconds_80": "1",
        "repeats": "1",
    }
    made = [
        results.Part(name, "2026-01-01", [{**row, **rest} for row in rows])
        for name, rows in (("against_n", raced), ("suite", suite))
    ]
    page = results.page(made)
    assert page.startswith("## Seconds beside others")
    assert "| 1,000 | 2 ms |  | 500 ms |  |  |  |" in page
    assert "3,162 | 3 ms |  |" not in page
    assert "| `mse_loss` | 20 s |  |  |  |  |" in page
    assert page.index("## Targets that are missed") > page.index("## Every loss")


def test_gap_to_the_fastest_other_way(made_from):
    """At the most rows that another way was measured at; a sort computes no loss."""
    gap = made_from("results").gap
    timed = (
        ("fastloss", 1000, 0.001),
        ("PyTorch, matrix of pairs", 1000, 0.004),
        ("KeOps, every pair", 1000, 0.0025),
        ("fastloss", 2000, 0.002),
        ("np.sort of the scores", 2000, 0.001),
    )
    rows = [{"contender": name, "size": str(size), "seconds_50": str(time)} for name, size, time in timed]
    assert gap(rows).words == "KeOps takes 2.5 times as long for 1,000 rows"
    assert gap(rows[:2]).words == "PyTorch takes 4 times as long for 1,000 rows"
    between = [{**row, "size": "3162"} for row in rows[:2]]
    assert gap(between).words == "PyTorch takes 4 times as long for about 3,000 rows"


@pytest.fixture
def tool(monkeypatch):
    """`tools/pages.py`."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("pages")


def test_written_parts_are_current(tool):
    """If this fails, run `python tools/pages.py`."""
    written = tool.pages()
    assert {"README.md", "losses.md", "performance.md", "migration.md", "api.md"} <= {page.name for page in written}
    assert [page.name for page in written if tool.updated(page.read_text()) != page.read_text()] == []


def test_a_part_of_yesterday_is_written_anew(tool):
    text = (ROOT / "README.md").read_text()
    assert tool.updated(text.replace("`huber_loss`", "`hubert_loss`")) == text
    with pytest.raises(KeyError, match="unknown"):
        tool.updated("<!-- unknown: written by tools/pages.py -->\n<!-- end -->")


def test_pages_can_be_read_without_being_built():
    """Directives and roles of Sphinx would be shown; built pages have what `docs/_ext/navigation.py` adds."""
    for name, text in TEXTS.items():
        assert name == "reference" or not SPHINX.search(text), name


@pytest.mark.parametrize("text", ["```{toctree}\n```", ":::{note}\n:::", "see {py:obj}`fastloss.bpr_loss`"])
def test_what_only_sphinx_knows_is_found(text):
    assert SPHINX.search(text)
    assert not SPHINX.search('`{"objective": objective}` and ```python\n>>> {1: "`"}\n```')


def test_links_between_pages_lead_somewhere():
    missing = []
    for name, text in TEXTS.items():
        plain = FENCE.sub("", text)
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", plain):
            if not (DOCS / name).parent.joinpath(link).exists():
                missing.append((name, link))
    assert missing == []


def without_a_place(text, package):
    """The folders of a package that the map in CONTRIBUTING.md does not show."""
    shown = text.partition("## Where things are")[2].partition("\n## ")[0]
    names = (one.parent.name for one in sorted(package.rglob("__init__.py")))
    return [name for name in names if not re.search(rf"^[^`]*\b{name}/", shown, re.MULTILINE)]


def test_every_folder_has_a_place_in_the_map():
    text, package = (ROOT / "CONTRIBUTING.md").read_text(), ROOT / "fastloss"
    assert without_a_place(text, package) == []
    assert without_a_place(text.replace("    reading/ ", ""), package) == ["reading"]
