"""The page's colours in light and dark, and its style sheet."""

from typing import NamedTuple

MODELS = 4  # colours for models; further ones begin anew


class Colours(NamedTuple):
    """Colours of one scheme: text has a contrast of 4.5 with both grounds, and marks of charts one of 3."""

    ground: str
    card: str
    line: str  # borders and grids, which say nothing by themselves
    ink: str
    muted: str
    models: tuple[str, str, str, str]  # after M. Okabe and K. Ito, Color universal design, 2008


LIGHT = Colours("#f7f7f5", "#ffffff", "#dddcd8", "#1d2126", "#5a6069", ("#0072b2", "#cc5500", "#00855f", "#9b4f86"))
DARK = Colours("#15181c", "#1d2126", "#363c44", "#e8e9ea", "#a3abb5", ("#56b4e9", "#e69f00", "#2fc79a", "#dc9ccb"))

RULES = """
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; }
footer { padding: 24px 16px 32px; color: var(--muted); font-size: 13px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; font-weight: 650; }
h2 { font-size: 18px; margin: 36px 0 4px; font-weight: 650; }
h3 { font-size: 15px; margin: 0 0 2px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 90ch; }
p, .note, h3, td, th, dd { overflow-wrap: break-word; }
.note { color: var(--muted); font-size: 13px; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 32px; margin: 14px 0 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 16px;
  margin: 12px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 14px 12px;
  min-width: 0; }
.card:only-child { grid-column: 1 / -1; }
.card:only-child > .beside { display: flex; flex-wrap: wrap; gap: 4px 40px; align-items: flex-start; }
.card:only-child > .beside > * { flex: 1 1 300px; min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th { color: var(--muted); font-weight: 500; font-size: 13px; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { min-width: 11ch; }
th:not(:first-child), td:not(:first-child) { padding-left: 10px; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.n { white-space: normal; min-width: 8ch; }
td bdi, th bdi { overflow-wrap: anywhere; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
svg { display: block; width: 100%; max-width: 470px; height: auto; margin: 8px 0 4px; }
svg text { font-size: 11px; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg text.ink { fill: var(--ink); }
.end { text-anchor: end; }
.mid { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--muted); stroke-width: 1; }
.guide { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
.curve { fill: none; stroke-width: 1.75; }
.same { background: var(--muted); fill: var(--muted); }
@media (max-width: 600px) {
  .card { padding: 12px; }
  table { font-size: 13px; }
  th:first-child, td:first-child { min-width: 8ch; }
  th, td { padding-right: 5px; }
  th:not(:first-child), td:not(:first-child) { padding-left: 5px; }
  .results tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); }
  .results tr:last-child { border: 0; }
  .results th, .results td { flex: 1 1 10ch; border: 0; }
  .results th:first-child, .results td:first-child { flex-basis: 100%; padding-bottom: 0; }
}
@media print { body { background: #fff; } .card { break-inside: avoid; } }
"""


def stylesheet() -> str:
    """Return the style sheet."""
    models = "".join(
        f".m{k} {{ background: var(--m{k}); fill: var(--m{k}); }} .curve.m{k} {{ stroke: var(--m{k}); fill: none; }}\n"
        for k in range(MODELS)
    )
    dark = f"@media (prefers-color-scheme: dark) {{ {variables(DARK)} }}"
    return f"{variables(LIGHT)}\n{dark}\n{models}{RULES}"


def variables(colours: Colours) -> str:
    """Return a scheme as variables."""
    named = {name: value for name, value in colours._asdict().items() if name != "models"}
    named |= {f"m{k}": value for k, value in enumerate(colours.models)}
    return ":root { " + " ".join(f"--{name}: {value};" for name, value in named.items()) + " }"
