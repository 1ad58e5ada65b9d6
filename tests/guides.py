"""Examples of guides that need a library beyond those of the tests: blocks of `py`, run as one session."""

import doctest
import pathlib
import re

DOCS = pathlib.Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```py\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def failures(guide: str) -> list[str]:
    """Run a guide's examples; return what differs, or that there are none."""
    text = (DOCS / "guides" / guide).read_text()
    test = doctest.DocTestParser().get_doctest("\n".join(BLOCK.findall(text)), {}, guide, guide, 0)
    output: list[str] = [] if test.examples else [f"{guide} has no examples"]
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=output.append)
    return output
