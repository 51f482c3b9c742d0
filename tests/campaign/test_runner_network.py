"""Legs whose way to the gateway breaks in the middle: refused, reset, or swallowed without a word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from ledger_house import number
from leg_house import LegHouse
from promise import check_books, check_states
from wire import Wire

from airflow_provider_nusawa.campaign.ending import End
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.ledger.campaigns import Campaign

PEOPLE = 400
RATE = 200.0
AWAY_SECONDS = 1.0
TERMS = Terms(probe_after_seconds=(0.3,) * 20)


@pytest.fixture
def wire(legs: LegHouse) -> Iterator[Wire]:
    with Wire(legs.url) as wire:
        yield wire


def run_amid(legs: LegHouse, campaign: Campaign, trouble: Callable[[], None]) -> None:
    """Run a leg, let trouble come in the middle, and expect it to end well by itself."""
    legs.backend.rules.latency_seconds["send"] = 0.1
    leg = legs.leg(campaign, TERMS, rate_per_second=RATE, total_timeout_seconds=2.0)
    with legs.running(leg) as endings:
        legs.until(lambda: legs.sends > 100)
        trouble()

    states = {number(line): state for line, state in legs.house.states(campaign).items()}
    assert endings[0].end is End.FINISHED
    check_books(legs.backend)
    check_states(legs.backend, states, legs.house.equation(campaign))


def unknown(legs: LegHouse, campaign: Campaign) -> int:
    return legs.states(campaign).get("unknown", 0)


@pytest.mark.parametrize("how", ["cut", "swallow"])
def test_a_network_that_breaks_costs_no_more_than_what_was_on_it(legs: LegHouse, wire: Wire, how: str) -> None:
    campaign = legs.campaign(people=PEOPLE)

    def break_it() -> None:
        getattr(wire, how)()
        time.sleep(AWAY_SECONDS)
        wire.mend()

    run_amid(replace(legs, url=wire.url), campaign, break_it)

    assert unknown(legs, campaign) > 0
    assert unknown(legs, campaign) < RATE * (0.1 + AWAY_SECONDS)


def test_a_gateway_that_is_started_anew_is_come_back_to(legs: LegHouse) -> None:
    campaign = legs.campaign(people=PEOPLE)
    with ExitStack() as first, ExitStack() as second:
        gateway = first.enter_context(serve(legs.backend))

        def restart() -> None:
            first.close()
            time.sleep(AWAY_SECONDS)
            second.enter_context(serve(legs.backend, port=urlsplit(gateway).port or 0))

        run_amid(replace(legs, url=gateway), campaign, restart)

    assert legs.states(campaign)["accepted"] > PEOPLE * 0.8
