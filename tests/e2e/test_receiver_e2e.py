"""The whole way on a real Airflow: sent, called back by the gateway, waited for without a question, a Dag started."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ledger_house import Clock, accepted
from ledger_house import House as LedgerHouse
from receiver_airflow import TAKES_CALLBACKS, TOKEN

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.site_config import web_server_takes_parts
from airflow_provider_nusawa.testing import Account, Backend, serve
from dev.house import House
from dev.house.settings import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not web_server_takes_parts(), reason="Airflow's API server takes callbacks from 3.1.2 on"),
]

DAGS = """
from datetime import datetime, timezone
from airflow.sdk import Asset, dag, task
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator
from airflow_provider_nusawa.sensors import NusaWaDeliverySensor

START = datetime(2026, 1, 1, tzinfo=timezone.utc)

@dag(schedule=None, start_date=START)
def called_back():
    send = NusaWaSendMessageOperator(task_id="send", to=["0812-1111-0001", "0812-1111-0002"], text="Halo")
    NusaWaDeliverySensor(task_id="wait", messages=send.output, deferrable=True, timeout=600)

@dag(schedule=[Asset("nusawa://campaigns"), Asset("nusawa://campaigns/promo%20akhir")], start_date=START)
def when_final():
    @task
    def tell(triggering_asset_events=None):
        return [event.extra for events in triggering_asset_events.values() for event in events]

    tell()

called_back()
when_final()
"""


@pytest.fixture(scope="module")
def backend() -> Backend:
    return Backend(Account(login="budi", password="rahasia-sekali"))


@pytest.fixture(scope="module")
def airflow(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path, port = tmp_path_factory.mktemp("ledger") / "ledger.sqlite", free_port()
    open_ledger(f"sqlite:///{path}", create=True).close()
    backend.account.callback_url = f"http://127.0.0.1:{port}/nusawa/callback?token={TOKEN}"
    backend.rules.second_question_mark = True
    with serve(backend) as url:
        account = {"conn_type": "nusawa", "host": url, "login": "budi", "password": "rahasia-sekali"}
        environ = {
            **TAKES_CALLBACKS,
            "AIRFLOW__NUSAWA__LEDGER_CONN_ID": "the_ledger",
            "AIRFLOW__NUSAWA__CAMPAIGN_ASSETS": "True",
            "AIRFLOW_CONN_THE_LEDGER": json.dumps({"conn_type": "sqlite", "host": str(path)}),
            "AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(account),
            "NUSAWA_TEST_LEDGER": str(path),
        }
        with House(environ=environ, port=port, say=print) as house:
            house.add_dag("called_back", DAGS)
            yield house


def test_a_wait_ends_by_callbacks_without_a_question(airflow: House, backend: Backend) -> None:
    with open_ledger(f"sqlite:///{airflow.environ['NUSAWA_TEST_LEDGER']}") as ledger:
        from airflow_provider_nusawa.ledger.hearing import note_heard

        ledger.write(note_heard)  # callbacks have come before
    backend.clock.freeze()
    run_id = airflow.trigger("called_back")
    airflow.until(
        lambda: airflow.books.task_states("called_back", run_id).get("wait") == "deferred",
        120,
        lambda: airflow.books.task_logs("called_back", run_id)[-3000:],
    )
    backend.clock.resume()
    backend.clock.advance(60)

    assert airflow.wait("called_back", run_id) == "success"
    assert [row["letter"] for row in airflow.books.xcom("called_back", run_id, "wait")] == ["D", "D"]
    assert {push.answer for push in backend.pushes.done} == {"200"}
    assert [request.call for request in backend.books.requests if request.call == "dr"] == []


def test_a_campaign_that_has_ended_starts_the_dag_that_waits_for_it(airflow: House, backend: Backend) -> None:
    airflow.until(lambda: airflow.web.has_dag("when_final"), 60, airflow.web.import_errors)
    with open_ledger(f"sqlite:///{airflow.environ['NUSAWA_TEST_LEDGER']}") as ledger:
        house = LedgerHouse(ledger, Clock())
        campaign = house.campaign("promo akhir", people=2)
        runner, begun = house.begun(campaign)
        runner.turn(accepted(begun, "final-"))
        ids = [house.row(line).message_id for line in (1, 2)]
    for one in ids:
        answer = airflow.web.fetch(
            "GET", f"/nusawa/callback?token={TOKEN}&ref_no={one}&status={DeliveryStatus.READ.value}"
        )
        assert answer == (200, b"nusawa: ok\n")

    runs = "SELECT run_id FROM dag_run WHERE dag_id = 'when_final'"
    airflow.until(lambda: bool(airflow.books.ask(runs)), 90, lambda: airflow.parts["api-server"].last_words(40))
    (run,) = airflow.books.ask(runs)

    assert airflow.wait("when_final", run["run_id"]) == "success"
    assert airflow.books.xcom("when_final", run["run_id"], "tell") == [{"campaign_id": "promo akhir"}] * 2


def test_no_byte_of_airflows_holds_the_token_or_a_number(airflow: House) -> None:
    written = {name: content for name, content in airflow.books.every_byte() if name.endswith((".out", ".log"))}

    # DEBUG repeats the rendered fields of tasks, numbers and all: Airflow's own, as docs/security.md says.
    assert [name for name, content in written.items() if TOKEN.encode() in content or b"ref_no" in content] == []
