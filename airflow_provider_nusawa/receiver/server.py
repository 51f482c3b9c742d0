"""The receiver on a port of its own: for sites that do not expose Airflow, and for Airflow 2."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from aiohttp import web

from airflow_provider_nusawa.receiver.desk import BODY_SECONDS, PREFIX, Answer, Answered, Call, Desk
from airflow_provider_nusawa.receiver.reading import MAX_BODY, MAX_QUERY

HEALTH = "/health"
IDLE_SECONDS = 10.0
"""So long a connection may go without a whole request, before its first and between two."""

_silent = logging.getLogger(f"{__name__}.requests")
_silent.disabled = True  # aiohttp quotes there what it could not read, and with it the token


def application(desk: Desk) -> web.Application:
    """Return the callback's page, and one that says whether the receiver is well."""

    async def callback(request: web.Request) -> web.Response:
        return _response(await desk.handle(_call(request)))

    async def health(_: web.Request) -> web.Response:
        stuck = desk.writer.is_stuck
        return _response(Answer(503, "the ledger is locked or away") if stuck else Answer(200, "ok"))

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_route("GET", HEALTH, health)
    app.router.add_route("*", "/{path:.*}", callback)
    return app


async def serve(desk: Desk, listening: socket.socket, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve on a socket until ``stop`` is set; then answer what is under way, and write what waits."""
    runner = web.AppRunner(
        application(desk),
        access_log=None,
        logger=_silent,
        shutdown_timeout=BODY_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
        max_line_size=2 * MAX_QUERY,
        lingering_time=1.0,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening, backlog=1024).start()
        ready()
        await stop.wait()
    finally:
        await runner.cleanup()
        await asyncio.to_thread(desk.writer.close)


def _call(request: web.Request) -> Call:
    path, _, query = request.raw_path.partition("?")
    ours = path.startswith(f"{PREFIX}/")
    raw = query.encode("utf-8", "surrogateescape")
    content_type = request.headers.get("Content-Type", "")
    return Call(request.method, path.removeprefix(PREFIX) if ours else "", raw, content_type, lambda: _body(request))


async def _body(request: web.Request) -> bytes:
    try:
        return await asyncio.wait_for(request.read(), BODY_SECONDS)
    except asyncio.TimeoutError:
        raise Answered(408, "the body did not come") from None
    except web.HTTPRequestEntityTooLarge:
        raise Answered(413, "the body is too large") from None


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
