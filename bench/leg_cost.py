"""What a campaign costs for each message beyond posting it, and how many a second one process can, the rate lifted."""

from __future__ import annotations

import asyncio
import statistics

import aiohttp

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from bench.campaigns import GATEWAY_RATE, LIFTED, Spent, Watch, leg_of, plan_list, rated, sqlite_ledger, write_list
from bench.senders import check, form
from bench.table import Row, aimed, spread
from dev.say import say

LATENCY_SECONDS = 0.2
TEXT = "Halo Budi Santoso 2500, tagihan 152500 di Kota Bandung jatuh tempo 1 Mei. Terima kasih."
"""As long as what the campaign's template says: a text is encoded for each message, which takes its time."""

IN_FLIGHT = 512
"""As many as a leg has at most."""

MOST_CPU, LEAST_RATE = 1.5, 1000
CPU = f"CPU-ms a message of a campaign, answers after {LATENCY_SECONDS * 1000:.0f} ms, rate lifted"
RATE = f"messages a second of a campaign, answers after {LATENCY_SECONDS * 1000:.0f} ms, rate lifted"
OURS, BARE = "campaign, SQLite ledger on disk", "a bare aiohttp loop, which remembers nothing"


def rows(rounds: int = 5, count: int = 5000) -> list[Row]:
    """Send ``count`` messages each way in turn, ``rounds`` times; the first turn does not count."""
    say(f"bench: a campaign at the lifted rate, {rounds} rounds of {count} ...")
    ours: list[Spent] = []
    bare: list[Spent] = []
    with spawn("--credits", "100000000") as gateway:
        gateway.order("rules", latency_seconds={"send": LATENCY_SECONDS})
        for _ in range(rounds + 1):
            ours.append(campaign(gateway, count))
            bare.append(asyncio.run(bare_loop(gateway, count)))
    return compared(ours[1:], bare[1:])


def compared(ours: list[Spent], bare: list[Spent]) -> list[Row]:
    ratios = [one.cpu_ms / other.cpu_ms for one, other in zip(ours, bare, strict=True)]
    cpu, rate = [one.cpu_ms for one in ours], [one.per_second for one in ours]
    cheap = aimed(f"≤ {MOST_CPU} of bare", met=statistics.median(ratios) <= MOST_CPU)
    quick = aimed(f"≥ {LEAST_RATE}", met=statistics.median(rate) >= LEAST_RATE)
    of_a_core = f"at the gateway's {GATEWAY_RATE}: {statistics.median(cpu) * GATEWAY_RATE / 10:.0f} % of a core"
    return [
        Row(CPU, BARE, spread([one.cpu_ms for one in bare], ".2f")),
        Row(CPU, OURS, f"{spread(cpu, '.2f')}; {spread(ratios, '.2f')} of bare; {of_a_core}", cheap),
        Row(RATE, BARE, spread([one.per_second for one in bare], ".0f")),
        Row(RATE, OURS, spread(rate, ".0f"), quick),
    ]


def campaign(gateway: Remote, count: int) -> Spent:
    """Send a planned campaign: record, texts, leases and answers included; planning and the last count are not."""
    with sqlite_ledger() as (ledger, folder):
        planned = plan_list(ledger, write_list(folder / "list.csv", count))
        leg = leg_of(ledger, planned.campaign, rated(gateway, LIFTED))
        watch = Watch()
        ending = leg.run()
        spent = watch.spent(count)
    if ending.equation.accepted != count:
        raise RuntimeError(f"the campaign ended otherwise: {ending}")
    return spent


async def bare_loop(gateway: Remote, count: int) -> Spent:
    """Post the same form so often, and look at each answer: what one would write."""
    numbers = iter([f"62811{place:08d}" for place in range(count)])
    url = f"{gateway.url}/api/v3/sendwa/plain"
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:

        async def work() -> None:
            for number in numbers:
                async with session.post(url, data={**form(gateway, number), "text": TEXT}) as answer:
                    answer.raise_for_status()
                    check(await answer.json())

        watch = Watch()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return watch.spent(count)
