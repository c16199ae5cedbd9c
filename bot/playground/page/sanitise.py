"""What HTML the page lets in. Everything that is inserted as HTML has passed through here."""

from __future__ import annotations

import nh3

TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "input", "label", "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u",
    "ul",
}  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "span": {"data-user", "data-channel"},
    "ol": {"start"},
    "code": {"data-language"},
    "td": {"data-align"},
    "th": {"data-align"},
    "input": {"checked", "disabled"},
}
CLASSES: dict[str, set[str]] = {
    "span": {"mention", "broadcast", "emoji", "swatch"},
    "div": {"table-scroll", "quote"},
    "li": {"task-list-item"},
    "ul": {"contains-task-list", "indent-1", "indent-2", "indent-3", "indent-4"},
    "ol": {"indent-1", "indent-2", "indent-3", "indent-4"},
}


def sanitised(html: str) -> str:
    """The HTML with only the tags, attributes, classes and link schemes that the renderers make."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel="noopener noreferrer",
    )
