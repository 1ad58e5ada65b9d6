"""The performance page: tables of the committed results, the newest date of each part."""

import csv
import dataclasses
import math
import pathlib
import re
from collections.abc import Callable
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).parents[2] / "bench" / "results"
NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+?)(-claims)?\.csv")
COLUMNS = ("benchmark", "contender", "size", "seconds_50", "seconds_20", "seconds_80", "repeats", "threads")
CLAIM_COLUMNS = ("benchmark", "peer", "ratio", "sense", "target", "met")
TITLES = {
    "against_n": "Time against the number of rows",
    "linear": "All pairs in linear time",
    "groups": "Pairs within groups",
    "metrics": "Metrics of rankings and of probabilities",
    "retrieval": "Embeddings among all keys",
    "pairs": "Every pair, directly",
    "embeddings": "Batches of embeddings",
    "rows": "Rows of scores",
    "elementwise": "Element by element",
    "cluster": "Past one machine: a local cluster",
    "command": "Command line, import, first call",
    "suite": "Every loss",
    "peers": "Some losses beside all peers",
    "first": "First result of a new process",
    "small": "Small calls",
    "latency": "First call in a new process",
    "boosting": "Rounds of gradient boosting",
}
FEW = 12  # timings that are not folded away
LIMITS = ("read the arguments", "np.sort of", "bare product")  # how the names of `bench.limits` begin
MEANS = """Others' times in multiples of ours, the geometric mean over the losses that both compute, by the number of
elements. Where it is below 1, the [profile](profiles/probabilities.md) says what binds it."""
SUITE = """Value and gradient in float32; others in multiples of the time. `limit` is what it is measured against: to
read the arguments and write the gradient, one sort, or the bare products."""
PAIRS = """The logistic loss over all pairs of so many rows, half of them positive: value without gradient, float64.
Empty where a method takes too long or its matrix of pairs too much memory."""
RACERS = {
    "fastloss": "fastloss",
    "fastloss, linear time": "fastloss",  # of earlier results: one method, whatever the number of rows
    "np.sort of the scores": "np.sort",
    "PyTorch, matrix of pairs": "PyTorch",
    "JAX, matrix of pairs": "JAX",
    "KeOps, every pair": "KeOps",
    "NumPy, matrix of pairs": "NumPy",
}
SOME = """Value and gradient in float32 of ten million numbers: scores, logits, or similarities of a batch.
PyTorch is eager unless it says compiled. Empty where a library has no such loss or was not measured at this size."""
LIBRARIES = {
    "fastloss": "fastloss",
    "PyTorch": "PyTorch",
    "PyTorch compiled": "compiled",
    "JAX": "JAX",
    "scikit-learn": "scikit-learn",
}
SHOWN = (
    "mse_loss",
    "huber_loss",
    "binary_cross_entropy_with_logits",
    "focal_loss",
    "cross_entropy",
    "pairwise_logistic_loss",
    "pairwise_hinge_loss",
    "lambdarank_loss",
    "info_nce_loss",
    "supcon_loss",
    "batch_all_triplet_loss",
)
COLD, CACHED = "fastloss, nothing compiled", "fastloss, from the cache"
HEADLINES = (  # of a target: benchmark, peer, and what it is in words
    (
        r"pairwise_logistic_loss (\d+) value",
        "np.sort",
        "Logistic loss over all pairs of {} scores, float64, value: time",
    ),
    (r"pairwise_logistic_loss (\d+) value and gradient", "np.sort", "The same, value and every row's gradient: time"),
    (
        r"pairwise_logistic_loss direct (\d+)x\d+ float64 value",
        "1 ns a pair",
        "Each pair of {} scores and as many others, float64, value: time",
    ),
    (
        r"info_nce_loss (8192x128) float32 value and gradients",
        "PyTorch",
        "InfoNCE of {} embeddings, float32, value and gradients",
    ),
    (
        r"cross_entropy (\d+x\d+) float32 value and gradient",
        "PyTorch",
        "Cross-entropy of {} logits, float32, value and gradient",
    ),
    (
        r"binary_cross_entropy_with_logits float32 value and gradient",
        "PyTorch",
        "Cross-entropy of {size} logits of two classes, float32, value and gradient",
    ),
)
SIZE = re.compile(r"\d{3,}")  # in a benchmark's name


