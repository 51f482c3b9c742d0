"""The lists that a campaign's task names: rows, files, queries; each read as the campaign reads it, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, BaseHook

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.rows import Row, Source
from airflow_provider_nusawa.campaign.sources import from_cursor, from_file, from_list
from airflow_provider_nusawa.operators.any_path import path_of

_POSTGRESQL, _MYSQL = ("psycopg2", "psycopg"), ("MySQLdb", "pymysql")


@dataclass(frozen=True, slots=True)
class Named:
    """A list as a task's arguments name it, in one of three ways.

    :param name: Of the arguments: ``recipients``, with ``recipients_path`` and ``recipients_sql``.
    :param sql_conn_id: The Airflow connection that ``sql`` is asked through.
    """

    name: str
    rows: Any = None
    path: Any = None
    sql: str | None = None
    sql_conn_id: str | None = None
    number_field: str = "number"

    def source(self) -> Source:
        """Return what reads it, opened when the first row is asked for.

        :raises ListUnfit: if it is none.
        """
        if self.path is not None:
            return from_file(partial(_open_file, str(self.path)), self.number_field)
        if self.sql is not None:
            return from_cursor(partial(_open_query, str(self.sql_conn_id), self.sql), self.number_field)
        return from_list(self._checked_rows(), self.number_field)

    def _checked_rows(self) -> Iterable[Any]:
        rows = self.rows
        if rows is None:
            raise ListUnfit(f"{self.name} is None: the task that it comes from returned nothing")
        if isinstance(rows, (str, bytes)):
            what = (
                f"{self.name} is text and no list: pass the task's .output instead of a template, or set "
                "render_template_as_native_obj=True on the Dag"
            )
            raise ListUnfit(what)
        if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
            raise ListUnfit(f"{self.name} is a {type(rows).__name__}, and must be a list of numbers or of dicts")
        return rows


def watched(source: Source, before: Callable[[], None], is_told: Callable[[], bool]) -> Source:
    """Return a source that can be stopped while it is read.

    :param before: Called before the first row is read; it may refuse.
    :param is_told: Whether reading shall end now.
    """

    def rows() -> Iterator[Row]:
        before()
        with closing(source()) as found:  # type: ignore[type-var]
            for row in found:
                if is_told():
                    raise AirflowException("The task was told to stop while the list was read; nothing was planned.")
                yield row

    return rows


def _open_file(path: str) -> AbstractContextManager[BinaryIO]:
    if path.lstrip().startswith(("[", "{")):
        raise ListUnfit("the path is a list or dict that a template has made text of: give it as rows instead")
    try:
        opened: AbstractContextManager[BinaryIO] = path_of(path).open("rb")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise AirflowException(f"{path!r} cannot be read ({why}). Nothing was planned or sent.") from error
    return opened


@contextmanager
def _open_query(sql_conn_id: str, sql: str) -> Iterator[Any]:
    """Ask a database through an Airflow connection of whatever kind, and lend the cursor."""
    hook = BaseHook.get_hook(sql_conn_id)
    if not hasattr(hook, "get_conn"):
        raise AirflowFailException(f"The connection {sql_conn_id!r} leads to no database that can be asked in SQL.")
    with closing(hook.get_conn()) as connection, closing(streaming_cursor(connection)) as cursor:
        cursor.execute(sql)
        yield described(cursor)


def streaming_cursor(connection: Any) -> Any:
    """Return a cursor that leaves the rows with the server until they are fetched, where its driver has such a one."""
    driver = type(connection).__module__.split(".")[0]
    if driver in _POSTGRESQL and not connection.autocommit:
        return connection.cursor(name="nusawa")
    if driver in _MYSQL:
        return connection.cursor(import_module(f"{driver}.cursors").SSCursor)
    return connection.cursor()


def described(cursor: Any) -> Any:
    """Return the cursor once it can name its columns: a named one of psycopg2 cannot before something was fetched."""
    if cursor.description is None and getattr(cursor, "name", None):
        cursor.fetchmany(0)
    return cursor
