"""A send task and its tries, without an Airflow around it; and the ledgers that it may be on record in."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tries import TaskState, Ti, context_of

from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

AISHA, BUDI, CITRA, DEWI = (f"62812345678{n}" for n in (10, 11, 12, 13))
REMEMBERS = find_spec("airflow.sdk") is not None
remembers = pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")


class Task:
    """One task and its tries, with the memory that this Airflow has.

    :param state: Its task state; left out, what this Airflow lends, which below 3.3 is none.
    """

    def __init__(self, state: TaskState | None = None, *, ti: Ti | None = None, **arguments: Any) -> None:
        self.arguments = {"task_id": "say", "text": "Halo", **arguments}
        self.state = state or (TaskState() if REMEMBERS else None)
        self.ti = ti or Ti(run_id=f"run {uuid4()}")
        self.ti.try_number = 0

    def clear(self) -> None:
        """As Airflow does at worst: the tries are counted anew, and the task state is gone."""
        self.ti.try_number = 0
        self.state = TaskState() if self.state else None

    def run(self, context: dict[str, Any] | None = None, **changed: Any) -> Any:
        self.ti.try_number += 1
        self.ti.xcoms = {}
        self.operator = NusaWaSendMessageOperator(**{**self.arguments, **changed})
        return self.operator.execute({**context_of(self.ti, self.state), **(context or {})})

    def fails(self, error: type[BaseException], **changed: Any) -> str:
        with pytest.raises(error) as caught:
            self.run(**changed)
        assert type(caught.value) is error
        return str(caught.value)

    @property
    def outcomes(self) -> list[str]:
        told = self.ti.xcoms["return_value"]
        return [receipt["outcome"] for receipt in (told if isinstance(told, list) else [told])]


@pytest.fixture
def default_ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The ledger of those who name none: a file in an AIRFLOW_HOME of the test's own. Returns its URL."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path}/nusawa-ledger.sqlite"
    note_ledger(monkeypatch, url)
    return url


def note_ledger(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Make a ledger, and note it in the Variable as a first send does: outside of Airflow only the environment can."""
    with open_ledger(url, create=True) as ledger:
        monkeypatch.setenv("AIRFLOW_VAR_NUSAWA_LEDGER_NUSAWA_DEFAULT", ledger.id)


def name_ledger(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """Return the id of an Airflow connection that leads to a ledger."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    connection: dict[str, Any] = {"conn_type": "sqlite", "host": parsed.database}
    if parsed.get_backend_name() != "sqlite":
        connection = {
            "conn_type": "postgres",
            "host": parsed.host or parsed.query.get("host"),
            "login": parsed.username,
            "password": parsed.password,
            "port": parsed.port,
            "schema": parsed.database,
            "extra": {"options": parsed.query.get("options", "")},
        }
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps(connection))
    return "the_ledger"
