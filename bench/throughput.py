"""Sends a second and CPU-ms a message, against an emulator in a process of its own, so that its CPU is not counted."""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field

from airflow_provider_nusawa.emulator.remote import spawn
from bench.senders import AT_ONCE, Sender, bare_aiohttp, bare_requests, our_async_client, our_client
from bench.table import Row, aimed, spread
from dev.say import say

LIMIT = 1.25
GATEWAY_RATE = 100
"""Calls a second that the gateway takes from one account: no client sends faster than that for long."""

LEAST_TAKEN = 500
"""Sends a second that the emulator has to take, so that it slows down nobody's tests."""

CPU = f"CPU-ms a message, {AT_ONCE} in flight, pace lifted"
RATE = f"sends a second, {AT_ONCE} in flight, pace lifted"
TAKEN = f"sends a second that the emulator takes, {AT_ONCE} in flight"


@dataclass
class Pair:
    """Ours and the bare library, measured in turn."""

    ours: str
    bare: str
    cpu_ms: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    rate: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    @property
    def ratios(self) -> list[float]:
        """Ours over bare, for each round."""
        return [ours / bare for ours, bare in zip(*self.cpu_ms, strict=True)]

    def rows(self) -> list[Row]:
        target = aimed(f"≤ {LIMIT} of bare", met=statistics.median(self.ratios) <= LIMIT)
        ours_cpu, bare_cpu = (spread(values, ".2f") for values in self.cpu_ms)
        ours_rate, bare_rate = (spread(values, ".0f") for values in self.rate)
        of_a_core = statistics.median(self.cpu_ms[0]) * GATEWAY_RATE / 10
        return [
            Row(CPU, self.bare, bare_cpu),
            Row(CPU, self.ours, f"{ours_cpu}; {spread(self.ratios, '.2f')} of bare", target),
            Row(RATE, self.bare, bare_rate),
            Row(RATE, self.ours, f"{ours_rate}; at the gateway's {GATEWAY_RATE}: {of_a_core:.0f} % of a core"),
        ]


def rows(rounds: int = 9, count: int = 1000) -> list[Row]:
    """Send ``count`` messages with each sender in turn, ``rounds`` times."""
    say(f"bench: sending, {rounds} rounds of {count} ...")
    sync, asynchronous = Pair("Client", "requests.Session"), Pair("AsyncClient", "aiohttp.ClientSession")
    with spawn("--credits", "10000000") as gateway, closing(asyncio.new_event_loop()) as loop:
        with our_client(gateway) as ours, bare_requests(gateway) as bare:
            compare(sync, (ours, bare), rounds, count)
        with our_async_client(loop, gateway) as ours, bare_aiohttp(loop, gateway) as bare:
            compare(asynchronous, (ours, bare), rounds, count)
    found = sorted([*sync.rows(), *asynchronous.rows()], key=lambda row: [CPU, RATE].index(row.measured))
    taken = asynchronous.rate[1]
    target = aimed(f"≥ {LEAST_TAKEN}", met=statistics.median(taken) >= LEAST_TAKEN)
    return [*found, Row(TAKEN, f"the emulator, asked by {asynchronous.bare}", spread(taken, ".0f"), target)]


def compare(pair: Pair, senders: tuple[Sender, Sender], rounds: int, count: int) -> None:
    """Measure both in turn; the first turn, in which connections are made, does not count."""
    serials = itertools.count(1_000_000_000)
    for turn in range(rounds + 1):
        for place, send in enumerate(senders):
            numbers = [f"628{serial:010d}" for serial in itertools.islice(serials, count)]
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            send(numbers)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if turn:
                pair.cpu_ms[place].append(cpu / count * 1000)
                pair.rate[place].append(count / wall)
