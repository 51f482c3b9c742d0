"""requests' connections, taught to ask their call before the first byte leaves and to keep the query to themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from airflow_provider_nusawa.gateway.call import Call, Withheld

current = threading.local()
"""``current.call`` is the call that this thread is making."""


class _Watched:
    """A connection that asks its call before the first byte leaves, and that alone knows the query.

    The query of CREDITS and DR holds the password. urllib3 never gets it, so it is in none of its logs and errors.
    """

    sock: Any

    def _new_conn(self) -> Any:
        # Name resolution cannot be interrupted, so it runs aside: the caller leaves when the call is cut.
        return _aside(super()._new_conn, current.call)  # type: ignore[misc]

    def connect(self) -> None:
        self._connecting = True  # what a proxy is told (CONNECT) is not yet the request
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        current.call.begin()
        query = current.call.request.query
        super().putrequest(method, f"{url}?{query}" if query else url, *args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._connecting:
            current.call.holds(self.sock.fileno())
            current.call.leave()
        super().send(data)  # type: ignore[misc]

    _connecting = False


class _HTTPConnection(_Watched, HTTPConnection):
    pass


class _HTTPSConnection(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


def _aside(make_connection: Callable[[], Any], call: Call) -> Any:
    made: list[Any] = []
    failed: list[BaseException] = []
    done = threading.Event()  # it wakes the caller, whether the connection stands or the call is cut
    call.wakes(done)

    def close_if_cut() -> None:  # called on both sides: the cut may come between their looks
        if call.cut_by is not None:
            for connection in made:
                connection.close()

    def make() -> None:
        try:
            made.append(make_connection())
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            failed.append(error)
        close_if_cut()
        done.set()

    threading.Thread(target=make, name="nusawa-connect", daemon=True).start()
    done.wait()
    close_if_cut()
    if call.cut_by is not None:
        raise Withheld
    if failed:
        raise failed[0]
    call.holds(made[0].fileno())
    return made[0]


class WatchedAdapter(HTTPAdapter):
    """requests' adapter over such connections, behind proxies too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
