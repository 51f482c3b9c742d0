"""Reads what requests say, as leniently as the gateway is seen to: each reader also tells whether it could."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

Reader = Callable[[web.Request], Awaitable[tuple[dict[str, str], bool]]]
"""Raises ConnectionResetError where the caller leaves before the body has come."""


async def form_fields(request: web.Request) -> tuple[dict[str, str], bool]:
    """Return what query and body say, the body's word before the query's."""
    try:
        pairs = _pairs(request.rel_url.raw_query_string)
        if request.content_type == "multipart/form-data":  # as the vendor's PHP sample posts
            pairs += [(name, str(value)) for name, value in (await request.post()).items()]
        elif request.method == "POST":
            pairs += _pairs((await request.read()).decode())
    except ValueError:
        return {}, False
    return dict(pairs), True


def _pairs(encoded: str) -> list[tuple[str, str]]:
    return parse_qsl(encoded, keep_blank_values=True, errors="strict")


async def json_fields(request: web.Request) -> tuple[dict[str, str], bool]:
    """Return the members of a JSON body, as text, and the ``APIKey`` header beside them."""
    value: Any = {}
    if request.method == "POST":
        try:
            value = json.loads(await request.read())
        except ValueError:
            value = None
    members = value if isinstance(value, dict) else {}
    texts = {name: str(member) for name, member in members.items() if member is not None}
    return {**texts, "APIKey": request.headers.get("APIKey", "")}, isinstance(value, dict)
