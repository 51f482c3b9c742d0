"""What this package adds to Airflow 3's web server: a table of parts, each there only where it is wanted and can be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_nusawa.site_config import web_server_takes_parts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """Attributes of the plugin, as Airflow knows them, that belong together."""

    fastapi_apps: list[dict[str, Any]] = field(default_factory=list)
    fastapi_root_middlewares: list[dict[str, Any]] = field(default_factory=list)
    external_views: list[dict[str, Any]] = field(default_factory=list)


def receiver() -> Part:
    """Return the page that takes callbacks, where ``[nusawa] receiver`` asks for it."""
    from airflow_provider_nusawa import receiving

    if not receiving.is_wanted():
        return Part()
    return Part(fastapi_apps=receiving.fastapi_apps(), fastapi_root_middlewares=receiving.root_middlewares())


def pages() -> Part:
    """Return the pages that show campaigns to whoever Airflow lets in."""
    from airflow_provider_nusawa.pages import part

    if not part.is_wanted():
        return Part()
    return Part(fastapi_apps=part.fastapi_apps(), external_views=part.external_views())


# In the order in which Airflow mounts them: the first whose prefix fits gets the call.
PARTS: list[Callable[[], Part]] = [receiver, pages]


def made() -> list[Part]:
    """Return the parts. One that cannot be made is left out: every process of Airflow loads this."""
    if not web_server_takes_parts():
        return []
    parts = []
    for make in PARTS:
        try:
            parts.append(make())
        except Exception as error:  # noqa: BLE001
            log.warning("Airflow's web server goes without %s of NusaWA: %s.", make.__name__, type(error).__name__)
    return parts


_parts = made()


def _all(attribute: str) -> list[dict[str, Any]]:
    return [one for part in _parts for one in getattr(part, attribute)]


class NusaWaPlugin(AirflowPlugin):
    """Found by Airflow through its entry point ``airflow.plugins``."""

    name = "nusawa"
    fastapi_apps = _all("fastapi_apps")
    fastapi_root_middlewares = _all("fastapi_root_middlewares")
    external_views = _all("external_views")
