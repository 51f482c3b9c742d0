"""What an answer means that carries no word of the gateway's own: its HTTP status decides, by one table."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, OutcomeUnknown, Refused, Scope, Unreachable

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.codes import Code
    from airflow_provider_nusawa.gateway.exchange import Reply

# Answers that a server gives before it acts, so that nothing was taken (assumed: no page says so). A status that is not
# here proves nothing, and a send that gets it is unknown.
_HTTP_REFUSALS: dict[int, tuple[Scope, str]] = {
    400: (Scope.MESSAGE, "the request was not understood; if all fail so, look at host in the connection"),
    401: (Scope.ACCOUNT, "the login was refused: look at login and password in the connection"),
    403: (
        Scope.ACCOUNT,
        "access was forbidden: look whether this machine's IP address is on the account's white list, "
        "and whether a proxy or firewall stands between",
    ),
    404: (Scope.ACCOUNT, "there is no gateway at this address: look at host and api_version in the connection"),
    405: (Scope.ACCOUNT, "this address does not take such requests: look at host in the connection"),
    407: (Scope.ACCOUNT, "the proxy wants a login: look at this machine's proxy settings (HTTPS_PROXY)"),
    411: (Scope.ACCOUNT, "something on the way wants a length: look at host and at this machine's proxy settings"),
    413: (Scope.MESSAGE, "the request was too large for the gateway or a proxy"),
    414: (Scope.MESSAGE, "the address was too long for the gateway or a proxy"),
    415: (Scope.ACCOUNT, "this address does not take such bodies: look at host in the connection"),
}
_REDIRECT = (
    Scope.ACCOUNT,
    "a redirect, which is not followed because it would hand on the password: look at host in the connection",
)
MAX_RETRY_AFTER_SECONDS = 86_400.0
"""A longer wait than a day is taken for garbage."""


def is_success(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def code_error(code: Code, *, http_status: int = 200, destination: str = "") -> Refused:
    """Return the refusal that a negative code of the gateway means."""
    what = f"the gateway refused with {code.number} {code.name}: {code.meaning}"
    return Refused(what, scope=code.scope, code=code.number, http_status=http_status, destination=destination)


def http_scope(status: int) -> Scope | None:
    """Return whom an HTTP status concerns; None for one that proves nothing."""
    return _HTTP_REFUSALS[status][0] if status in _HTTP_REFUSALS else None


def http_error(reply: Reply, *, sends: bool, destination: str = "") -> NusaWaError:
    """Return what a reply means whose body says nothing of ours.

    :param sends: Whether it answers a send; then what proves nothing is unknown, otherwise merely a failed look.
    """
    if reply.status == 429:
        return Refused(
            "too many requests (HTTP 429): lower rate_per_second in the connection",
            scope=Scope.TRANSIENT,
            http_status=429,
            retry_after=retry_after_seconds(reply),
            destination=destination,
        )
    scope, why = _REDIRECT if 300 <= reply.status < 400 else _HTTP_REFUSALS.get(reply.status, (None, ""))
    # To a question, 400 and the like say nothing of the account: ask again later.
    if scope is Scope.ACCOUNT or (scope and sends):
        what = f"the answer was HTTP {reply.status}: {why}"
        return Refused(what, scope=scope, http_status=reply.status, destination=destination)
    return no_answer(reply, sends=sends, destination=destination)


def no_answer(reply: Reply, *, sends: bool, destination: str = "", why: str = "") -> OutcomeUnknown | Unreachable:
    """Return what a reply means that settles nothing: unknown for a send, a failed look for a question.

    :param why: One clause; without it the text tells the HTTP status and the size, never the body.
    """
    failed = reply.status == 408 or reply.status >= 500
    cause = Cause.SERVER if failed else Cause.UNREADABLE
    what = why or f"{cause.value} (HTTP {reply.status}, {len(reply.body)} bytes)"
    kind = OutcomeUnknown if sends else Unreachable
    return kind(what, cause=cause, destination=destination)


def retry_after_seconds(reply: Reply) -> float | None:
    """Return how long the answer asks to wait, told in seconds or as an HTTP date; None if it does not say."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return _bounded(float(told))
    date = _http_date(told)
    if date is None:
        return None
    # Against the server's own clock where it tells it: ours may differ.
    now = _http_date(reply.headers.get("date", "")) or datetime.now(timezone.utc)
    return _bounded((date - now).total_seconds())


def _bounded(seconds: float) -> float | None:
    return seconds if 0 <= seconds <= MAX_RETRY_AFTER_SECONDS else None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None  # empty, or no date
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
