"""The ledger as the journal's second store."""

from __future__ import annotations

import pytest
from ledger_house import House

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.journal import Entry, Intent, JournalUnavailable
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.journal_store import LedgerStore, journal_of

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