@dataclasses.dataclass
class Part:
    """One part of the benchmarks: its timings and its targets, each with machine and versions."""

    name: str
    date: str = ""
    rows: list[dict[str, str]] = dataclasses.field(default_factory=list)
    claims: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @property
    def title(self) -> str:
        """Its heading."""
        return TITLES.get(self.name, self.name.replace("_", " ").replace("-", " ").capitalize())


def parts(folder: pathlib.Path = FOLDER) -> list[Part]:
    """Every part, with its newest date, in the order of the page."""
    newest: dict[str, Part] = {}
    for path in sorted(folder.glob("*.csv")):
        found = NAME.fullmatch(path.name)
        if not found:
            continue
        date, name, claims = found.groups()
        part = newest.setdefault(name, Part(name))
        if date > part.date:
            part.date, part.rows, part.claims = date, [], []
        with path.open(newline="") as file:
            (part.claims if claims else part.rows).extend(csv.DictReader(file))
    for part in newest.values():
        sizes = {row["benchmark"]: row["size"] for row in part.rows}
        for claim in part.claims:
            claim["size"] = sizes.get(claim["benchmark"], "")
    order = list(TITLES)
    return sorted(newest.values(), key=lambda part: (part.name not in order, [*order, part.name].index(part.name)))


def missed(claims: list[dict[str, str]]) -> list[dict[str, str]]:
    """Targets that are not met, by their own numbers."""
    return [claim for claim in claims if not is_met(claim)]


def is_met(claim: dict[str, str]) -> bool:
    """Whether the ratio is on the right side of the target."""
    ratio, target = float(claim["ratio"]), float(claim["target"])
    return ratio >= target if claim["sense"] == "at least" else ratio <= target


def page(found: list[Part]) -> str:
    """All parts: first seconds beside others, last the targets that are missed."""
    lines = beside_others(found)
    for part in found:
        lines += ["", f"## {part.title}", "", *stamp(part)]
        if part.claims:
            lines += targets_table(part.claims)
        lines += overview(part.rows)
        if part.rows and not part.claims and len(part.rows) <= FEW:
            lines += ["", *timings(part.rows)]
        elif part.rows:
            lines += ["", f"All timings: `bench/results/{part.date}-{part.name}.csv`."]
    claims = [claim for part in found for claim in part.claims]
    wrong = missed(claims)
    lines += ["", "## Targets that are missed", ""]
    lines += [f"{len(claims)} targets, of which {len(claims) - len(wrong)} are met and {len(wrong)} are missed."]
    return "\n".join([*lines, *(["", *targets_table(wrong)] if wrong else [])])


def beside_others(found: list[Part]) -> list[str]:
    """Seconds of a few losses beside others'; a size or a library that was not measured is left empty."""
    lines = ["## Seconds beside others"]
    for part in found:
        if part.name == "against_n":
            lines += ["", PAIRS, "", *stamp(part), *seconds(part.rows, "size", RACERS, lambda row: decade(row["size"]))]
        if part.name == "suite":
            most = {cell["fastloss"]["loss"]: cell["fastloss"]["size"] for cell in largest(with_gradient(part.rows))}
            chosen = [row for row in with_gradient(part.rows) if row["size"] == most[row["loss"]]]
            few = [row for name in SHOWN for row in chosen if row["loss"] == name]
            lines += ["", SOME, "", *stamp(part), *seconds(few, "loss", LIBRARIES, lambda row: f"`{row['loss']}`")]
    return lines if len(lines) > 1 else []


def decade(size: str) -> str:
    """A power of ten in words; nothing for sizes between."""
    power = round(math.log10(max(int(size), 1)))
    return f"{int(size):,}" if int(size) == 10**power else ""


