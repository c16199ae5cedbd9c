# Sphinx makes the site of these pages: `make docs`. Why Sphinx: docs/decisions/0053.
project = "Claude in Slack"
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = project
html_show_copyright = False
myst_heading_anchors = 3  # links may name a heading, as on GitHub
myst_fence_as_directive = ["mermaid"]
nitpicky = True
