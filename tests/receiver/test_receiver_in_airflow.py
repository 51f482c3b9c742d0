"""The receiver with Airflow's settings and ledger, as the API server mounts it, without the server."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_receiver_asgi import answered, scope_of

from airflow_provider_nusawa import receiving
from airflow_provider_nusawa.ledger.store import open_ledger

TOKEN = "t0ken-of-sixteen-and-more"


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the plugin hands to Airflow, over a ledger that is not there yet."""
    monkeypatch.setenv("AIRFLOW__NUSAWA__CALLBACK_TOKEN", TOKEN)
    monkeypatch.setenv("AIRFLOW__NUSAWA__LEDGER_CONN_ID", "the_ledger")
    place = {"conn_type": "sqlite", "host": str(tmp_path / "ledger.sqlite")}
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps(place))
    (app,) = receiving.fastapi_apps()
    yield app["app"]
    app["app"].desk.writer.close()
    gc.unfreeze()


def status(app: Any) -> int:
    asked = f"token={TOKEN}&ref_no=058505911141748375&status=D"
    return int(asyncio.run(answered(app, scope_of(asked)))[0]["status"])


def test_full_collections_leave_alone_what_the_server_had_loaded(mounted: Any, tmp_path: Path) -> None:
    frozen = gc.get_freeze_count()

    assert status(mounted) == 503
    assert gc.get_freeze_count() == frozen, "there is nothing to be quick for yet"

    open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", create=True).close()
    assert status(mounted) == 200
    assert gc.get_freeze_count() > frozen + 10_000
