"""A dry run tells what a campaign would do, and leaves nothing behind."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from campaign.lists import file_of
from ledger_house import House, answered, number

from airflow_provider_nusawa.campaign.planning import Rules, plan
from airflow_provider_nusawa.campaign.preview import Lengths, Preview, trials_of
from airflow_provider_nusawa.campaign.record import Setting
from airflow_provider_nusawa.campaign.rehearsal import rehearse
from airflow_provider_nusawa.campaign.rows import Source
from airflow_provider_nusawa.campaign.sources import from_list
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.ledger.limits import Limits
from airflow_provider_nusawa.ledger.listing import all_campaigns
from airflow_provider_nusawa.ledger.people import suppress

HALO = Text("Halo {{ nama }}")
ANY = Rules(max_bad_share=1.0)


def people(*places: int) -> Source:
    return from_list([{"number": number(place), "nama": f"N{place}"} for place in places])


def rehearsed(house: House | None, source: Source, *, rules: Rules = ANY, text: Text = HALO, **setting: Any) -> Preview:
    return rehearse(Setting("halo", house and house.ledger, **setting), text, source, rules=rules)


MIXED = """number,nama
081200000001,Ani
081200000002,Budi
81200000001,Ani lagi
6.2812E+12,Citra
081200000003,
081200000005,Eka
081200000005,Eka lagi
081200000006,Fajar
"""


@pytest.mark.parametrize("earlier", [False, True], ids=["first-run", "later-run"])
def test_it_counts_as_planning_will(house: House, earlier: bool) -> None:
    rules = replace(ANY, exclude=people(5), add_new=True)
    if earlier:
        plan(house.ledger, "halo", HALO, people(2, 5), "run 0", rules=ANY)

    preview = rehearsed(house, file_of(MIXED), rules=rules)

    result = plan(house.ledger, "halo", HALO, file_of(MIXED), "run 1", rules=rules)
    assert (preview.counts, preview.bad) == (result.counts, result.bad)


def test_somebody_is_met_again_however_far_down_the_list() -> None:
    counts = rehearsed(None, people(*range(1, 5_001), 1)).counts

    assert (counts.planned, counts.doubles) == (5_000, 1)


def test_it_leaves_nothing_behind(house: House) -> None:
    rehearsed(house, people(1, 2))

    assert house.ledger.read(all_campaigns) == []


def test_samples_are_the_extremes_and_the_first() -> None:
    names = ["Budi", "Citra", "Dewi", "Eka S", "Fajar", "Gita P", "Al", "Muhammad Hatta", "Indra"]
    source = from_list([{"number": number(place), "nama": name} for place, name in enumerate(names)])

    preview = rehearsed(None, source)

    assert [sample.text for sample in preview.samples] == [
        "Halo Budi",
        "Halo Citra",
        "Halo Dewi",
        "Halo Al",
        "Halo Muhammad Hatta",
    ]
    assert preview.lengths == Lengths(7, 19, pytest.approx(92 / 9 - 0, abs=1))


def test_who_would_get_nothing_is_counted_once(house: House) -> None:
    earlier = house.campaign("before", people=[2, 3, 4])
    runner, begun = house.begun(earlier)
    runner.turn(answered(begun, Outcome.ACCEPTED, message_id="m"))
    house.ledger.write(lambda tx: suppress(tx, [number(1), number(2)], who="test", reason="no"))

    limits = Limits(max_per_person=1, person_seconds=86_400.0)
    only_to = frozenset(map(number, range(1, 6)))
    preview = rehearsed(house, people(1, 2, 3, 4, 5, 6), limits=limits, only_to=only_to)

    held = preview.foreseen
    assert (held.suppressed, held.capped, held.not_allowed, preview.to_send) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("code", "later", "spam", "limit"),
    [
        pytest.param(-77, 0, 1, 0, id="spam"),
        pytest.param(-78, 0, 0, 1, id="limit"),
        pytest.param(-78, 86_500, 0, 0, id="yesterday"),
        pytest.param(-3, 0, 0, 0, id="another-refusal"),
    ],
)
def test_whom_the_gateway_refused_today_it_will_refuse_again(
    house: House, code: int, later: float, spam: int, limit: int
) -> None:
    runner, begun = house.begun(house.campaign("before", people=1))
    runner.turn(answered(begun, Outcome.REFUSED, code=code))
    house.clock.now += later

    held = rehearsed(house, people(1, 2)).foreseen

    assert (held.spam_pattern, held.limit_reached) == (spam, limit)


def test_ten_messages_a_day_are_the_most_for_a_person(house: House) -> None:
    for place in range(10):
        runner, begun = house.begun(house.campaign(f"before {place}", people=1 + (place == 0)))
        runner.turn(answered(begun, Outcome.UNKNOWN))

    assert rehearsed(house, people(1, 2)).foreseen.spam_pattern == 1


def test_equal_texts_to_one_number_are_spam_to_the_gateway() -> None:
    constant = Text("Halo {{ 'Ani' if nama == 'N3' else 'semua' }}")

    to_one = rehearsed(None, people(*range(26)), text=constant, redirect_to=number(99))
    to_each = rehearsed(None, people(*range(25)), text=constant)

    assert (to_one.foreseen.spam_pattern, to_each.foreseen.spam_pattern) == (15, 0)


def test_what_planning_would_refuse_is_an_objection(house: House) -> None:
    plan(house.ledger, "halo", HALO, people(1), "run 0", rules=ANY)

    preview = rehearsed(house, file_of(MIXED), rules=Rules())

    assert len(preview.objections) == 2
    assert preview.objections[0].startswith("2 of 8 rows are bad")
    assert preview.objections[1].startswith("the list names 3 people")


@pytest.mark.parametrize(
    ("balance", "told"),
    [
        pytest.param(None, "2 credits needed", id="not-known"),
        pytest.param(Decimal("1.5"), "2 credits needed; the balance is 1.5, 0.5 too few", id="too-few"),
        pytest.param(Decimal(2), "2 credits needed; the balance is 2", id="enough"),
    ],
)
def test_credits_are_held_against_the_balance(balance: Decimal | None, told: str) -> None:
    preview = rehearsed(None, people(1, 2)).with_prospects(balance=balance, finishes_at=None)

    assert [line for line in preview.told() if line.endswith(f"; {told}")]


def test_what_is_told_shows_no_number() -> None:
    ends = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
    preview = rehearsed(None, file_of(MIXED)).with_prospects(balance=Decimal(3), finishes_at=ends)

    told = "\n".join(preview.told())

    assert "*********0001, 8 characters: Halo Ani" in told
    assert "bad line 5: Excel has shortened" in told
    assert "2026-11-24T09:00+00:00" in told
    assert "8120000" not in told + json.dumps(preview.to_xcom()) + repr(preview)
    assert "Ani" not in json.dumps(preview.to_xcom())


def test_tests_go_to_their_author_instead() -> None:
    preview = rehearsed(None, people(1, 2, 3))

    messages = trials_of(preview.samples, [number(98), number(99)])

    assert messages == [Message(number(to), f"Halo N{place}") for to in (98, 99) for place in (1, 2, 3)]
