"""What can be ordered of the emulator through its JSON API: faults, time, accounts, rules, a fresh start."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from aiohttp import web

from airflow_provider_nusawa.emulator import views
from airflow_provider_nusawa.emulator.accounts import Account
from airflow_provider_nusawa.emulator.wire import BACKEND

routes = web.RouteTableDef()


@web.middleware
async def sentences(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn what cannot be done into a 400 that says so, for this API only."""
    if not request.path.startswith("/_emulator"):
        return await handler(request)  # type: ignore[no-any-return]  # aiohttp types its handlers as Any
    try:
        return await handler(request)  # type: ignore[no-any-return]
    except (ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def _ordered(request: web.Request) -> dict[str, Any]:
    # A browser lets any page post a form here, but JSON only to its own site.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send a JSON object, with Content-Type: application/json.\n")
    value = await request.json()
    if not isinstance(value, dict):
        raise ValueError("send a JSON object")
    return value


@routes.post("/_emulator/messages/{id}")
async def set_letter(request: web.Request) -> web.Response:
    backend, order = request.app[BACKEND], await _ordered(request)
    message = backend.books.messages.get(request.match_info["id"])
    if message is None:
        raise web.HTTPNotFound(text="No such message.\n")
    backend.set_letter(message.id, str(order["letter"]), str(order.get("err_code", "0")))
    return web.json_response(views.message_json(message, backend.clock.seconds()))


@routes.post("/_emulator/faults")
async def fail_next(request: web.Request) -> web.Response:
    order = await _ordered(request)
    return web.json_response(request.app[BACKEND].fail_next(**order).to_json(), status=201)


@routes.delete("/_emulator/faults")
async def forget_faults(request: web.Request) -> web.Response:
    request.app[BACKEND].faults.all.clear()
    return web.json_response([])


@routes.post("/_emulator/clock")
async def clock(request: web.Request) -> web.Response:
    backend, order = request.app[BACKEND], await _ordered(request)
    if "frozen" in order:
        (backend.clock.freeze if order["frozen"] else backend.clock.resume)()
    if "set" in order:
        backend.clock.set(datetime.fromisoformat(order["set"]))
    backend.clock.advance(float(order.get("advance_seconds", 0)))
    return web.json_response({"clock": backend.clock.now().isoformat(), "frozen": backend.clock.is_frozen})


@routes.post("/_emulator/accounts")
async def set_account(request: web.Request) -> web.Response:
    backend, order = request.app[BACKEND], await _ordered(request)
    login = str(order.get("login", backend.account.login))
    account = backend.accounts.get(login, Account()).changed(order)
    backend.add_account(account)
    return web.json_response(account.to_json())


@routes.post("/_emulator/rules")
async def change_rules(request: web.Request) -> web.Response:
    backend = request.app[BACKEND]
    backend.rules.change(await _ordered(request))
    return web.json_response(asdict(backend.rules))


@routes.post("/_emulator/reset")
async def reset(request: web.Request) -> web.Response:
    request.app[BACKEND].reset()
    return web.json_response(views.summary(request.app[BACKEND]))
