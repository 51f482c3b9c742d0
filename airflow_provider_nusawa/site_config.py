"""What the site chooses in Airflow's config, section ``[nusawa]``, and whether its web server takes parts of ours."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.version_compat import get_base_airflow_version_tuple

SECTION = "nusawa"
FIRST_AIRFLOW = (3, 1, 2)
"""Before it, the web server mounts no part of a plugin."""


def conf() -> Any:
    """Return Airflow's configuration. Not the SDK's: of the two, this one runs secrets commands of our section."""
    from airflow.configuration import conf as own

    return own


def web_server_takes_parts() -> bool:
    return get_base_airflow_version_tuple() >= FIRST_AIRFLOW