def seconds(
    rows: list[dict[str, str]], first: str, contenders: dict[str, str], label: Callable[[dict[str, str]], str]
) -> list[str]:
    """A row for each label that is not empty, a column for each contender by its heading."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        if label(row) and row["contender"] in contenders:
            cells.setdefault(label(row), {})[contenders[row["contender"]]] = duration(row["seconds_50"])
    headings = list(dict.fromkeys(contenders.values()))
    lines = [f"| {first} | {' | '.join(headings)} |", f"|---|{'---:|' * len(headings)}"]
    for name, own in cells.items():
        lines.append(f"| {name} | {' | '.join(own.get(one, '') for one in headings)} |")
    return lines


class Gap(NamedTuple):
    """Two ways to the same number, at the most rows that another way than ours was measured at."""

    rows: int
    ours: float  # seconds
    other: str
    theirs: float  # seconds of the fastest other way

    @property
    def words(self) -> str:
        """What the picture and the pages say of it."""
        factor = float(f"{self.theirs / self.ours:.2g}")
        near = round(self.rows, 1 - len(str(self.rows)))  # steps of a logarithmic axis are no round numbers
        rows = f"{near:,}" if near == self.rows else f"about {near:,}"
        return f"{self.other} takes {factor:,g} times as long for {rows} rows"


def gap(rows: list[dict[str, str]]) -> Gap:
    """How far ahead the sum over all pairs is where others still compute it; a sort computes no loss."""
    at: dict[int, dict[str, float]] = {}
    for row in rows:
        if row["contender"] in RACERS and "sort" not in row["contender"]:
            at.setdefault(int(row["size"]), {})[RACERS[row["contender"]]] = float(row["seconds_50"])
    size = max(size for size, seconds in at.items() if len(seconds) > 1)
    ours = at[size].pop("fastloss")
    other = min(at[size], key=at[size].__getitem__)
    return Gap(size, ours, other, at[size][other])


def racing(found: list[Part]) -> str:
    """A sentence on that gap."""
    (raced,) = (part for part in found if part.name == "against_n")
    return f"The fastest other way: {gap(raced.rows).words}."


def with_gradient(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Those of values with gradients in single precision."""
    return [row for row in rows if row.get("what") == "value and gradient" and row.get("dtype") == "float32"]


def overview(rows: list[dict[str, str]]) -> list[str]:
    """A row for each loss: of its largest size in float32 the gradient's time, or its first calls."""
    suite = with_gradient(rows)
    first = [row for row in rows if row.get("what") == "first call"]
    if suite:
        return [
            *means(rows),
            SUITE,
            "",
            "| loss | elements | fastloss | each | PyTorch | others | limit | memory |",
            "|---|---:|---:|---:|---:|---|---:|---:|",
            *(multiples(cell) for cell in largest(suite)),
        ]
    if len(first) == len(rows) and rows:
        lines = ["| loss | nothing compiled | from the cache |", "|---|---:|---:|"]
        for cell in largest(first):
            cold, cached = (duration(cell[one]["seconds_50"]) for one in (COLD, CACHED))
            lines.append(f"| {cell[COLD]['loss']} | {cold} | {cached} |")
        return lines
    return []


def means(rows: list[dict[str, str]]) -> list[str]:
    """Others' times in ours: the geometric mean over all losses that both compute, by number of elements."""
    ours, ratios = {}, {}
    for row in rows:
        if row["contender"] == "fastloss":
            ours[row["benchmark"], row["size"]] = float(row["seconds_50"])
    for row in rows:
        own = ours.get((row["benchmark"], row["size"]))
        if own and row["contender"] != "fastloss" and not row["contender"].startswith(LIMITS):
            power = round(math.log10(max(int(row["size"]), 1)))
            cells = ratios.setdefault((row["contender"], row["what"], row["dtype"]), {})
            cells.setdefault(power, []).append(float(row["seconds_50"]) / own)
    powers = sorted({power for cells in ratios.values() for power in cells})
    lines = [MEANS, "", f"| | {' | '.join(f'$10^{power}$' for power in powers)} |", f"|---|{'---:|' * len(powers)}"]
    for (contender, what, dtype), cells in sorted(ratios.items()):
        numbers = (f"{math.prod(cells[one]) ** (1 / len(cells[one])):.2f}" if one in cells else "" for one in powers)
        lines.append(f"| {contender}, {what}, {dtype} | {' | '.join(numbers)} |")
    return [*lines, ""]


def largest(rows: list[dict[str, str]]) -> list[dict[str, dict[str, str]]]:
    """For each loss the rows of its largest size, by contender."""
    cells: dict[str, dict[int, dict[str, dict[str, str]]]] = {}
    for row in rows:
        cells.setdefault(row["loss"], {}).setdefault(int(row["size"]), {})[row["contender"]] = row
    return [sizes[max(sizes)] for _, sizes in sorted(cells.items())]


