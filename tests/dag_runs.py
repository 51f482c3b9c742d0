"""Run a Dag in this process on any Airflow, as ``dag.test()`` does, against the session's own database."""

from __future__ import annotations

import importlib.util
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

EXAMPLES = Path(__file__).parent.parent / "example_dags"


def example(name: str) -> Any:
    """Import one of the example Dag files afresh."""
    return load(EXAMPLES / f"{name}.py")


def load(path: Path) -> Any:
    """Import a Dag file afresh, as a Dag processor would."""
    spec = importlib.util.spec_from_file_location(f"dag_file_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def zone_at_noon() -> str:
    """Return a time zone in which it is about noon now, so that a window from 8 to 20 is open whenever tests run."""
    ahead = 12 - datetime.now(timezone.utc).hour
    return f"Etc/GMT{-ahead:+d}"  # whose signs are the other way round


def run(dag: Any, **arguments: Any) -> dict[str, str]:
    """Run a Dag to its end; return each task's state by its name, a mapped one as ``name[0]``."""
    if AIRFLOW_V_3_0_PLUS:
        _enter(dag)
    elif "logical_date" in arguments:
        arguments["execution_date"] = arguments.pop("logical_date")
    dag_run = dag.test(**arguments)
    return {
        f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: str(getattr(ti.state, "value", ti.state))
        for ti in dag_run.get_task_instances()
    }


def _enter(dag: Any, bundle: str = "testing") -> None:
    """Write the Dag into the database, where Airflow 3 looks for it even here."""
    from airflow import settings
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG

    session = settings.Session()
    session.merge(DagBundleModel(name=bundle))
    session.commit()
    lazy = LazyDeserializedDAG.from_dag(dag)
    SerializedDAG.bulk_write_to_db(bundle, None, [lazy], session=session)
    SerializedDagModel.write_dag(lazy, bundle_name=bundle, session=session)
    session.commit()
