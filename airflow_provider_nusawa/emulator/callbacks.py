"""Callbacks out: delivery reports pushed by HTTP GET, once each, as the gateway does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from airflow_provider_nusawa.emulator.reports import Push
from airflow_provider_nusawa.emulator.wire import BACKEND

LOOK_SECONDS = 0.02
TIMEOUT = aiohttp.ClientTimeout(total=5)
AT_ONCE = 20


async def pushing(app: web.Application) -> AsyncIterator[None]:
    """Push reports for as long as the application runs."""
    task = asyncio.create_task(_push_all(app))
    yield
    task.cancel()
    await asyncio.wait([task])


async def _push_all(app: web.Application) -> None:
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        while True:
            for push in app[BACKEND].due_pushes():
                # Kept by the session's own connections until answered; nobody waits for it.
                _UNDER_WAY.add(task := asyncio.create_task(_push(session, push)))
                task.add_done_callback(_UNDER_WAY.discard)
            await asyncio.sleep(LOOK_SECONDS)


_UNDER_WAY: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks only weakly


async def _push(session: aiohttp.ClientSession, push: Push) -> None:
    try:
        async with session.get(push.url, allow_redirects=False) as answer:
            push.answer = str(answer.status)
    except (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, ValueError) as error:
        push.answer = f"no answer: {type(error).__name__}"
