"""What the notifier's tests share: people, contexts as Airflow makes them, and both ways to call it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_nusawa.notifications.memory import ProcessStore

ON_CALL, SECOND = "0812-3456-7890", "081298765432"


@pytest.fixture
def told(nusawa_gateway, caplog):
    """The gateway; with the notifier's own log, because what it cannot do it says only there."""
    caplog.set_level(logging.INFO, logger="airflow_provider_nusawa")
    return nusawa_gateway


def failed_task(**more):
    """Return the context of a failed task, as the task's process has it; ``more`` changes or adds."""
    ti = SimpleNamespace(
        dag_id="etl", task_id="load", run_id="r1", map_index=-1, try_number=1, max_tries=2,
        state="failed", log_url="https://airflow.example/log", start_date=datetime.now(timezone.utc),
    )  # fmt: skip
    for name in set(more) & set(vars(ti)):
        setattr(ti, name, more.pop(name))
    return {"dag": DAG("etl", schedule=None), "ti": ti, "task_state_store": ProcessStore(), **more}


def _await(notifier, context):
    asyncio.run(notifier.async_notify(context))


BOTH_WAYS = pytest.mark.parametrize(
    "tell", [pytest.param(lambda notifier, context: notifier(context), id="sync"), pytest.param(_await, id="async")]
)
