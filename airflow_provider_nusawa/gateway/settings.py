"""What a connection says, read once and checked: how to reach one account, and whom it may message."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlsplit

from airflow_provider_nusawa.gateway.errors import InvalidSettings

DEFAULT_HOST = "https://api.nusasms.com"


class Secret:
    """Text that never shows itself.

    ``reveal`` stands only where it goes on the wire, and ``spellings`` only where a masker is told.
    """

    SHORTEST = 5
    """Airflow masks nothing shorter: a word of four letters is found in too many innocent lines."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def spellings(self) -> list[str]:
        """Return the secret as it stands in text, in a path, in a query and in a form: for maskers. No two alike."""
        text = self._text
        return list(dict.fromkeys([text, quote(text), quote(text, safe=""), quote_plus(text)])) if text else []

    def hide_in(self, text: str) -> str:
        """Return the text with the secret starred in every spelling, for places that Airflow's masker does not see."""
        if len(self._text) < self.SHORTEST:
            return text
        for spelling in sorted(self.spellings(), key=len, reverse=True):
            text = text.replace(spelling, "***")
        return text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one account. Each value is explained, with its default, in ``connection_fields``.

    :param host: Base URL with scheme, without a trailing slash. Plain http only to loopback.
    :param only_to: Normalised numbers; where any are given, all others are refused here.
    :param redirect_to: Normalised number that gets every message instead of the person intended.
    :raises InvalidSettings: for a host that the password must not be sent to.
    """

    login: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    host: str = DEFAULT_HOST
    api_version: str = "v3"
    default_region: str = "ID"
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0
    total_timeout_seconds: float = 60.0
    rate_per_second: float = 20.0
    timezone: str = "Asia/Jakarta"
    ca_bundle: str = ""
    allow_insecure_http: bool = False
    ledger_conn_id: str = ""
    only_to: frozenset[str] = field(default=frozenset(), repr=False)
    redirect_to: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.host)
        except ValueError:  # such as half an IPv6 address
            url = urlsplit("")
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query:
            raise InvalidSettings("host must be a plain http or https URL without login or query", field="host")
        if url.scheme == "http" and not self.allow_insecure_http and not is_loopback(url.hostname):
            what = (
                f"plain http to {url.hostname} would show the password to the network; "
                "use https, or set allow_insecure_http"
            )
            raise InvalidSettings(what, field="host")

    @property
    def account(self) -> str:
        """What the gateway counts credits and calls by: the host and the login."""
        return f"{self.host}|{self.login}"


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, without asking any resolver."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name: only the resolver knows where it leads
