"""README.id.md says in Indonesian what README.md says: the same headings, code, tables and links, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, INDONESIAN = ((ROOT / name).read_text() for name in ("README.md", "README.id.md"))

FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def code(text: str) -> list[str]:
    """Return the code blocks without their comments, which are translated."""
    return [re.sub(r"(?m)\s+# .*$", "", block) for block in FENCE.findall(text)]


def prose(text: str) -> str:
    return FENCE.sub("", text)


PARTS = {
    "headings": lambda text: [len(found) for found in re.findall(r"(?m)^(#+) ", prose(text))],
    "code": code,
    "first cells": lambda text: re.findall(r"(?m)^\| (`[^|]+`) \|", prose(text)),
    "table rows": lambda text: [row.count("|") for row in re.findall(r"(?m)^\|.*$", prose(text))],
    "links": lambda text: [link for link in re.findall(r"\]\(([^)]+)\)", prose(text)) if not link.startswith("README")],
    "versions": lambda text: re.search(r"(?s)<!-- versions: begin -->(.*)<!-- versions: end -->", text)[1],
}


@pytest.mark.parametrize("part", PARTS)
def test_both_are_equal_in(part: str) -> None:
    assert PARTS[part](INDONESIAN) == PARTS[part](ENGLISH)


def test_each_leads_to_the_other() -> None:
    assert "(README.id.md)" in ENGLISH.splitlines()[2]
    assert "(README.md)" in INDONESIAN.splitlines()[2]
