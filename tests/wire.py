"""A wire between a client and the gateway, which a test can cut in two ways, and mend: a TCP proxy in a thread."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 seconds: closing sends RST."""


class Wire:
    """Use it as a context manager; ``url`` leads through it.

    :param url: Where it leads.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = (str(parts.hostname), int(parts.port or 80))
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._flows = threading.Event()
        self._flows.set()
        self._breaks = False
        self._open: list[socket.socket] = []

    def __enter__(self) -> Wire:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flows.set()
        self.cut()
        self._listening.close()

    def swallow(self) -> None:
        """Let nothing through in either direction, and tell nobody: as a firewall that drops packets."""
        self._flows.clear()

    def cut(self) -> None:
        """Reset every connection, also each that comes from now on: as a router that goes away."""
        self._breaks = True
        for one in self._open:
            _reset(one)
        self._open.clear()

    def mend(self) -> None:
        """Let all through again; what was swallowed is lost with its connections."""
        if not self._flows.is_set():
            self.cut()
            self._flows.set()
        self._breaks = False

    def _serve(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                here, _ = self._listening.accept()
                self._connect(here)

    def _connect(self, here: socket.socket) -> None:
        if self._breaks:
            _reset(here)
            return
        there = socket.create_connection(self._there)
        self._open += [here, there]
        for one, other in ((here, there), (there, here)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._flows.wait()
                other.sendall(data)
        _reset(other)


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)
    one.close()
