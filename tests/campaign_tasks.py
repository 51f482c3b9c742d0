"""Campaign tasks for tests: a connection and a ledger of their own, a real Dag run in one line, and the books after."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from dag_runs import run
from tries import Ti

from airflow_provider_nusawa.ledger.listing import recipients_of
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.operators import NusaWaCampaignOperator
from airflow_provider_nusawa.testing import NusaWaGateway

LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)
_serial = itertools.count(1)
_houses: dict[str, CampaignTasks] = {}


def number(place: int) -> str:
    return f"62812000{place:05d}"


def people(count: int, first: int = 0) -> list[dict[str, str]]:
    """Return rows as a program gives them."""
    return [{"number": number(place), "nama": f"N{place}"} for place in range(first, first + count)]


class CampaignTasks:
    """One test's connection, whose id no other test has: Airflow notes its ledger in a Variable."""

    def __init__(self, gateway: NusaWaGateway, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        self.gateway = gateway
        self._monkeypatch = monkeypatch
        self.errors: list[BaseException] = []
        self.xcoms: list[Any] = []
        serial = next(_serial)
        self.conn_id, self._ledger_conn_id = f"nusawa_{serial}", f"ledger_{serial}"
        self.dag_id = f"campaigns_{serial}"
        _houses[self.dag_id] = self
        self.url = f"sqlite:///{home}/ledger.sqlite"
        place = {"conn_type": "sqlite", "host": str(home / "ledger.sqlite")}
        monkeypatch.setenv(f"AIRFLOW_CONN_{self._ledger_conn_id.upper()}", json.dumps(place))
        gateway.backend.account.balance = 100_000
        self.use()

    def use(self, **extra: Any) -> None:
        """Change the connection's extras."""
        self.gateway.use(self.conn_id, ledger_conn_id=self._ledger_conn_id, **{"rate_per_second": 100, **extra})

    def campaign(self, **arguments: Any) -> NusaWaCampaignOperator:
        options = {"task_id": "blast", "campaign_id": "halo", "nusawa_conn_id": self.conn_id, **arguments}
        if not any(name.startswith("recipients") for name in options):
            options["recipients"] = people(5)
        if "text_path" not in options:
            options.setdefault("text", "Halo {{ nama }}")
        return NusaWaCampaignOperator(**options)

    def dag(self, **options: Any) -> DAG:
        callbacks = {"on_failure_callback": _note_failure, "on_success_callback": _note_success}
        default_args = {**callbacks, **options.pop("default_args", {})}
        return DAG(self.dag_id, start_date=LONG_AGO, default_args=default_args, **{"schedule": None, **options})

    def run(self, run_options: dict[str, Any] | None = None, **arguments: Any) -> str:
        """Run one campaign task in a Dag run of its own; return the task's state."""
        with self.dag() as dag:
            self.campaign(**arguments)
        return run(dag, **(run_options or {}))["blast"]

    def execute(
        self, run_id: str = "run", context: dict[str, Any] | None = None, map_index: int = -1, **arguments: Any
    ) -> Any:
        """Execute one campaign task without Airflow around it, in a ledger that was made beforehand."""
        self.ti = Ti(dag_id=self.dag_id, run_id=run_id, map_index=map_index)
        with open_ledger(self.url, create=True) as ledger:
            self._monkeypatch.setenv(f"AIRFLOW_VAR_NUSAWA_LEDGER_{self.conn_id.upper()}", ledger.id)
        return self.campaign(**arguments).execute({"ti": self.ti, **(context or {})})

    @property
    def error(self) -> str:
        """What the last task failed with."""
        return str(self.errors[-1])

    @property
    def sent(self) -> list[str]:
        """Whom the gateway has messages for, in the order of their coming."""
        return [message.number for message in self.gateway.messages]

    def ledger(self) -> Ledger:
        return open_ledger(self.url)

    def states(self, campaign_id: int = 1) -> dict[str, int]:
        with self.ledger() as ledger:
            return dict(Counter(row["sending"] for row in recipients_of(ledger, campaign_id)))


# Functions of the module, because Airflow 2 copies all that a Dag holds.
def _note_success(context: Any) -> None:
    ti = context["ti"]
    _houses[ti.dag_id].xcoms.append(ti.xcom_pull(task_ids=ti.task_id))


def _note_failure(context: Any) -> None:
    _houses[context["ti"].dag_id].errors.append(context["exception"])


@pytest.fixture
def tasks(airflow_db: Path, nusawa_gateway: NusaWaGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    return CampaignTasks(nusawa_gateway, monkeypatch, tmp_path)
