"""The whole table of faults, once through a leg: each row reads as unknown, nobody is sent to again, all others are."""

from __future__ import annotations

from typing import Any

import pytest
from faults import UNKNOWN, details_of
from ledger_house import number
from leg_house import LegHouse
from promise import check_books, check_states

from airflow_provider_nusawa.campaign.ending import End
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.gateway.dialects import DIALECTS

WELL_BETWEEN = 5
"""So many answered sends between two faults, and a leg goes on: ten in a row without an answer make it ask first."""


@pytest.mark.parametrize("api", list(DIALECTS))
def test_what_is_left_without_a_readable_answer_is_unknown(legs: LegHouse) -> None:
    faults = {place * (1 + WELL_BETWEEN): row for place, row in enumerate(UNKNOWN, 1)}
    campaign = legs.campaign(people=max(faults) + WELL_BETWEEN)
    for place, row in faults.items():
        legs.backend.fail_next(fault_of(row), number=number(place), **details_of(fault_of(row)))

    ending = legs.leg(
        campaign, Terms(probe_after_seconds=(0.1,) * 20), rate_per_second=100, total_timeout_seconds=1.5
    ).run()

    states = legs.house.states(campaign)
    assert ending.end is End.FINISHED
    assert {row.id: states[place] for place, row in faults.items()} == {row.id: "unknown" for row in UNKNOWN}
    assert {states[place] for place in states if place not in faults} == {"accepted"}
    check_books(legs.backend)
    check_states(legs.backend, {number(line): state for line, state in states.items()}, legs.house.equation(campaign))


def fault_of(row: Any) -> str | int:
    fault: str | int = row.values[0]
    return fault
