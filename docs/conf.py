"""Sphinx: `python -m sphinx -W -E docs docs/_build` builds the notes and runs every block of code in them."""

import sys
import tempfile
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "minirnn"
author = "the minirnn developers"
release = version = installed("minirnn")

extensions = ["myst_nb", "sphinx_design", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "public_names"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
html_theme = "furo"
html_title = "minirnn"
html_static_path = ["static"]
html_css_files = ["notes.css"]
html_show_copyright = False
nitpicky = False

# Mathematics as in the docstrings: $..$ in a line, $$..$$ on its own.
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Code is run in each build and its results are shown; a block that raises stops the build. The cache is of this build
# alone: the Korean chapters have the code of the English ones, which runs once for both.
nb_execution_mode = "cache"
_of_this_build = tempfile.TemporaryDirectory()
nb_execution_cache_path = _of_this_build.name
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "separated"


def setup(app):
    """Docstrings are plain text with equations and tables laid out by hand: they are shown as they are written."""

    def as_written(app, what, name, obj, options, lines):
        if any(lines):
            lines[:] = [".. code-block:: text", "", *(f"    {line}" for line in lines), ""]

    app.connect("autodoc-process-docstring", as_written)
