"""What callbacks have told of a message, wherever it is on record, and whether any come."""

from __future__ import annotations

from ledger_house import House, accepted

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.journal import Entry, Intent
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hearing import QUIET_SECONDS, drop_surplus_orphans, is_hearing, note_heard, told_of
from airflow_provider_nusawa.ledger.journal_store import LedgerStore


def tell(house: House, *told: tuple[str, str]) -> None:
    reports = [DeliveryReport(one, DeliveryStatus(letter), err_code="69") for one, letter in told]
    house.ledger.write(lambda tx: apply_reports(tx, reports))


def heard(house: House, *message_ids: str) -> dict[str, tuple[str, str]]:
    reports = house.ledger.read(lambda tx: told_of(tx, message_ids))
    return {one.message_id: (one.letter, one.err_code) for one in reports}


def test_it_tells_of_recipients_of_single_sends_and_of_strangers(house: House) -> None:
    runner, begun = house.begun(house.campaign(people=1))
    runner.turn(accepted(begun))
    of_campaign = house.row().message_id
    store = LedgerStore(house.ledger, "a", "dag", "run", "task")
    group = store.intend([Intent(store.mark("p"), store.mark("t"))])
    store.conclude(group, [Entry(Outcome.ACCEPTED, store.mark("t"), "single", "v3", 0, "")])
    assert heard(house, of_campaign, "single", "stranger", "") == {}

    tell(house, (of_campaign, "F"), ("single", "R"), ("stranger", "S"))

    assert heard(house, of_campaign, "single", "stranger", "silent") == {
        of_campaign: ("F", "69"),
        "single": ("R", ""),
        "stranger": ("S", "69"),
    }


def test_callbacks_come_until_an_hour_of_silence(house: House) -> None:
    assert not house.ledger.read(is_hearing)
    house.ledger.write(note_heard)
    assert house.ledger.read(is_hearing)
    house.clock.now += QUIET_SECONDS - 1
    assert house.ledger.read(is_hearing)
    house.clock.now += 2
    assert not house.ledger.read(is_hearing)
    house.ledger.write(note_heard)
    assert house.ledger.read(is_hearing)


def test_no_more_is_kept_of_strangers_than_fits(house: House) -> None:
    for place in range(5):
        tell(house, (f"m{place}", "D"))
        house.clock.now += 1

    assert house.ledger.write(lambda tx: drop_surplus_orphans(tx, 10)) == 0
    assert house.ledger.write(lambda tx: drop_surplus_orphans(tx, 2)) == 3
    assert heard(house, *(f"m{place}" for place in range(5))).keys() == {"m3", "m4"}
