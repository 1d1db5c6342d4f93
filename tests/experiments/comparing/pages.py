"""Pages are whole, need nothing beside themselves, and run nothing."""

import base64
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

EMPTY_ELEMENTS = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Every element is closed in the order it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked_page(path):
    """The pictures of a page, after its HTML has been checked."""
    html = path.read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert not {"script", "link", "iframe"} & set(parser.seen)
    assert "http" not in re.sub(r"base64,[^\"]+", "", html)
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [ElementTree.fromstring(base64.b64decode(data)) for data in found]
