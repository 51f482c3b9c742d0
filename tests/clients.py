"""Both clients as fixtures: what holds for one holds for the other, so each test runs over the two."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from airflow_provider_nusawa.emulator import Account
from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.dialects import DIALECTS
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.gateway.settings import Secret, Settings

AISHA = "6281234567890"
HALO = Message(AISHA, "Halo")
PASSWORD = "p@ss w&rd/1"

Ask = Callable[[Settings, Callable[[Any], Any]], Any]
QUERIES = [
    pytest.param("credits", lambda client: client.credits(), id="credits"),
    pytest.param("dr", lambda client: client.delivery_report("0123"), id="delivery-report"),
]


def in_threads(settings: Settings, call: Callable[[Any], Any]) -> Any:
    with Client(settings) as client:
        return call(client)


def in_a_loop(settings: Settings, call: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        async with AsyncClient(settings) as client:
            return await call(client)

    return asyncio.run(run())


@pytest.fixture(params=[pytest.param(in_threads, id="threads"), pytest.param(in_a_loop, id="event-loop")])
def ask(request: pytest.FixtureRequest) -> Ask:
    return request.param


@pytest.fixture(params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest, nusawa_gateway) -> str:
    """Each version of the API in turn, spoken by ``nusawa_default`` too: what holds for one holds for the other."""
    nusawa_gateway.settings_extra["api_version"] = request.param
    nusawa_gateway.use()
    return request.param


@pytest.fixture
def settings(nusawa_gateway, dialect: str) -> Settings:
    account = Account("demo", PASSWORD)
    nusawa_gateway.backend.add_account(account)
    return Settings(
        "demo",
        Secret(account.secret_of(dialect)),
        nusawa_gateway.url,
        api_version=dialect,
        rate_per_second=1000,
        connect_timeout_seconds=1,
        read_timeout_seconds=0.5,
        total_timeout_seconds=1.5,
    )


def failure(ask: Ask, settings: Settings, call: Callable[[Any], Any]) -> NusaWaError:
    with pytest.raises(NusaWaError) as caught:
        ask(settings, call)
    return caught.value


def until_asked(gateway: Any) -> None:
    while not gateway.requests:
        time.sleep(0.01)


@contextmanager
def closed_port() -> Iterator[str]:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
