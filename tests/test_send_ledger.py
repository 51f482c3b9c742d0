"""The send operator where a ledger is named: clears, maps, other runs, people who said no, a ledger that is away."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException
from dag_runs import run
from ledger.conftest import postgres, url
from sends import AISHA, BUDI, CITRA, Task, name_ledger, note_ledger
from tries import Ti

from airflow_provider_nusawa.journal import JournalUnavailable
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.journal_store import journal_of
from airflow_provider_nusawa.ledger.people import OPTED_OUT, suppress, suppressions_of, unsuppress
from airflow_provider_nusawa.ledger.schema_shared import acts
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

__all__ = ["postgres", "url"]


@pytest.fixture
def named(nusawa_gateway, monkeypatch, url):
    """A gateway whose connection names a ledger that was used before; on SQLite, and on PostgreSQL."""
    note_ledger(monkeypatch, url)
    nusawa_gateway.settings_extra["ledger_conn_id"] = name_ledger(monkeypatch, url)
    nusawa_gateway.use()
    return nusawa_gateway


@pytest.fixture
def ledger(named, url):
    with open_ledger(url) as opened:
        yield opened


def test_a_cleared_task_sends_nothing_again(named):
    task = Task(to=[AISHA, BUDI])
    task.run()

    task.clear()
    receipts = task.run()

    assert [receipt["repeated"] for receipt in receipts] == [True, True]
    assert len(named.messages) == 2


def test_a_retry_goes_on_with_those_who_were_not_reached(named):
    named.fail_next(-99, number=BUDI)
    task = Task(to=[AISHA, BUDI])
    task.fails(AirflowException)

    task.run()

    assert [len(named.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


def test_a_map_in_another_order_messages_nobody_twice(named):
    def send(people: list[str]) -> None:
        for place, person in enumerate(people):
            Task(to=person, ti=Ti(run_id="r1", map_index=place)).run()

    send([AISHA, BUDI, CITRA])
    send([CITRA, AISHA, BUDI])

    assert [len(named.sent_to(number)) for number in (AISHA, BUDI, CITRA)] == [1, 1, 1]


def test_another_run_is_another_message(named):
    for run_id in ("r1", "r2"):
        Task(to=AISHA, ti=Ti(run_id=run_id)).run()

    assert len(named.messages) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Ti(run_id="r2"), id="another-run"),
        pytest.param(Ti(dag_id="another", task_id="another"), id="another-dag"),
        pytest.param(Ti(map_index=3), id="another-place-in-a-map"),
    ],
)
def test_one_key_is_one_message_wherever_it_is_used(named, other):
    first = Task(to=AISHA, idempotency_key="invoice 17").run()

    again = Task(to=AISHA, idempotency_key="invoice 17", text="another", ti=other).run()
    Task(to=AISHA, idempotency_key="invoice 18").run()

    assert again == {**first, "repeated": True}
    assert len(named.messages) == 2


def test_who_said_no_is_refused_here_and_the_others_are_sent_to(named, ledger):
    ledger.write(lambda tx: suppress(tx, [BUDI], who="test", reason="asked"))
    task = Task(to=[AISHA, BUDI], heed_suppressions=True)

    told = task.fails(AirflowFailException)

    assert task.outcomes == ["accepted", "refused"]
    assert "*********7811  refused: this person has said no" in told
    assert [request.path for request in named.requests].count("/api/v3/sendwa/plain") == 1
    assert not named.sent_to(BUDI)


def test_who_takes_the_no_back_is_sent_to_by_the_next_try(named, ledger):
    ledger.write(lambda tx: suppress(tx, [AISHA], who="test", reason="asked"))
    task = Task(to=AISHA, heed_suppressions=True)
    task.fails(AirflowFailException)
    requests = len(named.requests)
    ledger.write(lambda tx: unsuppress(tx, [AISHA], who="test", reason="changed mind"))

    assert (requests, task.run()["outcome"]) == (0, "accepted")


def test_who_said_no_is_sent_to_where_nobody_asked_to_heed_it(named, ledger):
    ledger.write(lambda tx: suppress(tx, [AISHA], who="test", reason="asked"))

    assert Task(to=AISHA).run()["outcome"] == "accepted"


def test_a_person_is_found_in_the_ledger(named, ledger):
    Task(to=AISHA).run()

    (found,) = ledger.read(lambda tx: journal_of(tx, AISHA))

    assert found["message_id"] == named.messages[0].id


def test_another_ledger_than_the_one_used_before_refuses(named, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_NUSAWA_LEDGER_NUSAWA_DEFAULT", "another")

    told = Task(to=AISHA).fails(AirflowFailException)

    assert "is not the one used before" in told
    assert named.requests == []


def test_a_ledger_that_is_gone_refuses_and_none_is_made(nusawa_gateway, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_VAR_NUSAWA_LEDGER_NUSAWA_DEFAULT", "the one before")
    url = f"sqlite:///{tmp_path}/gone.sqlite"
    nusawa_gateway.use(ledger_conn_id=name_ledger(monkeypatch, url))

    told = Task(to=AISHA).fails(AirflowFailException)

    assert "there is no ledger at" in told
    assert "'nusawa_ledger_nusawa_default' says that the one before knows who has been messaged" in told
    assert nusawa_gateway.requests == []
    assert not Path(tmp_path, "gone.sqlite").exists()


def test_a_ledger_that_is_away_sends_nothing_and_airflow_tries_again(nusawa_gateway, monkeypatch, tmp_path):
    nusawa_gateway.use(ledger_conn_id=name_ledger(monkeypatch, f"postgresql://u:p@/db?host={tmp_path}"))
    task = Task(to=AISHA)

    task.fails(LedgerUnavailable)

    assert nusawa_gateway.requests == []


def test_a_ledger_that_fails_amid_a_send_leaves_it_unknown_and_starts_no_more(named, ledger):
    named.use(rate_per_second=1)
    task = Task(to=[AISHA, BUDI])
    named.backend.rules.latency_seconds["send"] = 1.0
    threading.Thread(target=_break_once_asked, args=(named, ledger), daemon=True).start()

    task.fails(JournalUnavailable)

    assert task.outcomes == ["accepted", "not_tried"]
    _mend(ledger)
    task.fails(AirflowFailException)
    assert task.outcomes == ["unknown", "accepted"]
    assert [len(named.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


def _break_once_asked(gateway, ledger: Ledger) -> None:
    while not gateway.requests:
        time.sleep(0.01)
    _rename(ledger, "nusawa_journal", "nusawa_journal_away")


def _mend(ledger: Ledger) -> None:
    _rename(ledger, "nusawa_journal_away", "nusawa_journal")


def _rename(ledger: Ledger, before: str, after: str) -> None:
    ledger.write(lambda tx: tx.run_raw(f"ALTER TABLE {before} RENAME TO {after}", ()))


def test_airflow_notes_which_ledger_it_was_by_itself(airflow_db, nusawa_gateway, monkeypatch, url):
    """A first run makes the ledger; the same run once more, as after a clear, finds all done."""
    conn_id = nusawa_gateway.use(f"noting_{'sqlite' in url}", ledger_conn_id=name_ledger(monkeypatch, url))
    with DAG("noting_the_ledger", schedule=None) as dag:
        for name in ("say", "say_again"):
            NusaWaSendMessageOperator(
                task_id=name, to=AISHA, text="Halo", idempotency_key="{{ 'one' }}", nusawa_conn_id=conn_id
            )
    dag.get_task("say") >> dag.get_task("say_again")

    states = run(dag)

    assert states == {"say": "success", "say_again": "success"}
    assert len(nusawa_gateway.messages) == 1


def test_whom_the_gateway_knows_to_have_unsubscribed_is_put_on_the_list_once(named, ledger):
    named.use(api_version="v1")
    named.backend.opted_out.add(AISHA)

    for key in ("first", "second"):
        told = Task(to=[AISHA, BUDI], idempotency_key=key).fails(AirflowFailException)
        assert "this person has unsubscribed" in told

    (said_no,) = ledger.read(lambda tx: list(suppressions_of(tx)))
    assert (said_no.number, said_no.reason) == (AISHA, OPTED_OUT)
    assert time.time() - 60 < said_no.added_at <= time.time() + 1
    assert [act["who"] for act in ledger.read(acts_listed)] == ["a send task"]


def test_a_stand_in_who_has_unsubscribed_says_nothing_of_the_person(named, ledger):
    named.use(api_version="v1", redirect_to=CITRA)
    named.backend.opted_out.add(CITRA)

    Task(to=AISHA).fails(AirflowFailException)

    assert ledger.read(lambda tx: list(suppressions_of(tx))) == []


def acts_listed(tx):
    return [dict(row._mapping) for row in tx.run(sa.select(acts))]
