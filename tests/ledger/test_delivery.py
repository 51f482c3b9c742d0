"""Delivery reports, in whatever order they come."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa
from ledger_house import House, accepted

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.delivery import ORPHAN_SECONDS, apply_reports, drop_old_orphans, undelivered
from airflow_provider_nusawa.ledger.outcomes import conclude
from airflow_provider_nusawa.ledger.schema_shared import orphans
from airflow_provider_nusawa.ledger.states import Delivery
from airflow_provider_nusawa.ledger.tx import End, Tx


def sent(house: House, people: int = 1) -> Campaign:
    campaign = house.campaign(people=people)
    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun))
    return campaign


def tell(house: House, letters: str, line: int = 1) -> int:
    reports = [DeliveryReport(house.row(line).message_id, DeliveryStatus(letter)) for letter in letters]
    return house.ledger.write(lambda tx: apply_reports(tx, reports))


def listening(house: House) -> tuple[House, list[End]]:
    """Return the house with a ledger that tells of ends, and where it tells."""
    ends: list[End] = []
    return House(replace(house.ledger, on_ends=ends.extend), house.clock), ends


def orphan_count(house: House) -> int:
    return house.ledger.read(lambda tx: tx.run(sa.select(sa.func.count()).select_from(orphans)).scalar_one())


@pytest.mark.parametrize("together", [True, False])
def test_reports_say_the_same_in_any_order(house: House, together: bool) -> None:
    campaign = sent(house, 6)

    for line, order in enumerate(itertools.permutations("SDR"), 1):
        for letters in ["".join(order)] if together else order:
            tell(house, letters, line)

    assert {house.row(line).delivery for line in range(1, 7)} == {Delivery.READ}
    assert house.progress(campaign).delivery[Delivery.READ] == 6


def test_a_failure_is_overruled_by_a_delivery_and_not_the_reverse(house: House) -> None:
    sent(house, 2)
    tell(house, "F", 1)
    tell(house, "D", 1)
    tell(house, "D", 2)
    tell(house, "F", 2)

    assert [house.row(line).delivery for line in (1, 2)] == [Delivery.DELIVERED] * 2


def test_every_change_of_delivery_is_noted_once(house: House) -> None:
    sent(house)
    for letter in "SSDDS":
        tell(house, letter)

    assert house.history() == ["sending", "accepted", "sent", "delivered"]


def test_each_end_is_told_once_with_how_long_a_delivery_took(house: House) -> None:
    house, ends = listening(house)
    sent(house, 3)

    for letter, line in (("S", 1), ("D", 1), ("R", 1), ("R", 2), ("F", 3), ("F", 3)):
        house.clock.now += 1
        tell(house, letter, line)

    assert ends == [End(2.0), End(4.0), End(None)]


def test_an_end_that_was_heard_of_before_the_answer_is_told_with_it(house: House) -> None:
    house, ends = listening(house)
    runner, begun = house.begun(house.campaign(people=1))
    (answer,) = accepted(begun)
    house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport(answer.message_id, DeliveryStatus.DELIVERED)]))
    assert ends == []
    house.clock.now += 3

    runner.turn([answer])

    assert ends == [End(3.0)]


def test_an_end_is_told_only_once_it_is_on_record(house: House) -> None:
    house, ends = listening(house)
    sent(house)
    report = DeliveryReport(house.row().message_id, DeliveryStatus.DELIVERED)

    def apply_and_fail(tx: Tx) -> None:
        apply_reports(tx, [report])
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        house.ledger.write(apply_and_fail)

    assert ends == []


def test_a_report_may_come_before_the_answer(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    (answer,) = accepted(begun)
    for letter in "DS":
        report = DeliveryReport(answer.message_id, DeliveryStatus(letter))
        assert house.ledger.write(lambda tx, report=report: apply_reports(tx, [report])) == 0

    runner.turn([answer])

    assert house.row().delivery is Delivery.DELIVERED
    assert orphan_count(house) == 0


def test_a_report_waits_for_the_answer_that_is_being_put_on_record(house: House) -> None:
    _, begun = house.begun(house.campaign(people=1))
    (answer,) = accepted(begun)
    written = threading.Event()

    def conclude_slowly(tx: Tx) -> None:
        tx.pass_gate(alone=False)
        conclude(tx, [answer])
        written.set()
        time.sleep(0.3)  # the commit is still to come, and until then no other transaction sees the message id

    answering = threading.Thread(target=house.ledger.write, args=(conclude_slowly,))
    answering.start()
    written.wait(10)
    report = DeliveryReport(answer.message_id, DeliveryStatus.DELIVERED)
    house.ledger.write(lambda tx: apply_reports(tx, [report]))
    answering.join()

    assert house.row().delivery is Delivery.DELIVERED
    assert orphan_count(house) == 0


def test_nobodys_reports_are_kept_a_week(house: House) -> None:
    house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport("nobody", DeliveryStatus.SENT)]))

    assert house.ledger.write(drop_old_orphans) == 0
    house.clock.now += ORPHAN_SECONDS + 1
    assert house.ledger.write(drop_old_orphans) == 1


def test_who_was_asked_for_longest_ago_is_asked_for_first(house: House) -> None:
    campaign = sent(house, 3)
    tell(house, "R", 2)
    house.clock.now += 100

    def look(most: int) -> list[str]:
        now = house.clock.now
        found = house.ledger.write(lambda tx: undelivered(tx, campaign.id, most, asked_before=now - 10))
        return [one.message_id for one in found]

    assert len(look(1)) == 1
    assert len(look(5)) == 1
    assert look(5) == []
    house.clock.now += 11
    assert len(look(5)) == 2
