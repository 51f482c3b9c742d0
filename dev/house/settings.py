"""The environment that a throw-away Airflow runs in: loopback only, quick to notice, apart from any other Airflow."""

from __future__ import annotations

import base64
import importlib.metadata
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path


def airflow_version() -> tuple[int, ...]:
    return tuple(int(part) for part in importlib.metadata.version("apache-airflow").split(".")[:3])


def free_port() -> int:
    """Return a port on the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_settings(home: Path) -> dict[str, str]:
    """Return what ``airflow db migrate`` needs; all other processes need it too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    # Connections to the emulator are the caller's, and the only settings of Airflow that pass.
    kept |= {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
        # Airflow 2 starts tasks by the bare name "airflow".
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def settings(home: Path, dags: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a running Airflow.

    :param dags: The folder with the Dag files.
    :param port: Where the API server listens, on 127.0.0.1.
    :param extra: What the caller wants different.
    """
    lines = three(port) if airflow_version() >= (3,) else two(port)
    return {
        **database_settings(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        **lines,
        **extra,
    }


def three(port: int) -> dict[str, str]:
    """Return what only Airflow 3 knows."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_ISSUER": "house",  # 3.0 writes a null without one, which newer PyJWTs refuse
        # New files are seen at once; files that did not change are not parsed again and again.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    }


def two(port: int) -> dict[str, str]:
    """Return what only Airflow 2 knows. With SQLite it wants one task at a time, in new interpreters: too slow."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "2",
        # SQLite locks no rows: a task's process and the scheduler would both schedule what comes next, as two tries.
        "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
    }