def multiples(cell: dict[str, dict[str, str]]) -> str:
    """One loss: our time, and what others take of it."""
    ours = cell["fastloss"]
    seconds, size = float(ours["seconds_50"]), int(ours["size"])
    ratios = {name: float(row["seconds_50"]) / seconds for name, row in cell.items() if row is not ours}
    limit = "".join(f"{ratio:.2g}" for name, ratio in ratios.items() if name.startswith(LIMITS))
    torch = f"{ratios.pop('PyTorch'):.3g}" if "PyTorch" in ratios else ""
    others = ", ".join(f"{name} {ratio:.3g}" for name, ratio in ratios.items() if not name.startswith(LIMITS))
    each, memory = duration(str(seconds / max(size, 1))), f"{int(ours['peak_bytes'] or 0) / 1e6:.3g} MB"
    cells = (ours["loss"], f"{size:,}", duration(ours["seconds_50"]), each, torch, others, limit, memory)
    return f"| {' | '.join(cells)} |"


def stamp(part: Part) -> list[str]:
    """Date, machine and versions."""
    row = (part.rows or part.claims)[0]
    known = (*COLUMNS, *CLAIM_COLUMNS, "date", "machine", "loss", "dtype", "what", "peak_bytes")
    versions = ", ".join(f"{name} {text}" for name, text in row.items() if name not in known and text)
    threads = f", {row['threads']} threads" if row.get("threads") else ""
    return [f"Measured {row['date']} on {row['machine']}{threads}; {versions}.", ""]


def grouped(text: str) -> str:
    """Large numbers with commas."""
    return re.sub(r"(?<![\d.])\d{5,}(?![\d.]*\d)", lambda number: f"{int(number[0]):,}", text)


def targets_table(claims: list[dict[str, str]]) -> list[str]:
    """A row for each target."""
    lines = ["| figure | measured | target | |", "|---|---|---|---|"]
    for claim in claims:
        ratio, verdict = f"{float(claim['ratio']):.3g}", "met" if is_met(claim) else "**missed**"
        target = f"{claim['sense']} {float(claim['target']):g}"
        lines.append(f"| {figure(claim)} | {phrase(claim, ratio)} | {target} | {verdict} |")
    return lines


def figure(claim: dict[str, str]) -> str:
    """What a target is about, with a size, which may stand in the timings alone."""
    size = "" if SIZE.search(claim["benchmark"]) or not claim.get("size") else f", {int(claim['size']):,} numbers"
    return grouped(claim["benchmark"]) + size


def phrase(claim: dict[str, str], ratio: str) -> str:
    """What the ratio is."""
    peer = grouped(claim["peer"])
    return f"{ratio} times as fast as {peer}" if claim["sense"] == "at least" else f"{ratio} times {peer}"


def timings(rows: list[dict[str, str]]) -> list[str]:
    """A row for each timing."""
    lines = ["| benchmark | contender | size | median | 20 to 80 % | runs |", "|---|---|---:|---:|---:|---:|"]
    for row in rows:
        low, high = duration(row["seconds_20"]), duration(row["seconds_80"])
        cells = (grouped(row["benchmark"]), row["contender"], f"{int(row['size']):,}", duration(row["seconds_50"]))
        lines.append(f"| {' | '.join(cells)} | {low} to {high} | {row['repeats']} |")
    return lines


def duration(text: str) -> str:
    """Seconds with three digits and a unit."""
    seconds = float(text)
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def headlines(found: list[Part]) -> str:
    """A few figures for the start page, those that are there."""
    lines, dates, machines = [], set(), set()
    for pattern, peer, words in HEADLINES:
        for claim in (claim for part in found for claim in part.claims if claim["peer"] == peer):
            known = re.fullmatch(pattern, claim["benchmark"])
            if known:
                measured = phrase(claim, f"{float(claim['ratio']):.3g}")
                size = f"{int(claim['size'] or 0):,}"
                lines.append(f"| {words.format(*map(grouped, known.groups()), size=size)} | {measured} |")
                dates.add(claim["date"])
                machines.add(claim["machine"])
    if not lines:
        return ""
    where = f"Measured on {', '.join(sorted(machines))}; {', '.join(sorted(dates))}."
    return "\n".join(["| what | measured |", "|---|---|", *lines, "", where])
