"""A page that several commands write: each replaces its own section and no other."""

from __future__ import annotations


def with_section(page: str, name: str, text: str) -> str:
    """The page with this text between the marks of a section; at its end when it had none."""
    first, last = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    marked = f"{first}\n{text.strip()}\n{last}"
    before, found, rest = page.partition(first)
    if not found:
        return f"{page.rstrip()}\n\n{marked}\n"
    return before + marked + rest.partition(last)[2]
