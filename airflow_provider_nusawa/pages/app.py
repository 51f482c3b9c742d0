"""The pages' routes. Each asks for Airflow's login, and each is whole without JavaScript."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.numbers import normalise_number
from airflow_provider_nusawa.ledger.errors import LedgerError
from airflow_provider_nusawa.ledger.listing import NoSuchCampaign
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledgers import open_of_site
from airflow_provider_nusawa.pages.access import login_url, may_look
from airflow_provider_nusawa.pages.seen import A_PAGE, Seen
from airflow_provider_nusawa.pages.views import HEADERS, Views
from airflow_provider_nusawa.report.figures import CampaignFigures
from airflow_provider_nusawa.site_config import SECTION, conf

UNKNOWN_SHOWN = 20
DEFAULT_TIMEZONE = "Asia/Jakarta"
STATES = tuple(state.value for state in Sending)

Name = Annotated[str, Query(max_length=250)]
Rehearsal = Annotated[bool, Query()]


def make_app() -> FastAPI:
    """Return the application over the site's ledger."""
    timezone = conf().get(SECTION, "timezone", fallback=DEFAULT_TIMEZONE)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(may_look)])
    seen, views = Seen(open_of_site), Views(timezone)
    _add_campaigns(app, seen, views)
    _add_recipients(app, seen, views)
    _add_errors(app, views)
    return app


def _add_campaigns(app: FastAPI, seen: Seen, views: Views) -> None:
    @app.get("/", response_class=HTMLResponse)
    def campaigns(before: Annotated[int | None, Query()] = None) -> Response:
        found, older = seen.campaigns(before)
        return views.page("campaigns.html", campaigns=found, older=older, is_first=before is None)

    @app.get("/campaign", response_class=HTMLResponse)
    def campaign(name: Name, rehearsal: Rehearsal = False) -> Response:
        figures = _figures(seen, name, rehearsal)
        unknown: list[Any] = []
        if figures.progress.equation.unknown:
            which = figures.progress.redirected
            unknown = seen.recipients(name, rehearsal=which, state=Sending.UNKNOWN, most=UNKNOWN_SHOWN)
        return views.page("campaign.html", f=figures, unknown=unknown)


def _add_recipients(app: FastAPI, seen: Seen, views: Views) -> None:
    @app.get("/recipients", response_class=HTMLResponse)
    def recipients(name: Name, rehearsal: Rehearsal = False, state: str = "", after: int = 0) -> Response:
        if state and state not in STATES:
            raise HTTPException(404, "There is no such state.")
        chosen = Sending(state) if state else None
        rows = seen.recipients(name, rehearsal=rehearsal, state=chosen, after=after, most=A_PAGE + 1)
        shown: dict[str, Any] = {"rows": rows[:A_PAGE], "more": len(rows) > A_PAGE, "state": state, "said": ""}
        return views.page("recipients.html", name=name, rehearsal=rehearsal, states=STATES, **shown)

    @app.post("/recipients", response_class=HTMLResponse)
    def person(name: Name, number: Annotated[str, Form(max_length=40)], rehearsal: Rehearsal = False) -> Response:
        """Find one recipient. By POST, so that no access log holds the number."""
        rows, said = [], "Nobody of that number is in this campaign."
        try:
            row = seen.person(name, normalise_number(number), rehearsal=rehearsal)
        except InvalidMessage as error:
            row, said = None, f"That is no number: {error.what}."
        if row:
            rows, said = [row], "Found."
        shown: dict[str, Any] = {"rows": rows, "more": False, "state": "", "said": said}
        return views.page("recipients.html", name=name, rehearsal=rehearsal, states=STATES, **shown)


def _add_errors(app: FastAPI, views: Views) -> None:
    @app.exception_handler(AnyHTTPException)
    async def refused(request: Request, error: AnyHTTPException) -> Response:
        login = login_url() if error.status_code == 401 else ""
        return views.page("refused.html", error.status_code, why=str(error.detail), login=login, renews=False)

    @app.exception_handler(LedgerError)
    async def without_ledger(request: Request, error: LedgerError) -> Response:
        status = 404 if isinstance(error, NoSuchCampaign) else 503
        why = f"{error.what[:1].upper()}{error.what[1:]}."
        return views.page("refused.html", status, why=why, login="", renews=status == 503)

    @app.middleware("http")
    async def with_headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _figures(seen: Seen, name: str, rehearsal: bool) -> CampaignFigures:
    """Return a campaign's figures; its rehearsal's where there is nothing else. A task's link knows only the name."""
    try:
        return seen.figures(name, rehearsal=rehearsal)
    except NoSuchCampaign as error:
        try:
            return seen.figures(name, rehearsal=True)
        except NoSuchCampaign:
            raise error from None
