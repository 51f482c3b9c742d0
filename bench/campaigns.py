"""What the rows about campaigns share: a list, a place for a ledger, a campaign planned, a leg, its cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from airflow_provider_nusawa.campaign.composing import composer
from airflow_provider_nusawa.campaign.planning import Planned, Rules, plan
from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.campaign.sources import from_file
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.emulator.remote import Remote
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from bench.senders import settings_of

TEMPLATE = "Halo {{ nama }}, tagihan {{ tagihan }} di {{ kota }} jatuh tempo {{ values.tanggal }}. Terima kasih."
VALUES = {"tanggal": "1 Mei"}
GATEWAY_RATE = 100
"""Calls a second that the gateway takes from one account: the limit that no sender can pass."""

LIFTED = 100_000.0
"""A rate that never holds a request."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What so many messages, or rows, took."""

    seconds: float
    cpu_seconds: float
    count: int

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds / self.count * 1000

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


class Watch:
    """Measures from its making to ``spent``."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()

    def spent(self, count: int) -> Spent:
        return Spent(time.perf_counter() - self._seconds, time.process_time() - self._cpu_seconds, count)


def write_list(path: Path, people: int) -> Path:
    """Write a CSV as a billing system would."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("number,nama,kota,tagihan\r\n")
        for place in range(people):
            file.write(f"08{12 + place % 7}{place:08d},Budi Santoso {place},Kota Bandung,{150_000 + place}\r\n")
    return path


def plan_list(ledger: Ledger, path: Path, name: str = "bench") -> Planned:
    source = from_file(lambda: path.open("rb"))
    return plan(ledger, name, Text(TEMPLATE, VALUES), source, "run", rules=Rules())


def rated(gateway: Remote, per_second: float) -> Settings:
    return replace(settings_of(gateway), rate_per_second=per_second)


def leg_of(ledger: Ledger, campaign: Campaign, settings: Settings) -> Leg:
    return Leg(ledger, campaign.id, settings, composer(ledger, campaign), Terms(), label="bench", bar=False)


@contextmanager
def sqlite_ledger() -> Iterator[tuple[Ledger, Path]]:
    """Yield a new ledger in a SQLite file, and the folder that it lies in."""
    with (
        TemporaryDirectory(prefix="nusawa-bench-") as folder,
        open_ledger(f"sqlite:///{folder}/ledger.sqlite", create=True) as ledger,
    ):
        yield ledger, Path(folder)
