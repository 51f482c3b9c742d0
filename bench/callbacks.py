"""Callbacks a second, on record when they are answered; and what a flood of them does to Airflow's API server."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from airflow_provider_nusawa.ledger.store import open_ledger
from bench.table import Row, aimed
from dev.house.receivers import HEALTH, api_server, receiver
from dev.house.settings import airflow_version
from dev.say import say

TOKEN = "a-token-for-the-bench"
TAKES_CALLBACKS = {
    "AIRFLOW__NUSAWA__RECEIVER": "True",
    "AIRFLOW__NUSAWA__CALLBACK_TOKEN": TOKEN,
    # Where all are admins, as in a house otherwise, Airflow signs a token for each request that brings none.
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
}
RATE = 300
OK = b"nusawa: ok\n"

TAKEN = "callbacks a second, each on record in SQLite before its 200"
ANSWERS = "answers of Airflow's health page while callbacks come: p50 / p99 in ms"


@dataclass(frozen=True, slots=True)
class Flood:
    """What became of it.

    :param lost: Those that were not answered 200.
    """

    per_second: float
    lost: int
    p99_ms: float


def rows(seconds: float = 10.0) -> list[Row]:
    """Measure the receiver on its own, then within a real API server."""
    found = [alone(seconds)]
    if airflow_version() < (3, 1, 2):
        return [*found, Row(TAKEN, "in Airflow's API server", "not run: needs Airflow 3.1.2")]
    return [*found, *in_airflow(seconds)]


def alone(seconds: float) -> Row:
    say("bench: callbacks, the receiver on its own ...")
    with tempfile.TemporaryDirectory(prefix="nusawa-bench-") as home:
        ledger = Path(home) / "ledger.sqlite"
        open_ledger(f"sqlite:///{ledger}", create=True).close()
        with receiver(ledger, TOKEN) as (url, process):
            return taken("the receiver on its own", url, seconds, psutil.Process(process.pid))


def in_airflow(seconds: float) -> list[Row]:
    say("bench: callbacks, Airflow's API server ...")
    with api_server(say, **TAKES_CALLBACKS) as house:
        url = f"{house.web.url}/nusawa/callback"
        asyncio.run(flooded(url, 20, seconds / 5))  # warm
        server = max(house.parts["api-server"].descendants(), key=lambda one: one.memory_info().rss, default=None)
        row = taken("in Airflow's API server", url, seconds, server or psutil.Process(house.parts["api-server"].pid))
        rest = asyncio.run(health(seconds, house.web.url))
        steady = asyncio.run(health(seconds, house.web.url, url, rate=RATE))
        storm = asyncio.run(health(seconds, house.web.url, url))
        strangers = asyncio.run(health(seconds, house.web.url, url, token="x" * 20))
    rows = [("at rest", rest), (f"{RATE} callbacks a second", steady), ("as many as 50 connections can", storm)]
    rows.append(("the same with a wrong token", strangers))
    return [row, *(Row(ANSWERS, who, result) for who, result in rows)]


def taken(who: str, url: str, seconds: float, process: psutil.Process) -> Row:
    """Flood it; say also what its process took for that, which other work on the machine hardly changes."""
    memory, cpu = process.memory_info().rss, sum(process.cpu_times()[:2])
    flood = asyncio.run(flooded(url, 100, seconds))
    each = (sum(process.cpu_times()[:2]) - cpu) / max(1.0, flood.per_second * seconds) * 1000
    grown = (process.memory_info().rss - memory) / 2**20
    result = f"{flood.per_second:.0f}; p99 {flood.p99_ms:.0f} ms; {flood.lost} not taken; {each:.1f} CPU-ms each"
    return Row(
        TAKEN, who, f"{result}; {grown:+.0f} MiB", aimed(f"≥ {RATE}", met=flood.per_second >= RATE and not flood.lost)
    )


async def flooded(
    url: str, at_once: int, seconds: float, *, token: str = TOKEN, rate: float = 0.0, start: int = 0
) -> Flood:
    """Call for so long, from so many connections.

    :param rate: Calls a second of all together; 0 for as many as can be.
    """
    took: list[float] = []
    lost = 0
    began = time.monotonic()

    async def call_on(session: aiohttp.ClientSession, place: int) -> None:
        nonlocal lost
        number = 0
        while (now := time.monotonic()) < began + seconds:
            number += 1
            asked = {"token": token, "ref_no": f"{start}-{place}-{number}", "status": "D", "err_code": "0"}
            async with session.get(url, params=asked) as answer:
                lost += await answer.read() != OK  # a server without the receiver answers 200 too, with its start page
            took.append(time.monotonic() - now)
            if rate:
                due = began + (place / at_once + number) * at_once / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(call_on(session, place) for place in range(at_once)))
    return Flood((len(took) - lost) / (time.monotonic() - began), lost, percentile(took, 99))


async def health(seconds: float, base: str, url: str = "", *, rate: float = 0.0, token: str = TOKEN) -> str:
    """Ask for the health page ten times a second, while callbacks come or not; return its times."""
    took: list[float] = []

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(int(10 * seconds)):
                began = time.monotonic()
                async with session.get(base + HEALTH) as answer:
                    await answer.read()
                took.append(time.monotonic() - began)
                await asyncio.sleep(max(0.0, began + 0.1 - time.monotonic()))

    callbacks = [flooded(url, 50, seconds, rate=rate, token=token, start=time.monotonic_ns())] if url else []
    asking = asyncio.create_task(ask())
    floods = await asyncio.gather(*callbacks)
    await asking
    came = "".join(f" ({one.per_second or one.lost / seconds:.0f} a second)" for one in floods)
    return f"{statistics.median(took) * 1000:.0f} / {percentile(took, 99):.0f}{came}"


def percentile(seconds: list[float], part: int) -> float:
    return statistics.quantiles(seconds, n=100)[part - 1] * 1000
