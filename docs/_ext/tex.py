"""Formulas as Docutils reads them: its converter to MathML knows less TeX than LaTeX and MathJax."""

import re

UNBRACED = re.compile(r"\\([dt]?frac)\s*(\w)\s*(\w)")  # \frac12, which it reads as twelve over what follows
IN_TEXT = re.compile(r"\\(?:texttt|text|mathrm)\{([^{}]*)\}")


def prepared(tex: str) -> str:
    r"""Return a formula with braces around the arguments of ``\frac``, and plain underscores in text."""
    tex = UNBRACED.sub(r"\\\1{\2}{\3}", tex.replace(r"\dots", r"\ldots"))
    return IN_TEXT.sub(lambda found: found[0].replace(r"\texttt", r"\text").replace(r"\_", "_"), tex)
