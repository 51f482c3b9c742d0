"""The gateway on a socket: requests into calls, plans onto the wire, and the callbacks out."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from airflow_provider_nusawa.emulator import api, inbox, orders, v3_face
from airflow_provider_nusawa.emulator.backend import Backend
from airflow_provider_nusawa.emulator.callbacks import pushing
from airflow_provider_nusawa.emulator.calls import Call
from airflow_provider_nusawa.emulator.desk import handle
from airflow_provider_nusawa.emulator.wire import BACKEND, perform

MAX_BODY = 4 * 1024 * 1024


def application(backend: Backend) -> web.Application:
    """Return the gateway as a web application over a backend."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[orders.sentences])
    app[BACKEND] = backend
    app.cleanup_ctx.append(pushing)
    for routes in (api.routes, orders.routes, inbox.routes):
        app.router.add_routes(routes)
    for path in (v3_face.SEND_WA, v3_face.SEND_SMS, v3_face.COMMAND):
        app.router.add_route("*", path, gateway_v3)
    return app


async def gateway_v3(request: web.Request) -> web.StreamResponse:
    if request.method not in ("GET", "POST"):
        return web.Response(status=405, headers={"Allow": "GET, POST"})
    fields = await form_fields(request)
    name = v3_face.call_name(request.path, fields or {})
    ip = request.remote or ""
    return await serve_call(
        request, Call("v3", name, request.method, request.path, fields or {}, ip, fields is not None)
    )


async def serve_call(request: web.Request, call: Call) -> web.StreamResponse:
    """Answer one call, and keep the books about it from its arrival to its end."""
    backend = request.app[BACKEND]
    received = backend.enter(call)
    try:
        return await perform(handle(backend, call, received), request)
    finally:
        backend.leave(received)


async def form_fields(request: web.Request) -> dict[str, str] | None:
    """Return what query and body say, the body first; None if either cannot be read."""
    try:
        pairs = parse_qsl(request.query_string, keep_blank_values=True, errors="strict")
        if request.content_type == "multipart/form-data":  # as the vendor's PHP sample posts
            pairs += [(name, str(value)) for name, value in (await request.post()).items()]
        elif request.method == "POST":
            body = (await request.read()).decode()
            pairs += parse_qsl(body, keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    return dict(pairs)
