"""Legs and the calendar: windows, last moments, so many a day and a person. The ledger's clock is set, and runs."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from ledger_house import number
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.ending import End, Reason
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.windows import read_window
from airflow_provider_nusawa.ledger.campaigns import Campaign

DAY = read_window("08:00-20:00")  # in Jakarta, seven hours before UTC


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("now", "terms", "reason", "back"),
    [
        pytest.param("2026-11-23 14:00", Terms(window=DAY), Reason.WINDOW, "2026-11-24 01:00", id="closed"),
        pytest.param("2026-11-23 12:59", Terms(window=DAY), Reason.DONE, None, id="open"),
        pytest.param(
            "2026-11-23 05:00",
            Terms(window=DAY, holidays=frozenset({date(2026, 11, 23)})),
            Reason.WINDOW,
            "2026-11-24 01:00",
            id="holiday",
        ),
        pytest.param(
            "2026-11-23 05:00", Terms(not_after=at("2026-11-23 04:59")), Reason.NOT_AFTER, None, id="too-late"
        ),
        pytest.param("2026-11-23 05:00", Terms(not_after=at("2026-11-23 06:00")), Reason.DONE, None, id="in-time"),
        pytest.param(
            "2026-11-23 14:00", Terms(window=DAY, not_after=at("2026-11-23 18:00")), Reason.NOT_AFTER, None, id="never"
        ),
    ],
)
def test_a_leg_keeps_to_the_calendar(legs: LegHouse, now: str, terms: Terms, reason: Reason, back: str | None) -> None:
    campaign = legs.campaign(people=5)
    legs.clock.set(at(now))

    ending = legs.leg(campaign, terms).run()

    assert (ending.halt.reason, ending.at) == (reason, at(back) if back else None)
    assert legs.sends == (5 if reason is Reason.DONE else 0)
    assert ending.equation.open == 5 - legs.sends


def test_a_window_that_opens_soon_is_waited_for(legs: LegHouse) -> None:
    campaign = legs.campaign(people=5)
    legs.clock.set(at("2026-11-23 00:59:58.5"))

    ending = legs.run(campaign, window=DAY)

    assert ending.end is End.FINISHED
    assert all(legs.house.row(line).posted_at >= at("2026-11-23 01:00").timestamp() for line in range(1, 6))


def test_a_window_that_closes_holds_back_the_rest(legs: LegHouse) -> None:
    campaign = legs.campaign(people=200)
    closes = at("2026-11-23 13:00")
    legs.clock.set(at("2026-11-23 12:59:58"))

    ending = legs.leg(campaign, Terms(window=DAY), rate_per_second=30).run()

    assert (ending.halt.reason, ending.at) == (Reason.WINDOW, at("2026-11-24 01:00"))
    assert set(legs.states(campaign)) == {"accepted", "planned"}
    assert 20 < legs.sends < 75
    assert posted(legs, campaign)[-1] < closes.timestamp()


def posted(legs: LegHouse, campaign: Campaign) -> list[float]:
    sent = [line for line, state in legs.house.states(campaign).items() if state == "accepted"]
    return sorted(legs.house.row(line).posted_at for line in sent)


def test_so_many_a_day_over_all_runs(legs: LegHouse) -> None:
    campaign = legs.campaign(people=25)
    legs.clock.set(at("2026-11-23 05:00"))

    endings = [legs.run(campaign, max_per_day=10, window=DAY) for _ in range(2)]
    on_the_first_day = legs.sends
    legs.clock.set(at("2026-11-24 05:00"))
    legs.run(campaign, max_per_day=10, window=DAY)
    on_the_second_day = legs.sends - on_the_first_day
    legs.clock.set(at("2026-11-25 05:00"))
    last = legs.run(campaign, max_per_day=10, window=DAY)

    assert [(ending.halt.reason, ending.at) for ending in endings] == [(Reason.DAY_FULL, at("2026-11-24 01:00"))] * 2
    assert (on_the_first_day, on_the_second_day, last.end) == (10, 10, End.FINISHED)


def test_without_a_window_the_next_day_begins_at_midnight(legs: LegHouse) -> None:
    campaign = legs.campaign(people=3)
    legs.clock.set(at("2026-11-23 05:00"))

    assert legs.run(campaign, max_per_day=1).at == at("2026-11-23 17:00")


def test_so_many_a_person_over_all_campaigns(legs: LegHouse) -> None:
    for name in ("one", "two", "three"):
        legs.run(legs.campaign(people=2, name=name), max_per_recipient=(2, 7))
    legs.clock.seconds += 8 * 86_400

    legs.run(legs.campaign(people=2, name="four"), max_per_recipient=(2, 7))

    texts = len(legs.backend.sent_to(number(1)))
    assert (texts, legs.sends) == (3, 6)


def test_a_day_that_is_full_is_no_reason_to_come_back_to_what_is_done(legs: LegHouse) -> None:
    ending = legs.run(legs.campaign(people=3), max_per_day=3)

    assert (ending.end, ending.at) == (End.FINISHED, None)
