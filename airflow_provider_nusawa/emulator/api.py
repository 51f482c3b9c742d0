"""The emulator's own JSON API, under ``/_emulator``: everything that the inbox shows."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from airflow_provider_nusawa.emulator import views
from airflow_provider_nusawa.emulator.fates import FATES, PREFIX
from airflow_provider_nusawa.emulator.faults import KINDS
from airflow_provider_nusawa.emulator.wire import BACKEND

routes = web.RouteTableDef()


def _limit(request: web.Request) -> int | None:
    """Return how many are asked for: 100 unless said otherwise, all for 0."""
    return int(request.query.get("limit", "100")) or None


@routes.get("/_emulator")
@routes.get("/_emulator/")
async def overview(request: web.Request) -> web.Response:
    return web.json_response(views.summary(request.app[BACKEND]))


@routes.get("/_emulator/messages")
async def messages(request: web.Request) -> web.Response:
    return web.json_response(views.newest(request.app[BACKEND], request.query.get("number"), _limit(request)))


@routes.get("/_emulator/requests")
async def requests(request: web.Request) -> web.Response:
    query = request.query
    found = views.newest_requests(
        request.app[BACKEND], _limit(request), number=query.get("number"), call=query.get("call")
    )
    return web.json_response([views.received_json(one) for one in found])


@routes.get("/_emulator/callbacks")
async def callbacks(request: web.Request) -> web.Response:
    return web.json_response([asdict(push) for push in request.app[BACKEND].pushes.done])


@routes.get("/_emulator/faults")
async def faults(request: web.Request) -> web.Response:
    return web.json_response([fault.to_json() for fault in request.app[BACKEND].faults.all])


@routes.get("/_emulator/accounts")
async def accounts(request: web.Request) -> web.Response:
    return web.json_response([account.to_json() for account in request.app[BACKEND].accounts.values()])


@routes.get("/_emulator/rules")
async def rules(request: web.Request) -> web.Response:
    return web.json_response(asdict(request.app[BACKEND].rules))


@routes.get("/_emulator/fates")
async def fates(request: web.Request) -> web.Response:
    numbers = {f"{PREFIX}{family}xx": fate.about for family, fate in sorted(FATES.items())}
    return web.json_response({"numbers": numbers, "faults": {name: kind.about for name, kind in KINDS.items()}})
