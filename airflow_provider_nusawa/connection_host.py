"""The gateway's base URL, out of what people write into a connection's host and port."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.settings import DEFAULT_HOST

_USUAL_PORTS = {"https": 443, "http": 80}
_OUR_PATHS = ("/api/", "/nusasms_api")  # pasted from the vendor's page; the dialects add them


def read_host(host: object, port: object = None) -> str:
    """Return scheme, host, port and path in one spelling, so that one account has one name.

    :param host: None or empty is the public gateway; without a scheme it is https.
    :param port: None, 0 or empty is the URL's own.
    :raises InvalidSettings: naming the field; a URL with a login in it is not repeated.
    """
    text = str(host or "").strip() or DEFAULT_HOST
    url = _split(text)
    number = _one_port(_own_port(url, text), _given_port(port))
    scheme = url.scheme.lower()
    name = url.hostname or ""
    name = f"[{name}]" if ":" in name else name
    with_port = name if number in (None, _USUAL_PORTS[scheme]) else f"{name}:{number}"
    return f"{scheme}://{with_port}{url.path.rstrip('/')}"


def _split(text: str) -> SplitResult:
    scheme, _, rest = text.rpartition("://")
    try:
        url = urlsplit(f"{scheme or 'https'}://{_bracketed(rest)}")
    except ValueError:  # such as unbalanced brackets
        raise _not_a_url(text) from None
    if url.scheme not in _USUAL_PORTS or not url.hostname or any(char.isspace() for char in text):
        raise _not_a_url(text)
    if url.username or url.password or url.query or url.fragment:
        raise _not_a_url(text)
    if url.path.startswith(_OUR_PATHS):
        what = f"host is {text!r}, and must end before {url.path!r}, which is added for every call"
        raise InvalidSettings(what, field="host")
    return url


def _bracketed(rest: str) -> str:
    # A URI connection loses the brackets of an IPv6 address.
    try:
        return f"[{ipaddress.IPv6Address(rest.rstrip('/'))}]"
    except ValueError:
        return rest


def _own_port(url: SplitResult, text: str) -> int | None:
    try:
        number = url.port
    except ValueError:
        raise _not_a_url(text) from None
    if number == 0:
        raise _not_a_url(text)
    return number


def _given_port(port: object) -> int | None:
    if port in (None, "", 0, "0"):
        return None
    if isinstance(port, bool) or not str(port).isdecimal() or not 1 <= int(str(port)) <= 65535:
        raise InvalidSettings(f"port is {port!r}, and must be a number from 1 to 65535, or empty", field="port")
    return int(str(port))


def _one_port(own: int | None, given: int | None) -> int | None:
    if own and given and own != given:
        raise InvalidSettings(f"port is {given}, but host says {own}; keep one of them", field="port")
    return given or own


def _not_a_url(text: str) -> InvalidSettings:
    # "@" and "?" are where a login would stand.
    shown = "not shown here, for it may hold a login" if "@" in text or "?" in text else repr(text)
    what = f"host is {shown}, and must be an http or https URL without login, query or spaces"
    return InvalidSettings(what, field="host")
