"""Configuration of the documentation: `sphinx-build -W --keep-going docs site`."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # pictures are of a few numbers: plain Python draws them at once

import fastloss  # noqa: E402

project = "fastloss"
author = "the authors of fastloss"
project_copyright = author
release = version = fastloss.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "site_extension"]
exclude_patterns = ["_build", "reference.md"]  # which the page "api" includes
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_use_plots = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "fastloss"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"  # of _ext/mathml.py: no script, no network
ALONE = (
    "index",
    "install",
    "questions",
    "tutorial",
    "choosing",
    "performance",
    "migration",
    "api",
    "contributing",
    "changes",
)
html_sidebars = {page: [] for page in ALONE}  # pages without pages below them
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
