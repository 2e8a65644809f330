# SPDX-License-Identifier: GPL-2.0
#
# Sphinx: see make docs.

project = "rcu-notrace"
copyright = "the rcu-notrace authors, GPL-2.0"
root_doc = "index"
highlight_language = "none"
html_theme = "alabaster"
html_theme_options = {
    "description": "RCU readers for code that traces",
    # 100 columns of code.
    "page_width": "76rem",
    "code_font_size": "0.8em",
    "fixed_sidebar": True,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sourcelink = False
