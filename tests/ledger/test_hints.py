"""What is told of unknown ones, for a person to decide by: orphans, and a balance that fell."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from ledger_house import START, House, accepted, answered

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.cli import main
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hints import Hint, Reading, hint_of, note_balance

Read = Callable[[str], None]


@pytest.fixture
def campaign(house: House) -> Campaign:
    return house.campaign(people=5)


@pytest.fixture
def read(house: House, campaign: Campaign) -> Read:
    """Put on record what the account holds, a second after what was before."""

    def note(amount: str, account: str = "a") -> None:
        house.clock.now += 1
        house.ledger.write(lambda tx: note_balance(tx, campaign.id, account, Decimal(amount)))
        house.clock.now += 1

    return note


def hint(house: House, campaign: Campaign, **given: Any) -> Hint | None:
    return house.ledger.read(lambda tx: hint_of(tx, campaign.id, **given))


def send(house: House, campaign: Campaign, outcome: Outcome, most: int = 1) -> None:
    runner, begun = house.begun(campaign, most)
    runner.turn(accepted(begun) if outcome is Outcome.ACCEPTED else answered(begun, outcome))
    runner.end()


def told(house: House, *message_ids: str) -> None:
    reports = [DeliveryReport(one, DeliveryStatus.DELIVERED) for one in message_ids]
    house.ledger.write(lambda tx: apply_reports(tx, reports))


def test_the_fall_counts_from_before_the_first_unknown_to_the_latest_word(
    house: House, campaign: Campaign, read: Read
) -> None:
    read("100")
    send(house, campaign, Outcome.ACCEPTED)
    read("99")
    send(house, campaign, Outcome.UNKNOWN)
    read("98")
    send(house, campaign, Outcome.ACCEPTED, 2)
    read("96")

    assert hint(house, campaign) == Hint(unknown=1, orphans=0, fell=Decimal(3), accepted=2)


def test_before_there_is_a_word_from_later_nothing_is_said_of_a_fall(
    house: House, campaign: Campaign, read: Read
) -> None:
    read("100")
    send(house, campaign, Outcome.UNKNOWN)

    assert hint(house, campaign) == Hint(unknown=1, orphans=0)


def test_what_another_account_holds_is_not_compared(house: House, campaign: Campaign, read: Read) -> None:
    read("100", "a")
    send(house, campaign, Outcome.UNKNOWN)
    read("7", "b")

    assert hint(house, campaign) == Hint(unknown=1, orphans=0)


def test_what_a_person_knows_better_is_taken(house: House, campaign: Campaign, read: Read) -> None:
    read("100")
    send(house, campaign, Outcome.UNKNOWN)

    given = {"before": Reading("a", Decimal(90), 0), "now": Reading("a", Decimal(85), 4)}

    assert hint(house, campaign, **given) == Hint(unknown=1, orphans=0, fell=Decimal(5), accepted=4)


def test_orphans_count_from_the_first_unknown_on(house: House, campaign: Campaign) -> None:
    told(house, "old")
    house.clock.now += 60
    send(house, campaign, Outcome.UNKNOWN, 2)
    told(house, "new", "newer")

    assert hint(house, campaign) == Hint(unknown=2, orphans=2)


def test_where_nobody_is_unknown_there_is_nothing_to_say(house: House, campaign: Campaign, read: Read) -> None:
    read("100")
    send(house, campaign, Outcome.ACCEPTED)
    told(house, "new")

    assert hint(house, campaign) is None


@pytest.mark.parametrize(
    ("fell", "taken"),
    [
        pytest.param("1002", "2", id="some"),
        pytest.param("1000", "0", id="none"),
        pytest.param("998", "0", id="no-fewer-than-none"),
        pytest.param("1500", "3", id="no-more-than-there-are"),
    ],
)
def test_it_says_how_many_were_taken_and_on_what_that_rests(fell: str, taken: str) -> None:
    said = str(Hint(unknown=3, orphans=2, fell=Decimal(fell), accepted=1000))

    assert said.startswith(f"3 unknown; the balance fell by {Decimal(fell):,f} for 1,000 accepted.")
    assert f"no other sender and no top-up in between, {taken} of the unknown were taken" in said
    assert "messages that nobody here has sent: 2" in said


def test_a_balance_that_rose_tells_nothing() -> None:
    said = str(Hint(unknown=3, orphans=0, fell=Decimal(-500), accepted=1000))

    assert "the balance rose by 500 for 1,000 accepted: it was topped up, and tells nothing" in said
    assert "were taken" not in said


def test_show_tells_it(house: House, campaign: Campaign, read: Read, url: str) -> None:
    read("100")
    send(house, campaign, Outcome.UNKNOWN)
    read("99")

    shown, plain = (CliRunner().invoke(main, ["--ledger", url, "show", "halo", *words]) for words in ([], ["--json"]))

    assert "the balance fell by 1 for 0 accepted" in " ".join(shown.output.split())
    assert json.loads(plain.output)["hint"] == {"orphans": 0, "balance_fell": "1", "for_accepted": 0}
    assert list(house.states(campaign).values()) == ["unknown", *["planned"] * 4]
    assert house.clock.now > START
