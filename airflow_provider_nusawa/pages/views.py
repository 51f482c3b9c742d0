"""From values to responses: the templates, one inline style known by its hash, and headers that allow nothing else."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from airflow_provider_nusawa.report.figures import delivered_of, shares_of
from airflow_provider_nusawa.report.rendering import STYLE, environment

FOLDER = Path(__file__).parent / "templates"
_CSS = "\n" + STYLE.read_text(encoding="utf-8") + (FOLDER / "pages.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()

HEADERS = {
    # Airflow shows the pages in a frame of its own, and nobody else may.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Views:
    """The pages in one time zone."""

    def __init__(self, timezone: str) -> None:
        self._templates = environment(FOLDER, timezone=timezone)
        self._templates.globals |= {"style": Markup(_CSS), "shares_of": shares_of, "delivered_of": delivered_of}  # noqa: S704 - ours

    def page(self, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
        html = self._templates.get_template(template).render(values)
        return HTMLResponse(html, status_code, headers=HEADERS)
