"""The receiver inside somebody's ASGI server, such as Airflow's, whose access log must not see what it was told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow_provider_nusawa.receiver.desk import BODY_SECONDS, NO_SUCH_PATH, PREFIX, Answer, Answered, Call, Desk
from airflow_provider_nusawa.receiver.reading import MAX_BODY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_OURS = re.compile(rf"{PREFIX}(/+[^/]*)?/*$", re.IGNORECASE)
_WITH_TOKEN = re.compile(rb"(^|[&?])token=")
_TAKEN = "nusawa.query"


class Receiver:
    """The callback's page, as an ASGI application to be mounted at ``PREFIX``."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            take_query(scope)
            await _send(send, await self.desk.handle(_call(scope, receive)))


class BlankQuery:
    """Takes the query of callbacks out of the scope, also of those that were addressed slightly wrong.

    Servers write their access log from the scope, when the answer has been sent. A callback that came to ``PREFIX``
    itself is answered here: Airflow would show its start page, and its sender think it delivered.

    :param app: The whole server's application.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _OURS.search(scope["path"]) and _WITH_TOKEN.search(scope["query_string"]):
            take_query(scope)
            if scope["path"].rstrip("/").lower().endswith(PREFIX):
                return await _send(send, NO_SUCH_PATH)
        return await self.app(scope, receive, send)


def take_query(scope: Scope) -> None:
    """Put the query where no access log looks for it."""
    if scope["query_string"]:
        scope[_TAKEN], scope["query_string"] = scope["query_string"], b""


def _call(scope: Scope, receive: Receive) -> Call:
    headers = {name.lower(): value for name, value in scope["headers"]}
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return Call(scope["method"], path, scope.get(_TAKEN, b""), content_type, lambda: _body(receive))


async def _body(receive: Receive) -> bytes:
    try:
        return await asyncio.wait_for(_read(receive), BODY_SECONDS)
    except asyncio.TimeoutError:
        raise Answered(408, "the body did not come") from None


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Answered(408, "the body did not come")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise Answered(413, "the body is too large")
        if not message.get("more_body", False):
            return body


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    length = (b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": answer.body})
