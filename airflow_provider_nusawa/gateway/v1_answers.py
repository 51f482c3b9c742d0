"""The envelope of API v1.0, and what its three shapes of failure mean. Its failures bear words, hardly ever codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.gateway.bodies import parse_json, text_of
from airflow_provider_nusawa.gateway.codes import CODES
from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused, Scope
from airflow_provider_nusawa.gateway.refusals import code_error, http_error, http_scope, is_success, no_answer

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.exchange import Reply
    from airflow_provider_nusawa.gateway.settings import Settings

Fields = dict[str, Any]

# A word about the option include_unsubscribe is none about the person.
_OPTED_OUT = re.compile(r"(?<!include[ _-])unsubscri|opt(ed)?[ -]?out|berhenti berlangganan", re.IGNORECASE)
_FOREIGN = re.compile(r"\bip\b|white.?list", re.IGNORECASE)
# A: the vendor lists no messages. The first row that fits counts; what fits none is shown in the vendor's words.
_WORDS: list[tuple[re.Pattern[str], Scope]] = [
    (_OPTED_OUT, Scope.RECIPIENT),
    (_FOREIGN, Scope.ACCOUNT),
    (re.compile(r"balance|credit|saldo|quota|kuota", re.IGNORECASE), Scope.ACCOUNT),
    (re.compile(r"api.?key|unauthori[sz]ed|not authenticated|forbidden", re.IGNORECASE), Scope.ACCOUNT),
    # Options that all messages of a run share.
    (re.compile(r"sender|include[ _-]unsubscri", re.IGNORECASE), Scope.ACCOUNT),
    (re.compile(r"destination|recipient|phone|nomor|spam", re.IGNORECASE), Scope.RECIPIENT),
    (re.compile(r"too many requests|rate limit|try again", re.IGNORECASE), Scope.TRANSIENT),
    (re.compile(r"caption|media|file|too long|queue", re.IGNORECASE), Scope.MESSAGE),
]

_UNSUBSCRIBED = "this person has unsubscribed: "
_NOT_LISTED = "this machine's IP address is not on the account's white list: "

_SECRET_LIKE = re.compile(r"[0-9A-Za-z+/=_-]{16,}")
_NO_SECRETS = frozenset({"include_unsubscribe"})
"""Fields of a request whose names are as long as a secret."""
_LONG_DIGITS = re.compile(r"\d[\d .()-]{3,}(?=\d{4})")
_MAX_WORDS = 200


def read_data(reply: Reply) -> Fields | None:
    """Return the ``data`` of a success; None for anything else."""
    envelope = parse_json(reply.body)
    if not (is_success(reply) and isinstance(envelope, dict) and envelope.get("error") is False):
        return None
    data = envelope.get("data")
    return data if isinstance(data, dict) else None


def text_in(data: Fields, name: str) -> str:
    return text_of(data.get(name)) or ""


def failure(reply: Reply, settings: Settings, *, sends: bool, destination: str = "") -> NusaWaError:
    """Return what a reply means that is no success.

    A refusal is believed in a 2xx and in a 4xx. A 5xx proves nothing, whatever its body says, and neither does 408.

    :param settings: The connection's: what the vendor says may repeat its secret, and the error may not.
    :param sends: Whether it answers a send. A question is only refused where that concerns the account.
    """
    said = _said(reply)
    settles = is_success(reply) or (400 <= reply.status < 500 and reply.status not in (408, 429))
    if said is None or not settles:
        return http_error(reply, sends=sends, destination=destination)
    words, code = said
    refusal = _refusal(settings.password.hide_in(words), code, reply, destination)
    if sends or refusal.scope is Scope.ACCOUNT:
        return refusal
    return no_answer(reply, sends=False, why=refusal.what)


def _said(reply: Reply) -> tuple[str, int | None] | None:
    """Return the vendor's words and code of a failure; None where the body is no failure of the gateway's."""
    body = parse_json(reply.body)
    if not isinstance(body, dict):
        return None
    if body.get("error") is True:
        words = filter(None, (text_in(body, "message"), text_in(body, "description")))
        code = text_in(body, "error_code")
        return ": ".join(words), int(code) if re.fullmatch(r"-\d{1,5}", code) else None
    details = body.get("detail")
    if reply.status == 422 and isinstance(details, list):
        return "; ".join(_detail(item) for item in details if isinstance(item, dict)), None
    return None


def _detail(item: Fields) -> str:
    place = item.get("loc")
    field = text_of(place[-1]) if isinstance(place, list) and place else ""
    return f"{field}: {text_in(item, 'msg')}"


def _refusal(words: str, code: int | None, reply: Reply, destination: str) -> Refused:
    if code in CODES:  # A: where v1.0 numbers a failure as v3 does, it means the same
        return code_error(CODES[code], http_status=reply.status, destination=destination)
    shown = f'"{_harmless(words)}"' if words else "no reason"
    scope = _scope(words, reply.status)
    opted_out = scope is Scope.RECIPIENT and bool(_OPTED_OUT.search(words))
    foreign = scope is Scope.ACCOUNT and bool(_FOREIGN.search(words))
    meaning = _UNSUBSCRIBED if opted_out else _NOT_LISTED if foreign else ""
    return Refused(
        f"{meaning}the gateway refused (HTTP {reply.status}) and gave {shown}",
        scope=scope,
        code=code,
        http_status=reply.status,
        opted_out=opted_out,
        foreign=foreign,
        destination=destination,
    )


def _scope(words: str, status: int) -> Scope:
    if status == 401:
        return Scope.ACCOUNT  # whatever it says, no message can succeed
    by_words = next((scope for pattern, scope in _WORDS if pattern.search(words)), None)
    return by_words or http_scope(status) or (Scope.MESSAGE if status == 422 else Scope.UNLISTED)


def _harmless(words: str) -> str:
    """Return the vendor's words on one line, without what may be a key or a number."""
    line = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    line = _SECRET_LIKE.sub(lambda found: found[0] if found[0] in _NO_SECRETS else "…", line)
    return _LONG_DIGITS.sub("…", line)[:_MAX_WORDS].rstrip(". ")
