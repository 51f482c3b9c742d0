"""The connection that a person names at a command line. Needs Airflow only for one that Airflow alone knows."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from airflow_provider_nusawa.connection_settings import read_settings, settings_from
from airflow_provider_nusawa.connection_text import is_written_out, read_connection
from airflow_provider_nusawa.gateway.errors import InvalidSettings

if TYPE_CHECKING:
    from airflow.models.connection import Connection

    from airflow_provider_nusawa.gateway.settings import Settings

FORMS = (
    "an Airflow connection id, looked for in AIRFLOW_CONN_… first; a connection as JSON or URI; or - to read that from "
    "standard input, where no list of processes shows it"
)
"""What may be named, for a command's help."""


def settings_of(named: str) -> Settings:
    """Return the settings of a connection, named in one of ``FORMS``.

    :raises InvalidSettings: if there is no such connection, or it cannot work.
    """
    text = (sys.stdin.read() if named == "-" else named).strip()
    if not is_written_out(text):
        text = os.environ.get(f"AIRFLOW_CONN_{text.upper()}", "") or text
    return read_settings(read_connection(text)) if is_written_out(text) else settings_from(_of_airflow(text))


def _of_airflow(conn_id: str) -> Connection:
    try:
        # Not by a hook: outside of Airflow's own processes it does not look into Airflow 3's database.
        from airflow.models.connection import Connection
    except ImportError:
        what = f"AIRFLOW_CONN_{conn_id.upper()} is not set, and there is no Airflow here to ask"
        raise InvalidSettings(what, field="connection") from None
    try:
        return Connection.get_connection_from_secrets(conn_id)
    except Exception as error:
        # Whatever Airflow raises where it has no such connection, or no database.
        what = f"Airflow gives no connection {conn_id!r} ({type(error).__name__})"
        raise InvalidSettings(what, field="connection") from error
