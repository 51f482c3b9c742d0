"""Read an Airflow connection into ``Settings``: the same from URI, JSON, environment and UI, or say why not."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_provider_nusawa.connection_fields import FIELD_NAMES, FIELDS
from airflow_provider_nusawa.connection_host import read_host
from airflow_provider_nusawa.connection_values import read_text, read_value, wrong
from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.errors import InvalidMessage, InvalidSettings
from airflow_provider_nusawa.gateway.messages import mask_number
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.masking import mask, mask_async

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseHook, Connection

    from airflow_provider_nusawa.connection_text import Written

log = logging.getLogger(__name__)

_SAFE_MODE = ("only_to", "redirect_to")
_OLD_PREFIX = "extra__nusawa__"


def settings_from(connection: Connection) -> Settings:
    """Read a connection, and have Airflow mask its password in every spelling.

    :raises InvalidSettings: naming the field, what stands in it and what may, but never the password.
    """
    mask(_password(connection))
    return read_settings(connection)


async def settings_from_async(hook: BaseHook, conn_id: str) -> Settings:
    """Fetch a connection and read it as ``settings_from`` does, without blocking the event loop."""
    connection = await connection_async(hook, conn_id)
    await mask_async(_password(connection))
    return read_settings(connection)


async def connection_async(hook: BaseHook, conn_id: str) -> Connection:
    """Fetch a connection without blocking the event loop."""
    from airflow.providers.common.compat.sdk import Connection
    from asgiref.sync import sync_to_async

    # Before 3.3.2, aget_connection masks with a blocking call that may wait for itself (DeadlockImminentError);
    # aextra_dejson came with the mend. compat's get_async_connection knows that, but not in 1.20, Python 3.10's last.
    if hasattr(Connection, "aextra_dejson"):
        return await hook.aget_connection(conn_id)
    found: Connection = await sync_to_async(hook.get_connection)(conn_id)
    return found


def read_settings(connection: Connection | Written) -> Settings:
    """Read a connection, wherever it comes from, and tell nobody's masker of its password.

    :raises InvalidSettings: as ``settings_from``.
    """
    password = Secret(_password(connection))
    try:
        settings = _read(connection, password)
        _check_login(settings)
    except InvalidSettings as error:
        # Somebody may have typed the password into the wrong field.
        raise InvalidSettings(password.hide_in(error.what), field=error.field) from None
    return settings


def _password(connection: Connection | Written) -> str:
    """Return the password without the line break that files of secrets like to end with."""
    return read_text("password", connection.password).rstrip("\r\n")


def _read(connection: Connection | Written, password: Secret) -> Settings:
    extra = _extra(connection.extra)
    values: dict[str, Any] = {field.name: read_value(field, extra.get(field.name)) for field in FIELDS}
    values["default_region"] = _region(values["default_region"])
    for name in _SAFE_MODE:
        values[name] = [_phone(name, one, values["default_region"]) for one in values[name]]
    if len(values["redirect_to"]) > 1:
        raise InvalidSettings("redirect_to holds several numbers, and must be one", field="redirect_to")
    values["only_to"] = frozenset(values["only_to"])
    values["redirect_to"] = "".join(values["redirect_to"])
    _check_timezone(values["timezone"])
    _check_ca_bundle(values["ca_bundle"])
    login = read_text("login", connection.login).strip()
    return Settings(login=login, password=password, host=read_host(connection.host, connection.port), **values)


def _extra(raw: object) -> Mapping[str, object]:
    # Not by Airflow's extra_dejson: it logs what it cannot parse and goes on without, and it blocks an event loop.
    try:
        extra = json.loads(raw) if isinstance(raw, str) and raw.strip() else raw or {}
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise InvalidSettings("the connection's extra is not a JSON object", field="extra")
    # The test button of Airflow 2.11 posts every field twice, with a prefix and without.
    old = {name.removeprefix(_OLD_PREFIX): value for name, value in extra.items() if name.startswith(_OLD_PREFIX)}
    known = old | {name: value for name, value in extra.items() if not name.startswith("extra__")}
    unknown = sorted(set(known) - FIELD_NAMES)
    for name in unknown:
        _refuse_misspelt_safe_mode(name)
    if unknown:
        log.warning("The connection holds extras that nothing reads: %s.", ", ".join(unknown))
    return known


def _refuse_misspelt_safe_mode(name: str) -> None:
    # A misspelt time-out does little; a misspelt safe mode would message real people from staging.
    from difflib import get_close_matches

    meant = get_close_matches(name.lower().replace("-", "_"), _SAFE_MODE, n=1, cutoff=0.8)
    if meant:
        what = f"the extra {name} is unknown; if {meant[0]} is meant, people would be messaged whom it should spare"
        raise InvalidSettings(what, field=name)


def _region(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise wrong("default_region", text, "a country in two letters, such as ID")
    return text.upper()


def _phone(name: str, raw: object, region: str) -> str:
    from airflow_provider_nusawa.gateway.numbers import normalise_number  # may load phonenumbers

    try:
        if isinstance(raw, bool) or not isinstance(raw, (str, int)):
            raise InvalidMessage("a number is digits, as text")
        return normalise_number(raw, region)
    except InvalidMessage as error:
        raise InvalidSettings(f"{name} holds {mask_number(str(raw))!r}: {error.what}", field=name) from None


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: the name of a directory, such as "Asia"
        raise wrong("timezone", name, "an IANA time zone, such as Asia/Jakarta") from None


def _check_ca_bundle(path: str) -> None:
    if path and not Path(path).is_file():
        raise wrong("ca_bundle", path, "a PEM file on each machine that runs tasks, triggers or the API server")


def _check_login(settings: Settings) -> None:
    dialect_of(settings).check_settings(settings)
    if settings.ledger_conn_id:
        check_account(settings)


def check_account(settings: Settings) -> None:
    """Raise InvalidSettings where a ledger could not tell the account from others of the same host."""
    if not settings.login:
        what = "login is empty, and a ledger tells accounts apart by it; with v1, any name for the account will do"
        raise InvalidSettings(what, field="login")
