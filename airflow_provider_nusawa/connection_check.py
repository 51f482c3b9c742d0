"""What the test-connection button says: one sentence for each way it can end, fit for a browser.

Airflow hands it on unmasked, so it holds no text of any library, only ours.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.errors import Cause, InvalidSettings, Refused, Unreachable
from airflow_provider_nusawa.gateway.messages import Credits
from airflow_provider_nusawa.gateway.settings import Settings

LIMIT_SECONDS = 20.0
"""The API server answers the button while it waits: browsers and proxies give up before the usual 60 seconds."""

_LOGIN_REFUSED = {-5: "NusaSMS does not accept this login and password (-5)"}
_KEY_REFUSED = {401: "The gateway does not accept this login (HTTP 401)"}
"""With what to look at behind, which the dialect knows."""

_WHITE_LIST = (
    "have this machine's public IP address put on the account's white list, and those of all workers and triggerers too"
)
_BY_CODE = {
    -7: "The login works, but the balance has expired (-7); top it up before sending",
    -2: "The login works, but the account has no credits (-2); top it up before sending",
    -40: f"NusaSMS does not accept requests from this machine (-40); {_WHITE_LIST}",
}
_BY_HTTP_STATUS = {
    403: f"The gateway forbids the access (HTTP 403); {_WHITE_LIST}",
    404: "There is no gateway at this address (HTTP 404); look at host and API version",
    407: "The proxy wants a login (HTTP 407); look at HTTPS_PROXY of this machine",
    429: "The gateway had too many calls just now (HTTP 429); test again in a minute",
}
BY_CAUSE = {
    Cause.DNS: "The host's name cannot be resolved; look at its spelling, and at the DNS of this machine",
    Cause.CONNECT: "The connection was refused or found no way; look at host and port, and at the firewall",
    Cause.TLS: "The TLS handshake failed; look at host and port, and where a proxy renews certificates, at ca_bundle",
    Cause.PROXY: "The proxy refused; look at HTTPS_PROXY of this machine",
    Cause.TIMEOUT: "The gateway did not answer in time; look at host, port and firewall, or test again later",
    Cause.DROPPED: "The connection broke off before an answer came; look at host and port, or test again later",
    Cause.SERVER: "The gateway failed (HTTP 5xx); test again later",
    Cause.UNREADABLE: "Something answered that is not the gateway; look at host, port and API version",
    Cause.FAULT: "The test itself failed, which is a fault of this provider; the API server's log says where",
    Cause.TOO_LARGE: "Something answered that is not the gateway; look at host, port and API version",
}


def ask_balance(read_settings: Callable[[], Settings]) -> tuple[bool, str]:
    """Ask the account's balance, and say in one sentence whether that went well and what to mend.

    :param read_settings: Gives the settings; it may raise InvalidSettings.
    """
    # The gateway lists the addresses that may ask, and the button asks from the API server, not from a worker.
    asker, advice = f"Asked by {socket.gethostname()}", ""
    try:
        settings = read_settings()
        asker, advice = f"{asker} at {settings.host}", dialect_of(settings).login_advice(settings)
        well, sentence = _judge(_balance(settings), datetime.now(ZoneInfo(settings.timezone)).date())
    except Exception as error:  # noqa: BLE001 - Airflow would show the browser any exception's own text
        well, sentence = False, _sentence(error, advice)
    return well, f"{sentence}. {asker}."


def _balance(settings: Settings) -> Credits:
    from airflow_provider_nusawa.gateway.client import Client  # loads requests

    with Client(hurried(settings), attempts=1) as client:
        client.key_check()
        return client.credits()


def hurried(settings: Settings) -> Settings:
    """The same connection, with no more patience than a browser has."""
    return replace(settings, total_timeout_seconds=min(settings.total_timeout_seconds, LIMIT_SECONDS))


def _judge(balance: Credits, today: date) -> tuple[bool, str]:
    if balance.amount <= 0:
        return False, "The login works, but the account has no credits; top it up before sending"
    if balance.expires and balance.expires < today:
        expired = balance.expires.isoformat()
        return False, f"The login works, but its balance expired on {expired}; top it up before sending"
    until = f"to be used until {balance.expires.isoformat()}" if balance.expires else "and no expiry was told"
    return True, f"The account has {balance.amount:f} credits, {until}"


def _sentence(error: Exception, login_advice: str) -> str:
    if isinstance(error, InvalidSettings):
        return f"Mend the connection: {error.what}"
    if isinstance(error, Refused):
        return _refusal(error, login_advice)
    if isinstance(error, Unreachable):
        return BY_CAUSE.get(error.cause) or _capital(error.what)
    if type(error).__name__ == "AirflowNotFoundException":
        return "There is no such connection; save it first"
    return f"The test itself failed with {type(error).__name__}, of which no more can be shown here"


def _refusal(error: Refused, login_advice: str) -> str:
    if error.foreign:
        return f"NusaSMS does not accept requests from this machine; {_WHITE_LIST}"
    status = error.http_status if error.code is None else 0
    if refused := _LOGIN_REFUSED.get(error.code or 0) or _KEY_REFUSED.get(status):
        return f"{refused}; {login_advice}"
    return _BY_CODE.get(error.code or 0) or _BY_HTTP_STATUS.get(status) or _capital(error.what)


def _capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
