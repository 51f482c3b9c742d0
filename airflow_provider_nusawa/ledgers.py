"""The ledger that a connection's messages are on record in: where it lies, and that it is the one used before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook, Variable, conf
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from sqlalchemy.engine import URL

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.connection_settings import check_account, connection_async
from airflow_provider_nusawa.ledger.errors import LedgerMissing, LedgerUnfit
from airflow_provider_nusawa.ledger.place import default_file
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.masking import mask, mask_async

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_nusawa.gateway.settings import Settings

_ON_THIS_MACHINE = frozenset({"LocalExecutor", "SequentialExecutor", "DebugExecutor"})
_LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "options", "target_session_attrs")


def open_for_sending(settings: Settings, nusawa_conn_id: str) -> Ledger:
    """Open the ledger that remembers whom a connection has messaged. Its first use notes its id in a Variable.

    From then on no other ledger will do, and none is made: one that is empty would have everybody messaged again.

    :raises InvalidSettings: if the connection's account has no name there.
    :raises LedgerMissing: if the ledger noted is not where it was.
    :raises LedgerUnfit: if another one is there; or, without ``ledger_conn_id``, if tasks may run on other machines.
    :raises LedgerUnavailable: if its database is locked or away.
    """
    check_account(settings)
    variable = variable_of(nusawa_conn_id)
    noted = _read_variable(variable)
    try:
        ledger = open_ledger(place_of(settings), create=noted is None, on_ends=metrics.count_ends)
    except LedgerMissing as error:
        raise LedgerMissing(f"{error.what}; {_known_by(variable, noted)}") from error
    if noted is None:
        Variable.set(variable, ledger.id, description=f"The ledger of whom {nusawa_conn_id} has messaged")
    elif noted != ledger.id:
        ledger.close()
        raise LedgerUnfit(f"the ledger {ledger.id} is not the one used before; {_known_by(variable, noted)}")
    ledger.hold()
    return ledger


def open_for_reading(settings: Settings) -> Ledger:
    """Open the ledger to look into it, or to add what the gateway tells of messages that are on record.

    :raises LedgerMissing: if there is none.
    :raises LedgerUnfit: as ``open_for_sending``.
    """
    return open_ledger(place_of(settings), on_ends=metrics.count_ends)


def open_of_site() -> Ledger:
    """Open the ledger of those connections that name none, for what the gateway tells of its own accord.

    :raises LedgerMissing: if there is none.
    :raises LedgerUnfit: as ``open_for_sending``.
    """
    return open_ledger(_place(_configured()), on_ends=metrics.count_ends)


def is_named(settings: Settings) -> bool:
    """Whether somebody has said which ledger it is: then single sends, notifiers and sensors use it as campaigns do."""
    return bool(settings.ledger_conn_id or _configured())


def is_noted(nusawa_conn_id: str) -> bool:
    """Whether a ledger has been used for sending through this connection."""
    return _read_variable(variable_of(nusawa_conn_id)) is not None


def variable_of(nusawa_conn_id: str) -> str:
    """Return the name of the Airflow Variable that holds the ledger's id."""
    return f"nusawa_ledger_{nusawa_conn_id}"


def place_of(settings: Settings) -> URL:
    """Return where the ledger is: the connection's ``ledger_conn_id``, else ``[nusawa] ledger_conn_id``, else a file.

    :raises LedgerUnfit: without either, if tasks may run on other machines: each would have a file of its own.
    """
    return _place(settings.ledger_conn_id or _configured())


def _place(conn_id: str) -> URL:
    if conn_id:
        return url_of(BaseHook.get_connection(conn_id))
    if remote := remote_executor():
        what = (
            f"{remote} runs tasks on other machines, and a ledger in a file would be another one on each, so people "
            "would be messaged twice; make a PostgreSQL connection, and name it as ledger_conn_id in the extra of the "
            "nusawa connection"
        )
        raise LedgerUnfit(what)
    return URL.create("sqlite", database=str(default_file()))


async def place_of_async(hook: BaseHook, settings: Settings) -> URL:
    """As ``place_of``, without blocking the event loop.

    :param hook: Any hook: connections are fetched through it.
    """
    conn_id = settings.ledger_conn_id or _configured()
    if not conn_id:
        return place_of(settings)
    connection = await connection_async(hook, conn_id)
    await mask_async(connection.password or "")
    return _url_of(connection)


def url_of(connection: Connection) -> URL:
    """Read a connection of type ``postgres`` or ``sqlite``, whose host is then the file's path.

    :raises LedgerUnfit: for any other type.
    """
    mask(connection.password or "")
    return _url_of(connection)


def _url_of(connection: Connection) -> URL:
    if connection.conn_type == "sqlite":
        return URL.create("sqlite", database=connection.host)
    if connection.conn_type not in ("postgres", "postgresql"):
        what = (
            f"ledger_conn_id names {connection.conn_id!r} of type {connection.conn_type!r}; a ledger can be kept in "
            "PostgreSQL (type postgres) or in a file on this machine (type sqlite)"
        )
        raise LedgerUnfit(what)
    extra: dict[str, Any] = connection.extra_dejson
    return URL.create(
        "postgresql",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port or None,
        database=connection.schema or None,
        query={name: str(extra[name]) for name in _LIBPQ if extra.get(name)},
    )


def _configured() -> str:
    return str(conf.get("nusawa", "ledger_conn_id", fallback="") or "")


def remote_executor() -> str:
    """Return the name of an executor that runs tasks elsewhere; empty if all run on this machine."""
    if os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD"):  # whose pods say LocalExecutor of themselves
        return "KubernetesExecutor"
    named = conf.get("core", "executor", fallback="LocalExecutor").split(",")
    classes = [name.split("=")[-1].split(":")[-1].split(".")[-1].strip() for name in named]
    return next((name for name in classes if name not in _ON_THIS_MACHINE), "")


def _read_variable(name: str) -> str | None:
    nothing: dict[str, Any] = {"default" if AIRFLOW_V_3_0_PLUS else "default_var": None}
    found: str | None = Variable.get(name, **nothing)
    return found


def _known_by(variable: str, noted: str | None) -> str:
    return (
        f"the Airflow Variable {variable!r} says that {noted} knows who has been messaged. Bring that one back; or, if "
        "everybody may be messaged once more, delete the Variable"
    )
