"""How well a campaign holds the gateway's rate, beside requests one after another and beside mapped tasks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from bench.campaigns import GATEWAY_RATE, leg_of, plan_list, rated, sqlite_ledger, write_list
from bench.senders import bare_requests
from bench.table import Row, aimed
from dev.house.house import House
from dev.house.settings import airflow_version
from dev.say import say

LEAST_SHARE = 0.95
OURS, ONE_BY_ONE, MAPPED = "campaign", "requests, one call after another", "mapped tasks, each sends one message"


def rows(seconds: float = 60, latencies: Sequence[float] = (0.05, 0.2, 1.0), tasks: int = 40) -> list[Row]:
    """Send at the gateway's limit for so long, at each latency.

    :param tasks: How many mapped tasks a real Airflow runs beside it; 0 for none.
    """
    found: list[Row] = []
    for latency in latencies:
        measured = measured_at(latency)
        say(f"bench: a campaign at {GATEWAY_RATE} a second, {latency * 1000:.0f} ms, {seconds:.0f} s ...")
        with spawn("--credits", "1000000") as gateway:
            slow(gateway, latency)
            found.append(campaign_row(measured, gateway, int(GATEWAY_RATE * seconds)))
        with spawn() as gateway:
            slow(gateway, latency)
            found.append(row(measured, ONE_BY_ONE, one_by_one(gateway, max(4, int(seconds / 6 / latency)))))
    return [*found, mapped_row(measured_at(latencies[0]), latencies[0], tasks)] if tasks else found


def measured_at(latency: float) -> str:
    return f"messages a second, the gateway's limit being {GATEWAY_RATE}; answers after {latency * 1000:.0f} ms"


def slow(gateway: Remote, latency: float) -> None:
    gateway.order("rules", latency_seconds={"send": latency})


def campaign_row(measured: str, gateway: Remote, count: int) -> Row:
    with sqlite_ledger() as (ledger, folder):
        planned = plan_list(ledger, write_list(folder / "list.csv", count))
        ending = leg_of(ledger, planned.campaign, rated(gateway, GATEWAY_RATE)).run()
    if ending.equation.accepted != count:
        raise RuntimeError(f"the campaign ended otherwise: {ending}")
    rate, busiest = rate_of(gateway), gateway.ask()["busiest_second"]
    met = rate >= LEAST_SHARE * GATEWAY_RATE and busiest <= GATEWAY_RATE
    target = aimed(f"≥ {LEAST_SHARE * GATEWAY_RATE:.0f}, and never above {GATEWAY_RATE}", met=met)
    return Row(measured, OURS, f"{rate:.1f}; {busiest} in the busiest second of {count} messages", target)


def row(measured: str, who: str, rate: float) -> Row:
    return Row(measured, who, f"{rate:.1f}")


def rate_of(gateway: Remote) -> float:
    """Return the sends a second from the first to the last, by the emulator's books."""
    arrived = sorted(call["arrived"] for call in gateway.ask("requests", limit=0) if call["call"] == "send")
    return float((len(arrived) - 1) / (arrived[-1] - arrived[0]))


def one_by_one(gateway: Remote, count: int) -> float:
    with bare_requests(gateway, at_once=1) as send:
        send([f"62811{place:08d}" for place in range(count)])
    return rate_of(gateway)


def mapped_row(measured: str, latency: float, tasks: int) -> Row:
    """Run that many mapped tasks on a real Airflow: SQLite, LocalExecutor, all as installed."""
    if airflow_version() < (3,):
        return Row(measured, MAPPED, "not run: the Dag is written for Airflow 3")
    say(f"bench: {tasks} mapped tasks on a real Airflow ...")
    with ExitStack() as stack:
        gateway = stack.enter_context(spawn())
        slow(gateway, latency)
        environ = {
            "AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(gateway.connection),
            "BENCH_NUMBERS": json.dumps([f"62811{place:08d}" for place in range(tasks)]),
            "PYTHONPATH": str(Path(__file__).parent.parent),
        }
        house = stack.enter_context(House(environ=environ, say=say))
        shutil.copy(Path(__file__).parent / "dags" / "mapped.py", house.dags)
        _, state = house.run("mapped", timeout=600)
        if state != "success":
            raise RuntimeError(f"the mapped tasks ended {state}")
        return row(measured, f"{MAPPED} ({tasks} of them, LocalExecutor)", rate_of(gateway))
