#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""dead_links.py FOLDER: links within a folder of HTML that lead to nothing.

Prints one a line, and exits with status 1 if there are any. Anchors are looked
for in Sphinx's pages; rustdoc makes some of its own by script.
"""

import os
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.add(attrs.get("id") or attrs.get("name"))
        link = attrs.get("href") or attrs.get("src")
        if link and ":" not in link.split("/")[0]:
            self.links.append(link)


def dead(folder):
    pages = {}
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".html"):
                path = os.path.join(where, name)
                pages[path] = Page(path)
    if not pages:
        yield f"{folder}: no pages"
    for path, page in sorted(pages.items()):
        if "/rustdoc/" in path:
            continue  # rustdoc looks after those that a comment has; its pages have more
        for link in page.links:
            target, anchor = urldefrag(link)
            there = path
            if target:
                file = os.path.join(os.path.dirname(path), unquote(target.split("?")[0]))
                there = os.path.normpath(file)
            if not os.path.exists(there):
                yield f"{path}: {link}"
            elif anchor and there in pages and "/rustdoc/" not in there:
                if unquote(anchor) not in pages[there].anchors:
                    yield f"{path}: {link}: no such anchor"


found = list(dead(sys.argv[1]))
print("\n".join(found))
sys.exit(bool(found))
