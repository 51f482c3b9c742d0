"""Legs for tests: a clock that runs and can be set, a campaign in one line, a leg in another."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from ledger_house import Clock, House

from airflow_provider_nusawa.campaign.breaker import Breaker
from airflow_provider_nusawa.campaign.desk import Desk
from airflow_provider_nusawa.campaign.ending import Ending
from airflow_provider_nusawa.campaign.flight import Flight
from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.campaign.sender import Sender
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.emulator import Backend
from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.work import Claimed


class Ahead(Clock):
    """A database's clock that runs, so many seconds ahead of the machine's."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self) -> Any:
        return sa.literal(time.time() + self.seconds, sa.Float(53))

    def set(self, moment: datetime) -> None:
        self.seconds = moment.timestamp() - time.time()

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.seconds, timezone.utc)


def compose(claimed: Claimed) -> Message:
    return Message(claimed.number, f"Halo {claimed.fields['nama']}")


@dataclass
class LegHouse:
    """A ledger and a gateway.

    :param api: The dialect that legs speak.
    """

    house: House
    clock: Ahead
    backend: Backend
    url: str
    api: str = "v3"

    def campaign(self, people: int = 20, name: str = "halo", **options: Any) -> Campaign:
        return self.house.campaign(name, people, **options)

    def settings(self, **changes: Any) -> Settings:
        account, api = self.backend.account, changes.get("api_version", self.api)
        login = {"login": account.login, "password": Secret(account.secret_of(api)), "api_version": api}
        return Settings(**{"host": self.url, "rate_per_second": 500.0, **login, **changes})

    def leg(
        self,
        campaign: Campaign,
        terms: Terms | None = None,
        *,
        compose: Callable[[Claimed], Message] = compose,
        **changes: Any,
    ) -> Leg:
        ledger = self.house.ledger
        return Leg(ledger, campaign.id, self.settings(**changes), compose, terms or Terms(), label="test", bar=False)

    def desk(self, campaign: Campaign) -> Desk:
        """Return a leg's side towards the ledger alone; close it in the end."""
        return Desk(self.house.ledger, campaign.id, self.settings(), compose, "test")

    def sender(self) -> Sender:
        """Return a leg's side towards the gateway alone."""
        timetable = Timetable(100.0, time.monotonic)
        return Sender(Post(self.settings(), 8, timetable), Terms(), timetable, Flight(100.0), Breaker(0.1))

    def run(self, campaign: Campaign, **terms: Any) -> Ending:
        return self.leg(campaign, Terms(**terms)).run()

    @contextmanager
    def running(self, leg: Leg) -> Iterator[list[Ending]]:
        """Run a leg beside the test, which gets the ending once the block is left."""
        endings: list[Ending] = []
        thread = threading.Thread(target=lambda: endings.append(leg.run()))
        thread.start()
        try:
            yield endings
        finally:
            thread.join(60)
        assert not thread.is_alive()

    def states(self, campaign: Campaign) -> dict[str, int]:
        return dict(Counter(self.house.states(campaign).values()))

    @property
    def sends(self) -> int:
        """How many requests to send the gateway has got."""
        return self.backend.books.counts["send"]

    def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait for something that comes by itself."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.01)
