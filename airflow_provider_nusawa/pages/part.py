"""What Airflow mounts and shows in its navigation. It loads nothing of the pages before somebody opens one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlsplit

from airflow_provider_nusawa.site_config import SECTION, conf, web_server_takes_parts

PREFIX = "/nusawa-campaigns"
NAME = "WhatsApp"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Pages:
    """An ASGI application that builds itself when it is first asked: every Airflow process loads the plugin."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            from airflow_provider_nusawa.pages.app import make_app

            self._app = make_app()
        await self._app(scope, receive, send)


def is_wanted() -> bool:
    """Whether the site has them; ``[nusawa] pages = False`` takes them away."""
    return bool(conf().getboolean(SECTION, "pages", fallback=True))


def are_there() -> bool:
    """Whether this Airflow can show them, and the site has them."""
    return web_server_takes_parts() and is_wanted()


def fastapi_apps() -> list[dict[str, Any]]:
    return [{"app": Pages(), "url_prefix": PREFIX, "name": "NusaWA campaigns"}]


def external_views() -> list[dict[str, Any]]:
    return [{"name": NAME, "href": url(), "destination": "nav", "url_route": "nusawa-campaigns"}]


def url(campaign_id: str = "", *, rehearsal: bool = False) -> str:
    """Return the path of the list, or of one campaign, on Airflow's own web server."""
    base = urlsplit(conf().get("api", "base_url", fallback="") or "").path.rstrip("/") + PREFIX + "/"
    if not campaign_id:
        return base
    return f"{base}campaign?name={quote(campaign_id, safe='')}{'&rehearsal=1' if rehearsal else ''}"
