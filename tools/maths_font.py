"""Write the font of the documentation's formulas: `python tools/maths_font.py stix-two-math-latin-400-normal.woff2`.

The argument is STIX Two Math: the file of that name in the npm package `@fontsource/stix-two-math`. The font keeps the
characters that `docs/_static/site.css` lists; its licence lies beside it. Needs fontTools, and
Brotli to read that file.
"""

import pathlib
import sys

from fontTools import subset

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from font import characters  # noqa: E402

FONT = ROOT / "docs" / "_static" / "fonts" / "maths.woff"


def write(source: str, to: pathlib.Path) -> None:
    """Write the part of a font that formulas need: characters, their sizes and pieces, and a table of how they fit."""
    options = subset.Options(flavor="woff", layout_features=["ssty"], notdef_outline=True)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    subset.save_font(font, str(to), options)


if __name__ == "__main__":
    write(sys.argv[1], FONT)
