"""Answers as flat records of text, whether the body is JSON or XML. Says nothing about what the fields mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from defusedxml import ElementTree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Record = dict[str, str]
"""One answer: field names in lower case, every value as text. Numbers keep their digits; null is empty."""

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # json.loads would make a new one for each answer

_BOM = b"\xef\xbb\xbf"


def read_records(body: bytes) -> list[Record]:
    """Return what a body holds: the elements of its ``results``, or itself if it is flat; nothing if unreadable."""
    body = body.removeprefix(_BOM).strip()
    # A: the first character tells JSON from XML, because the Content-Type is not to be relied on.
    return _read_xml(body) if body.startswith(b"<") else _read_json(body)


def parse_json(body: bytes) -> Any:
    """Parse JSON with every number left as its text, so that ids keep all their digits; None if unreadable."""
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError):
        return None  # the caller says what an unreadable answer means


def text_of(value: Any) -> str | None:
    """Return a parsed JSON value as text; None for what is neither text, number nor null."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else None


def _read_json(body: bytes) -> list[Record]:
    data = parse_json(body)
    found = _flatten(data) if isinstance(data, list) else [data]
    if isinstance(data, dict) and "results" in data:
        found = _flatten(data["results"])
    return [_record(item) for item in found if isinstance(item, dict)]


def _flatten(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _record(item: dict[str, Any]) -> Record:
    texts = {name.lower(): text_of(value) for name, value in item.items()}
    return {name: text for name, text in texts.items() if text is not None}


def _read_xml(body: bytes) -> list[Record]:
    try:
        # The gateway sends no DTD: whoever does is not the gateway.
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ElementTree.ParseError, ValueError, LookupError):
        return []  # malformed, a bomb (a ValueError of defusedxml), or in an encoding that nobody knows
    # A record is an element whose children hold nothing but text: each <result>, or the root of a flat answer.
    return [_leaves(element) for element in root.iter() if len(element) and not any(map(len, element))]


def _leaves(element: Element) -> Record:
    return {child.tag.rpartition("}")[2].lower(): (child.text or "").strip() for child in element}
