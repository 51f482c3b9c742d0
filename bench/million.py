"""What does not grow with a campaign's size: a look at it, a batch claimed, and going on after a kill in its middle."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.campaign.planning import Planned
from airflow_provider_nusawa.emulator.remote import Remote, spawn
from airflow_provider_nusawa.ledger.progress import progress, refusals
from airflow_provider_nusawa.ledger.schema import recipient_id, recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.ledger.work import Runner
from bench.campaigns import GATEWAY_RATE, plan_list, sqlite_ledger, write_list
from bench.table import Row, aimed, spread
from dev.say import say

ROOT = Path(__file__).parent.parent
MOST_GROWTH = 2.0
BATCH = 100
REFUSED_SHARE = 0.05
SHOW, CLAIM = "a look at a campaign, as `show` takes it: ms", f"a batch of {BATCH} claimed: ms"
BY_CODE = "of the same look where some are refused, their count by code: ms a thousand refused"
RESUME = "going on after a SIGKILL at half of the list: seconds to the first send"

Costs = dict[str, list[float]]


def rows(sizes: Sequence[int] = (10_000, 1_000_000), looks: int = 30) -> list[Row]:
    """Measure in a small campaign and in a large one; the large one is then killed and gone on with."""
    costs: list[Costs] = []
    resumed = 0.0
    for size in sizes:
        say(f"bench: a campaign of {size} ...")
        with sqlite_ledger() as (ledger, folder):
            planned = plan_list(ledger, write_list(folder / "list.csv", size))
            costs.append(looked_at(ledger, planned, looks))
            if size == sizes[-1]:
                resumed = seconds_to_resume(ledger, f"sqlite:///{folder}/ledger.sqlite", planned)
    found = [row for measured in (SHOW, BY_CODE, CLAIM) for row in grown(measured, sizes, costs)]
    days = sizes[-1] / GATEWAY_RATE / 3600
    beside = f"{resumed:.1f}, Python's start included; the whole list takes {days:.1f} h at {GATEWAY_RATE} a second"
    return [*found, Row(RESUME, f"campaign of {sizes[-1]}", beside)]


def grown(measured: str, sizes: Sequence[int], costs: Sequence[Costs]) -> list[Row]:
    small, large = costs[0][measured], costs[-1][measured]
    times = statistics.median(large) / statistics.median(small)
    target = aimed(f"≤ {MOST_GROWTH:g} times", met=times <= MOST_GROWTH)
    return [
        Row(measured, f"campaign of {sizes[0]}", spread(small, ".2f")),
        Row(measured, f"campaign of {sizes[-1]}", f"{spread(large, '.2f')}; {times:.2f} times", target),
    ]


def looked_at(ledger: Ledger, planned: Planned, looks: int) -> Costs:
    campaign_id = planned.campaign.id
    runner = Runner(ledger, campaign_id, account="bench", api="v3", label="bench", total_seconds=60)
    costs = {
        SHOW: cpu_ms(looks, lambda: ledger.read(lambda tx: (progress(tx, campaign_id), refusals(tx, campaign_id)))),
        CLAIM: cpu_ms(looks, lambda: runner.turn(claim=BATCH)),
    }
    runner.end()
    refused = ledger.write(lambda tx: refuse_last(tx, planned))
    by_code = cpu_ms(looks, lambda: ledger.read(lambda tx: refusals(tx, campaign_id)))
    return {**costs, BY_CODE: [ms * 1000 / refused for ms in by_code]}


def cpu_ms(times: int, act: Callable[[], object]) -> list[float]:
    """Return what each of so many took; the first is not counted."""
    found: list[float] = []
    for _ in range(times + 1):
        started = time.process_time()
        act()
        found.append((time.process_time() - started) * 1000)
    return found[1:]


def seconds_to_resume(ledger: Ledger, url: str, planned: Planned) -> float:
    """Kill a runner in the middle of the list, start another, and see in the gateway's books when it sends."""
    ledger.write(lambda tx: accept_half(tx, planned))
    with spawn("--credits", "1000000") as gateway:
        with a_leg(url, planned, gateway) as first:
            until_sent(gateway, after=0.0)
            time.sleep(1.0)
            first.kill()
        time.sleep(0.5)
        started = time.monotonic()
        with a_leg(url, planned, gateway):
            return until_sent(gateway, after=started) - started


def accept_half(tx: Tx, planned: Planned) -> None:
    """Put the first half on record as sent, as it would be after hours."""
    message_id = sa.cast(recipients.c.id, sa.String)
    decide(tx, planned, (0.0, 0.5), {"sending": Sending.ACCEPTED, "tries": 1, "message_id": message_id, "api": "v3"})


def refuse_last(tx: Tx, planned: Planned) -> int:
    return decide(tx, planned, (1 - REFUSED_SHARE, 1.0), {"sending": Sending.REFUSED, "tries": 1, "code": -3})


def decide(tx: Tx, planned: Planned, part: tuple[float, float], values: dict[str, Any]) -> int:
    """Put a part of the list on record as something; return how many."""
    first, last = (recipient_id(planned.plan_id, int(share * planned.counts.rows_read)) for share in part)
    r = recipients.c
    moved = tx.run(sa.update(recipients).where(r.id > first, r.id <= last).values(values)).rowcount
    tx.count(planned.plan_id, Sending.PLANNED.value, -moved)
    tx.count(planned.plan_id, values["sending"].value, moved)
    return moved


@contextmanager
def a_leg(url: str, planned: Planned, gateway: Remote) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bench.leg_process", url, str(planned.campaign.id)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, json.dumps([gateway.url, gateway.connection])], env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def until_sent(gateway: Remote, *, after: float) -> float:
    """Return when the first send since then arrived; the emulator's clock for that is this machine's."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        arrived = [call["arrived"] for call in gateway.ask("requests", limit=0) if call["call"] == "send"]
        if later := [moment for moment in arrived if moment > after]:
            return float(min(later))
        time.sleep(0.05)
    raise TimeoutError("nothing was sent within a minute")
