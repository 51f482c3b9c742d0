"""The ledger as the journal's second store."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa
from ledger_house import House

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.journal import Entry, Intent, JournalUnavailable
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.journal_store import LedgerStore, journal_of
from airflow_provider_nusawa.ledger.schema_shared import journal
from airflow_provider_nusawa.ledger.tx import Tx

TASK = ("dag", "run", "task")
DONE = Entry(Outcome.ACCEPTED, "t1", "m1", "v3", 0, "")


def store(house: House, *identity: str, map_index: int = -1) -> LedgerStore:
    return LedgerStore(house.ledger, "account", *(identity or TASK), map_index=map_index)


def test_an_outcome_is_found_by_the_next_try(house: House) -> None:
    first = store(house)
    first.conclude(first.intend([Intent("p1", "t1"), Intent("p2", "t1")]), [DONE, Entry(Outcome.REFUSED, code=-3)])

    recorded = store(house).recorded([Intent("p2", "t1"), Intent("p1", "t1"), Intent("p3", "t1")])

    assert recorded == [Entry(Outcome.REFUSED, "t1", code=-3), DONE, None]


def test_an_intent_without_an_outcome_is_unknown(house: House) -> None:
    store(house).intend([Intent("p1", "t1")])

    assert store(house).recorded([Intent("p1", "t1")]) == [Entry(Outcome.UNKNOWN, "t1")]


@pytest.mark.parametrize(
    ("map_index", "intent", "known"),
    [
        pytest.param(0, Intent("p1", "other text"), True, id="same place, another text"),
        pytest.param(7, Intent("p1", "t1"), True, id="another place, same text"),
        pytest.param(7, Intent("p1", "other text"), False, id="another place, another text"),
        pytest.param(0, Intent("p2", "t1"), False, id="another person"),
    ],
)
def test_mapped_tasks_know_each_other_by_place_or_by_text(
    house: House, map_index: int, intent: Intent, known: bool
) -> None:
    first = store(house, map_index=0)
    first.conclude(first.intend([Intent("p1", "t1")]), [DONE])

    assert (store(house, map_index=map_index).recorded([intent]) != [None]) is known


def test_other_tasks_know_nothing_of_it(house: House) -> None:
    store(house).intend([Intent("p1", "t1")])

    assert store(house, "dag", "other run", "task").recorded([Intent("p1", "t1")]) == [None]


def test_a_second_live_try_cannot_intend_the_same(house: House) -> None:
    one, other = store(house), store(house)
    intents = [Intent("p1", "t1")]
    one.recorded(intents)
    other.recorded(intents)
    one.intend(intents)

    with pytest.raises(JournalUnavailable, match="another try"):
        other.intend(intents)


def test_what_was_refused_may_be_intended_again(house: House) -> None:
    intents = [Intent("p1", "t1")]
    first = store(house)
    first.conclude(first.intend(intents), [Entry(Outcome.REFUSED, code=-99, scope="transient")])
    second = store(house)
    second.recorded(intents)

    second.conclude(second.intend(intents), [DONE])

    assert store(house).recorded(intents) == [DONE]


def test_marks_are_the_ledgers_own_and_show_nothing(house: House) -> None:
    mark = store(house).mark("account|direct|6281234567890")

    assert mark == store(house, "any", "other").mark("account|direct|6281234567890")
    assert "6281234567890" not in mark


def test_a_person_is_found_in_it_with_his_delivery(house: House) -> None:
    one = store(house)
    intent = Intent(one.mark("account|direct|6281234567890"), one.mark("halo"))
    one.conclude(one.intend([intent]), [DONE])
    house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport("m1", DeliveryStatus.READ)]))

    (found,) = house.ledger.read(lambda tx: journal_of(tx, "6281234567890"))

    assert (found["outcome"], found["message_id"], found["letter"]) == (Outcome.ACCEPTED, "m1", "R")


def test_a_report_waits_for_the_outcome_that_is_being_put_on_record(house: House) -> None:
    sender, written = store(house), threading.Event()
    group = sender.intend([Intent("p1", "t1")])

    def conclude_slowly(tx: Tx) -> None:
        sender._conclude(tx, group, [DONE])
        written.set()
        time.sleep(0.3)  # the commit is still to come

    concluding = threading.Thread(target=house.ledger.write, args=(conclude_slowly,))
    concluding.start()
    written.wait(10)
    house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport("m1", DeliveryStatus.DELIVERED)]))
    concluding.join()

    letters = house.ledger.read(lambda tx: tx.run(sa.select(journal.c.letter)).scalars().all())
    assert letters == [DeliveryStatus.DELIVERED.value]


def test_an_id_that_is_too_long_leaves_nobody_unknown(house: House) -> None:
    sender = store(house)

    sender.conclude(sender.intend([Intent("p1", "t1")]), [Entry(Outcome.ACCEPTED, "t1", "m" * 80, "v3", 0)])

    assert store(house).recorded([Intent("p1", "t1")]) == [Entry(Outcome.ACCEPTED, "t1", "m" * 64, "v3", 0)]
