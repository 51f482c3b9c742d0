"""The report operator: run by Airflow, over a ledger that the connection leads to."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, ObjectStoragePath
from dag_runs import run
from ledger_house import Clock, House, number
from report_house import HOSTILE, Page, eventful

from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.operators import NusaWaCampaignReportOperator


@pytest.fixture
def house(nusawa_gateway: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[House]:
    """A ledger that ``nusawa_default`` names, with a campaign in it."""
    file = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_BOOKS", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    nusawa_gateway.use(ledger_conn_id="books")
    clock = Clock()
    with open_ledger(f"sqlite:///{file}", create=True, clock=clock) as ledger:
        house = House(ledger, clock)
        eventful(house)
        yield house


def execute(path: Any, **changes: Any) -> Any:
    options = {"task_id": "report", "campaign_id": HOSTILE, "path": path, **changes}
    return NusaWaCampaignReportOperator(**options).execute({})


@pytest.mark.usefixtures("house", "airflow_db")
def test_airflow_renders_the_path_and_keeps_the_counts(tmp_path: Path) -> None:
    with DAG("reports", schedule=None) as dag:
        NusaWaCampaignReportOperator(
            task_id="report",
            campaign_id="{{ params.campaign }}",
            path=[f"{tmp_path}/{{{{ dag.dag_id }}}}/report.html", f"{tmp_path}/{{{{ dag.dag_id }}}}/all.csv.gz"],
            params={"campaign": HOSTILE},
        )

    assert run(dag) == {"report": "success"}

    assert "4 accepted" in Page((tmp_path / "reports" / "report.html").read_text(encoding="utf-8")).text
    assert (tmp_path / "reports" / "all.csv.gz").stat().st_size > 100


@pytest.mark.usefixtures("house")
def test_xcom_holds_counts_and_nobodys_number(tmp_path: Path) -> None:
    told = execute(str(tmp_path / "a.html"))

    assert told == {
        "campaign_id": HOSTILE, "paths": [str(tmp_path / "a.html")], "delivered": 2, "rows_read": 13, "doubles": 1,
        "bad": 1, "excluded": 1, "suppressed": 0, "accepted": 4, "refused": 3, "unknown": 1, "open": 2,
        "adds_up": True,
    }  # fmt: skip
    assert number(1)[:-4] not in json.dumps(told)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    "of", [str, Path, lambda path: ObjectStoragePath(f"file://{path}"), lambda path: f"file://{path}"]
)
def test_every_kind_of_path_is_written_to(tmp_path: Path, of: Any) -> None:
    target = tmp_path / "new folder" / "all.csv"

    execute(of(target), mask_numbers=False)

    with target.open(newline="") as stream:
        assert next(csv.DictReader(stream))["number"] == number(1)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("of", [str, Path])
def test_a_report_may_lie_in_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    execute(of("~/all.csv"))

    assert (tmp_path / "all.csv").exists()
    assert not (tmp_path / "~").exists()


@pytest.fixture
def store() -> None:
    """An object store in memory, in place of one in a cloud."""
    from fsspec.implementations.memory import MemoryFileSystem

    try:
        attach = importlib.import_module("airflow.sdk.io").attach
    except ImportError:
        attach = importlib.import_module("airflow.io.store").attach
    attach(protocol="memory", fs=MemoryFileSystem())


@pytest.mark.usefixtures("house", "store")
def test_an_object_store_gets_the_whole_report() -> None:
    execute("memory://bucket/reports/all.jsonl")

    text = ObjectStoragePath("memory://bucket/reports/all.jsonl").read_text()
    assert len(text.splitlines()) == 12
    assert number(1) not in text


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"campaign_id": "another"}, "knows no campaign named 'another'", id="unknown-campaign"),
        pytest.param({"path": "report.pdf"}, r"report: path 'report.pdf' must end in \.html", id="ending"),
    ],
)
def test_what_no_retry_can_mend_fails_at_once(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match=says):
        execute(**{"path": str(tmp_path / "a.csv"), **changes})

    assert not (tmp_path / "a.csv").exists()


def test_under_redirect_to_it_is_the_rehearsal(house: House, nusawa_gateway: Any, tmp_path: Path) -> None:
    house.campaign(HOSTILE, people=2, redirected=True)
    nusawa_gateway.use(ledger_conn_id="books", redirect_to="081234567890")

    assert execute(str(tmp_path / "a.html"))["rows_read"] == 2


def test_a_report_that_breaks_off_replaces_nothing(house: House, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("the one of yesterday")
    with house.ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE nusawa_recipients RENAME COLUMN err_code TO gone")

    with pytest.raises(Exception, match="err_code"):
        execute(str(target))

    assert target.read_text() == "the one of yesterday"
