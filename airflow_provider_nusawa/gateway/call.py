"""One exchange in flight: whether its first byte may still leave, whether it has left, and the switch that cuts it."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from traceback import format_tb

from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.exchange import Lost, Request

log = logging.getLogger(__name__)

_INTENT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def intent_clock() -> float:
    """Return the time in seconds by which it is told how old a record of an intent is.

    On Linux ``time.monotonic`` stands still while the machine is suspended; this goes on.
    """
    return time.clock_gettime(_INTENT_CLOCK)


class Withheld(Exception):
    """Raised inside a transport where the first byte would leave, had the call not been cut before."""


class Call:
    """Guards one request from before its connection to the end of its answer. Thread-safe.

    :param request: What is asked; the transport puts its query on the wire and shows it to no library before.
    :param limit_seconds: How long the whole call may take, name resolution included.
    :param leave_before: A time of ``intent_clock`` after which the first byte may not leave any more, because what
        was written down about the send no longer holds; None for no such limit.
    """

    def __init__(self, request: Request, limit_seconds: float, leave_before: float | None = None) -> None:
        self.request = request
        self.deadline = time.monotonic() + limit_seconds
        self.leave_before = leave_before
        self.bytes_left = False
        self.cut_by: Cause | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._waiting: threading.Event | None = None

    def begin(self) -> None:
        """Ask whether the request may begin; it may once, although libraries like to repeat a GET by themselves.

        :raises Withheld: if it had begun before, or if the call was cut or is too late.
        """
        with self._lock:
            if self.bytes_left:
                raise Withheld
            self._check()

    def leave(self) -> None:
        """Mark that bytes leave from here on.

        :raises Withheld: if the call was cut or is too late, in which case no byte may leave.
        """
        with self._lock:
            self._check()
            self.bytes_left = True

    def _check(self) -> None:
        if self.leave_before is not None and intent_clock() > self.leave_before and not self.bytes_left:
            self.cut_by = self.cut_by or Cause.LATE
        if self.cut_by is not None:
            raise Withheld

    def holds(self, fileno: int) -> None:
        """Name the open socket, so that a cut can end it even in the midst of a TLS handshake."""
        with self._lock:
            if self._socket is None:
                # A duplicate: wrapping in TLS detaches the original, and http.client closes it before the body ends.
                self._socket = socket.socket(fileno=os.dup(fileno))
            if self.cut_by is not None:
                self._shut()

    def wakes(self, waiting: threading.Event) -> None:
        """Name what a thread waits on while there is no socket, so that a cut can end that too."""
        with self._lock:
            self._waiting = waiting
            if self.cut_by is not None:
                waiting.set()

    def cut(self, cause: Cause) -> None:
        """End the call now, from any thread. The first cause stands."""
        with self._lock:
            if self.cut_by is None:
                self.cut_by = cause
                self._shut()
                if self._waiting is not None:
                    self._waiting.set()

    def lost(self, cause: Cause, error: Exception) -> Lost:
        """Say that no answer came. A cut explains the error that it made."""
        cause = self.cut_by or cause
        if self.bytes_left and cause in (Cause.DNS, Cause.CONNECT, Cause.TLS):
            cause = Cause.DROPPED  # the connection had been made: this came later
        if cause is Cause.FAULT:
            # Frames without the text: a stranger's error may quote the request.
            log.error("%s: %s\n%s", cause.value, type(error).__name__, "".join(format_tb(error.__traceback__)))
        by_us = self.cut_by is not None or isinstance(error, Withheld)
        return Lost(cause, self.bytes_left, cause.value if by_us else f"{cause.value} ({type(error).__name__})")

    def close(self) -> None:
        """Let go of the socket's duplicate; the connection itself may live on in a pool."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the other side was quicker
                self._socket.shutdown(socket.SHUT_RDWR)
