"""A ledger for tests: a clock to turn, campaigns in one line, and all that can be said of them afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.campaigns import Campaign, begin_campaign
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
from airflow_provider_nusawa.ledger.outcomes import Answer, Try
from airflow_provider_nusawa.ledger.progress import Equation, Progress, equation, progress
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.schema import changes, line_of, recipients
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.work import Runner

START = 1_800_000_000.0
TOTAL_SECONDS = 60.0


@dataclass
class Clock:
    """The database's clock, for a test to turn."""

    now: float = START

    def __call__(self) -> Any:
        return sa.literal(self.now, sa.Float(53))


def number(place: int) -> str:
    return f"62812{place:08d}"


@dataclass
class House:
    """A ledger and its clock."""

    ledger: Ledger
    clock: Clock

    def campaign(self, name: str = "halo", people: int | Iterable[int] = 3, *, redirected: bool = False) -> Campaign:
        """Plan a campaign for so many people, or for those of these places."""
        campaign = self.ledger.write(lambda tx: begin_campaign(tx, name, "Halo {{ nama }}", redirected=redirected))
        self.plan(campaign, range(1, people + 1) if isinstance(people, int) else people)
        return campaign

    def plan(self, campaign: Campaign, people: Iterable[int], run_key: str = "run 1") -> None:
        reader = Reader.open(self.ledger, campaign, run_key)
        reader.add([Line(line, number(place), {"nama": f"N{place}"}) for line, place in enumerate(people, 1)])
        reader.complete()

    def runner(self, campaign: Campaign, **changes: Any) -> Runner:
        options: dict[str, Any] = {"account": "a", "api": "v3", "label": "test", "total_seconds": TOTAL_SECONDS}
        return Runner(self.ledger, campaign.id, **{**options, **changes})

    def begun(self, campaign: Campaign, most: int = 10, **changes: Any) -> tuple[Runner, dict[int, Try]]:
        """Return a runner with requests under way: recipient to try."""
        runner = self.runner(campaign, **changes)
        claimed = runner.turn(claim=most).claimed
        return runner, runner.turn(begin=[one.id for one in claimed]).begun

    def states(self, campaign: Campaign) -> dict[int, str]:
        """Return what became of each line."""
        r = recipients.c
        query = sa.select(r.id, r.sending).where(r.campaign_id == campaign.id).order_by(r.id)
        return {line_of(row.id): row.sending.value for row in self.ledger.read(lambda tx: tx.run(query).all())}

    def row(self, line: int = 1) -> Any:
        query = sa.select(recipients).where(recipients.c.id % 2**32 == line)
        return self.ledger.read(lambda tx: tx.run(query).one())

    def history(self, line: int = 1) -> list[str]:
        c = changes.c
        query = sa.select(c.state).where(c.recipient_id % 2**32 == line).order_by(c.id)
        return list(self.ledger.read(lambda tx: tx.run(query).scalars().all()))

    def equation(self, campaign: Campaign) -> Equation:
        return self.ledger.read(lambda tx: equation(tx, campaign.id))

    def progress(self, campaign: Campaign) -> Progress:
        return self.ledger.read(lambda tx: progress(tx, campaign.id))


@contextmanager
def frozen_after(house: House, words: str) -> Iterator[None]:
    """Let a lease's time pass each time a statement that begins like that has run."""

    def freeze(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(words):
            house.clock.now += LEASE_SECONDS

    sa.event.listen(house.ledger.engine, "after_cursor_execute", freeze)
    yield
    sa.event.remove(house.ledger.engine, "after_cursor_execute", freeze)


def accepted(begun: dict[int, Try], prefix: str = "m") -> list[Answer]:
    return [
        Answer(key, tried, Outcome.ACCEPTED, "v3", message_id=f"{prefix}{key}", code=0) for key, tried in begun.items()
    ]


def answered(begun: dict[int, Try], outcome: Outcome, api: str = "v3", **rest: Any) -> Sequence[Answer]:
    return [Answer(key, tried, outcome, api, **rest) for key, tried in begun.items()]
