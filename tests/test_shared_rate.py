"""One rate for all who share a ledger: two processes, threads and event loop, counted in the gateway's books."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from ledger.conftest import postgres, url
from sends import name_ledger, note_ledger

from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger.shared_pace import SharedPace
from airflow_provider_nusawa.paces import shared_pace

__all__ = ["postgres", "url"]

RATE, CALLS = 20, 30

IN_THREADS = f"""
from concurrent.futures import ThreadPoolExecutor
from airflow_provider_nusawa.hooks import NusaWaHook
with NusaWaHook().get_conn() as client, ThreadPoolExecutor(16) as pool:
    list(pool.map(lambda _: client.credits(), range({CALLS})))
"""
IN_A_LOOP = f"""
import asyncio
from airflow_provider_nusawa.hooks import NusaWaHook
async def ask():
    async with await NusaWaHook().get_async_conn() as client:
        await asyncio.gather(*(client.credits() for _ in range({CALLS})))
asyncio.run(ask())
"""


def credits_of(hook: NusaWaHook) -> str:
    return str(hook.get_credits().amount)


def credits_of_async(hook: NusaWaHook) -> str:
    async def ask() -> str:
        async with await hook.get_async_conn() as client:
            return str((await client.credits()).amount)

    return asyncio.run(ask())


BOTH_WAYS = pytest.mark.parametrize("ask", [credits_of, credits_of_async])


def test_two_processes_keep_one_rate(nusawa_gateway, monkeypatch, url):
    note_ledger(monkeypatch, url)
    nusawa_gateway.use(rate_per_second=RATE, ledger_conn_id=name_ledger(monkeypatch, url))

    processes = [subprocess.Popen([sys.executable, "-W", "ignore", "-c", code]) for code in (IN_THREADS, IN_A_LOOP)]
    ends = [process.wait(120) for process in processes]

    times = sorted(request.arrived for request in nusawa_gateway.requests)
    assert ends == [0, 0]
    assert len(times) == 2 * CALLS
    assert max(sum(start <= moment < start + 1 for moment in times) for start in times) <= RATE + 1


@BOTH_WAYS
def test_who_looks_at_the_balance_waits_for_those_who_send(
    nusawa_gateway, monkeypatch, url, ask: Callable[[NusaWaHook], str]
):
    note_ledger(monkeypatch, url)
    nusawa_gateway.use(rate_per_second=2, ledger_conn_id=name_ledger(monkeypatch, url))
    for _ in range(3):
        assert isinstance(shared_pace(NusaWaHook().settings), SharedPace)
        ask(NusaWaHook())

    times = [request.arrived for request in nusawa_gateway.requests]
    assert times[-1] - times[0] > 0.9


@BOTH_WAYS
@pytest.mark.parametrize(
    ("connection", "says"),
    [
        pytest.param(None, "cannot be found", id="no-such-connection"),
        pytest.param({"conn_type": "sqlite", "host": "/nowhere/ledger.sqlite"}, "there is no ledger at", id="missing"),
        pytest.param({"conn_type": "postgres", "host": "/nowhere"}, "the ledger's database failed", id="away"),
        pytest.param({"conn_type": "mysql", "host": "db"}, "can be kept in PostgreSQL", id="unfit"),
    ],
)
def test_a_ledger_that_cannot_be_had_loses_no_call(nusawa_gateway, monkeypatch, caplog, connection, says, ask):
    if connection:
        monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps(connection))
    nusawa_gateway.use(ledger_conn_id="the_ledger")

    ask(NusaWaHook())

    assert says in caplog.text
    assert len(nusawa_gateway.requests) == 1


def test_the_ledgers_password_is_masked_and_not_shown(nusawa_gateway, monkeypatch, caplog):
    secret = "p@ss/of the ledger"
    connection = {"conn_type": "postgres", "host": "/nowhere", "login": "u", "password": secret}
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps(connection))
    nusawa_gateway.use(ledger_conn_id="the_ledger")

    NusaWaHook().get_credits()

    assert secret not in caplog.text
    assert secret not in repr(shared_pace(NusaWaHook().settings).__dict__)


def test_without_a_ledger_the_process_keeps_its_own_pace(nusawa_gateway):
    assert shared_pace(NusaWaHook().settings) is None
