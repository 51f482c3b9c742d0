"""Four ways to send to many numbers: our two clients, and what one would write with the libraries under them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import aiohttp
import requests

from airflow_provider_nusawa.emulator.remote import Remote
from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.gateway.settings import Secret, Settings

AT_ONCE = 8
TEXT = "Halo, pesanan Anda sudah dikirim."

Sender = Callable[[Sequence[str]], None]
"""Sends one message to each number, ``AT_ONCE`` at a time, and returns when all are accepted."""


def settings_of(gateway: Remote) -> Settings:
    """Return the connection to an emulator, at a pace that never holds a call."""
    known = gateway.connection
    return Settings(known["login"], Secret(known["password"]), gateway.url, rate_per_second=1e9)


def form(gateway: Remote, number: str) -> dict[str, str]:
    known = gateway.connection
    login = {"username": known["login"], "password": known["password"]}
    return {**login, "GSM": number, "text": TEXT, "output": "json"}


def check(answer: Any) -> None:
    if answer["results"][0]["status"] != "0":
        raise RuntimeError(f"the emulator answered {answer}")


@contextmanager
def our_client(gateway: Remote) -> Iterator[Sender]:
    with Client(settings_of(gateway)) as client:
        yield lambda numbers: in_threads(lambda number: client.send(Message(number, TEXT)), numbers)


@contextmanager
def bare_requests(gateway: Remote, at_once: int = AT_ONCE) -> Iterator[Sender]:
    url = f"{gateway.url}/api/v3/sendwa/plain"
    with requests.Session() as session:

        def send(number: str) -> None:
            answer = session.post(url, data=form(gateway, number), timeout=(5, 30))
            answer.raise_for_status()
            check(answer.json())

        yield lambda numbers: in_threads(send, numbers, at_once)


@contextmanager
def our_async_client(loop: asyncio.AbstractEventLoop, gateway: Remote) -> Iterator[Sender]:
    client = AsyncClient(settings_of(gateway))
    yield lambda numbers: in_tasks(loop, lambda number: client.send(Message(number, TEXT)), numbers)
    loop.run_until_complete(client.close())


@contextmanager
def bare_aiohttp(loop: asyncio.AbstractEventLoop, gateway: Remote) -> Iterator[Sender]:
    url = f"{gateway.url}/api/v3/sendwa/plain"

    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

    session = loop.run_until_complete(open_session())

    async def send(number: str) -> None:
        async with session.post(url, data=form(gateway, number)) as answer:
            answer.raise_for_status()
            check(await answer.json())

    yield lambda numbers: in_tasks(loop, send, numbers)
    loop.run_until_complete(session.close())


def in_threads(send: Callable[[str], object], numbers: Sequence[str], at_once: int = AT_ONCE) -> None:
    with ThreadPoolExecutor(at_once) as threads:
        for _ in threads.map(send, numbers):
            pass


def in_tasks(loop: asyncio.AbstractEventLoop, send: Callable[[str], Awaitable[object]], numbers: Sequence[str]) -> None:
    due = iter(numbers)

    async def work() -> None:
        for number in due:
            await send(number)

    async def all_of_them() -> None:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    loop.run_until_complete(all_of_them())
