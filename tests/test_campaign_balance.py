"""A campaign under v3, whose callbacks name nobody: the balance around it is on record, and tells of unknown ones."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from campaign_tasks import CampaignTasks, people, tasks
from click.testing import CliRunner
from report_house import Page

from airflow_provider_nusawa.emulator.faults import FOREVER
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger.cli import main
from airflow_provider_nusawa.ledger.schema import balances
from airflow_provider_nusawa.operators import NusaWaCampaignReportOperator
from airflow_provider_nusawa.operators.campaign import balance
from airflow_provider_nusawa.operators.campaign.balance import Balance

__all__ = ["tasks"]

FELL = "the balance fell by 5 for 3 accepted"
TAKEN = "no other sender and no top-up in between, 2 of the unknown were taken"


def readings(tasks: CampaignTasks) -> list[tuple[Decimal, int]]:
    with tasks.ledger() as ledger:
        rows = ledger.read(lambda tx: tx.run(sa.select(balances).order_by(balances.c.id)).all())
    return [(Decimal(row.amount), row.accepted) for row in rows]


@pytest.fixture
def lossy(tasks: CampaignTasks) -> CampaignTasks:
    """Six were sent to: three accepted, two taken without an answer, and one lost on its way there."""
    tasks.gateway.fail_next("drop_after", 2)
    tasks.gateway.fail_next("drop_before")
    tasks.execute(recipients=people(6), max_unknown_share=1.0)
    return tasks


def test_the_balance_before_and_after_is_on_record(lossy: CampaignTasks) -> None:
    assert readings(lossy) == [(100_000, 0), (99_995, 3)]


def test_it_is_told_to_a_person_without_being_asked_for(lossy: CampaignTasks, tmp_path: Path) -> None:
    resolve = ["resolve", "halo", "--connection", lossy.conn_id, "--reason", "asked"]

    report = {"task_id": "report", "campaign_id": "halo", "nusawa_conn_id": lossy.conn_id}
    NusaWaCampaignReportOperator(path=str(tmp_path / "a.html"), **report).execute({})
    page = Page((tmp_path / "a.html").read_text()).text
    said = CliRunner().invoke(main, ["--ledger", lossy.url, "--who", "ani", *resolve]).output

    assert all(FELL in one and TAKEN in one for one in (page, said))
    assert lossy.states() == {"accepted": 3, "unknown": 3}, "a hint decides nothing"


def test_where_reports_name_people_nobody_asks(tasks: CampaignTasks) -> None:
    tasks.use(api_version="v1")

    tasks.execute()

    assert readings(tasks) == []
    assert tasks.gateway.backend.books.counts["credits"] == 0


@pytest.mark.parametrize("fault", ["drop_before", "html", 500, -7])
def test_a_balance_that_is_not_told_fails_nothing(tasks: CampaignTasks, fault: str | int) -> None:
    tasks.gateway.backend.fail_next(fault, FOREVER, call="credits")

    told = tasks.execute()

    assert (told["accepted"], readings(tasks)) == (5, [])


def test_a_balance_that_is_not_told_holds_nothing_up(tasks: CampaignTasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance, "LONGEST_SECONDS", 0.3)
    tasks.gateway.backend.fail_next("hang_before", FOREVER, call="credits")

    begun = time.monotonic()
    tasks.execute()

    assert time.monotonic() - begun < 10  # the call itself may last a minute
    assert (len(tasks.sent), readings(tasks)) == (5, [])


def test_who_is_told_to_stop_does_not_wait_for_it(tasks: CampaignTasks) -> None:
    tasks.gateway.backend.fail_next("hang_before", call="credits")
    told = threading.Event()
    threading.Timer(0.2, told.set).start()

    begun = time.monotonic()
    amount = Balance(NusaWaHook(tasks.conn_id), told).ask()

    assert (amount, time.monotonic() - begun < 2) == (None, True)
