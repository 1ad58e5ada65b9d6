"""Formulas as MathML, which browsers draw themselves: pages need no script and no network."""

import html
import re
from typing import Any

import wrapping
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from font import lacking
from sphinx.util import logging
from tex import prepared

LOGGER = logging.getLogger(__name__)
TAG = re.compile(r"<[^>]*>")
THIN = '<mspace width="0.17em"></mspace>'
APPLIED = re.compile(r'<mo>&ApplyFunction;</mo>(?!\s*<mo stretchy="false">\()')
NAMED = re.compile(r'(</msu[bp]>|</m[in]>|<mo stretchy="false">\)</mo>)(\s*<mi>(?:log|cos|cosh|sin)</mi>)')
BAR, PLAIN_BAR = '<mo stretchy="false">|</mo>', '<mo stretchy="false" lspace="0" rspace="0">|</mo>'


def converted(tex: str, node: nodes.Node, as_block: bool) -> str:
    """MathML, or the source and a warning."""
    try:
        made = tex2mathml(prepared(tex), as_block=as_block)
    except MathError as error:
        LOGGER.warning("formula %r: %s", tex, error, location=node)
        return f"<code>{html.escape(tex)}</code>"
    spaced = NAMED.sub(rf"\1{THIN}\2", APPLIED.sub(rf"\g<0>{THIN}", made))
    if missing := lacking(html.unescape(TAG.sub("", spaced))):
        LOGGER.warning("formula %r: the font lacks %s", tex, " ".join(missing), location=node)
    shown = spaced.replace(BAR, PLAIN_BAR)
    return wrapping.wrapped(shown) if as_block else wrapping.inline(shown)


def inline(self: Any, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(converted(node.astext(), node, False))
    raise nodes.SkipNode


def block(self: Any, node: nodes.math_block) -> None:
    """A formula of its own."""
    self.body.append(f'<div class="math-block">{converted(node.astext(), node, True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Register the renderer as "mathml"."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
