"""The gateway on a socket: requests into calls, and plans onto the wire."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from airflow_provider_nusawa.emulator import api, inbox, orders, v1_face, v3_face
from airflow_provider_nusawa.emulator.backend import Backend
from airflow_provider_nusawa.emulator.callbacks import pushing
from airflow_provider_nusawa.emulator.calls import Call
from airflow_provider_nusawa.emulator.desk import handle
from airflow_provider_nusawa.emulator.forms import Reader, form_fields, json_fields
from airflow_provider_nusawa.emulator.wire import BACKEND, perform

MAX_BODY = 4 * 1024 * 1024


def application(backend: Backend) -> web.Application:
    """Return the gateway as a web application over a backend."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[orders.sentences])
    app[BACKEND] = backend
    app.cleanup_ctx.append(pushing)
    route = app.router.add_route
    for path in (v3_face.SEND_WA, v3_face.SEND_SMS, v3_face.COMMAND):
        route("GET", path, gateway_v3)
        route("POST", path, gateway_v3)
    for path in (v1_face.CHECK, v1_face.BALANCE, v1_face.STATUS + "{ref_no}"):
        route("GET", path, gateway_v1)
    for path in (v1_face.MESSAGE, v1_face.MEDIA):
        route("POST", path, gateway_v1)
    for routes in (api.routes, orders.routes, inbox.routes):
        app.router.add_routes(routes)
    route("*", "/{path:.*}", elsewhere)
    return app


async def gateway_v3(request: web.Request) -> web.StreamResponse:
    return await serve_call(request, "v3", form_fields, lambda fields: v3_face.call_name(request.path, fields))


async def gateway_v1(request: web.Request) -> web.StreamResponse:
    return await serve_call(request, "v1", json_fields, lambda fields: v1_face.call_name(request.path))


async def serve_call(
    request: web.Request, dialect: str, read: Reader, name_of: Callable[[dict[str, str]], str]
) -> web.StreamResponse:
    """Answer one call, and keep the books about it from its arrival to its end."""
    backend = request.app[BACKEND]
    try:
        fields, readable = await read(request)
    except ConnectionResetError:
        _note(request, "hung up before the body came")
        return web.Response()  # nobody is there to read it
    name = name_of(fields)
    call = Call(dialect, name, request.method, request.path, fields, request.remote or "", readable)
    received = backend.enter(call)
    try:
        return await perform(handle(backend, call, received), request)
    finally:
        backend.leave(received)


async def elsewhere(request: web.Request) -> web.StreamResponse:
    """Answer 404 for what the gateway does not have, and write it into the books all the same."""
    _note(request, "HTTP 404")
    return web.Response(text="Not Found", status=404)


def _note(request: web.Request, outcome: str) -> None:
    """Write into the books what is no call at the counter."""
    backend = request.app[BACKEND]
    received = backend.enter(Call("", "other", request.method, request.path, dict(request.query), request.remote or ""))
    received.outcome = outcome
    backend.leave(received)
