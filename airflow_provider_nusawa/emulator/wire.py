"""How answers reach the wire, the wrong manners among them: those write to the connection itself, below HTTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from airflow_provider_nusawa.emulator.backend import Backend
from airflow_provider_nusawa.emulator.replies import Plan

BACKEND = web.AppKey("backend", Backend)

LINGER_SECONDS = 0.05  # what was written before a reset must be read before the reset arrives: it discards the rest
LOOK_SECONDS = 0.02


async def perform(plan: Plan, request: web.BaseRequest) -> web.StreamResponse:
    """Give a reply in its manner."""
    if plan.manner == "plain":
        if plan.seconds:
            await _pause(request, plan.seconds)
        reply = plan.reply
        headers = {"Content-Type": reply.content_type, **reply.headers}
        return web.Response(body=reply.body, status=reply.status, headers=headers)
    if request.transport is not None:
        await MANNERS[plan.manner](plan, request)
        _close(request)
    return web.Response()  # nobody is there to read it


async def _pause(request: web.BaseRequest, seconds: float) -> bool:
    """Wait, but not for a caller who has gone; return whether somebody is still there."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while request.transport is not None and not request.transport.is_closing():
        left = end - loop.time()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, LOOK_SECONDS))
    return False


def _write(request: web.BaseRequest, data: bytes) -> None:
    if isinstance(request.transport, asyncio.WriteTransport):
        request.transport.write(data)


def _close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


def _reset_connection(request: web.BaseRequest) -> None:
    if isinstance(request.transport, asyncio.WriteTransport):
        raw = request.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


async def _drop(plan: Plan, request: web.BaseRequest) -> None:
    await _pause(request, plan.seconds)


async def _reset(plan: Plan, request: web.BaseRequest) -> None:
    await _pause(request, plan.seconds)
    _reset_connection(request)


async def _reset_headers(plan: Plan, request: web.BaseRequest) -> None:
    _write(request, plan.reply.raw()[:25])
    await _pause(request, plan.seconds + LINGER_SECONDS)
    _reset_connection(request)


async def _truncated(plan: Plan, request: web.BaseRequest) -> None:
    raw = plan.reply.raw()
    await _pause(request, plan.seconds)
    _write(request, raw[: len(raw) - max(len(plan.reply.body) // 2, 1)])


async def _drip(request: web.BaseRequest, at_once: bytes, slowly: bytes, seconds: float) -> None:
    _write(request, at_once)
    for place in range(len(slowly)):
        if not await _pause(request, seconds):
            return
        _write(request, slowly[place : place + 1])


async def _drip_headers(plan: Plan, request: web.BaseRequest) -> None:
    await _drip(request, b"", plan.reply.raw(), plan.seconds)


async def _drip_body(plan: Plan, request: web.BaseRequest) -> None:
    raw = plan.reply.raw()
    headers = len(raw) - len(plan.reply.body)
    await _drip(request, raw[:headers], raw[headers:], plan.seconds)


MANNERS: dict[str, Callable[[Plan, web.BaseRequest], Awaitable[None]]] = {
    "drop": _drop,
    "reset": _reset,
    "reset_headers": _reset_headers,
    "hang": _drop,
    "truncated": _truncated,
    "drip_headers": _drip_headers,
    "drip_body": _drip_body,
}
