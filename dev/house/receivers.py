"""What takes callbacks, to be tried out: the receiver on its own, or an API server without the rest of Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_nusawa.ledger.store import open_ledger
from dev.house.house import STARTS_WITHIN_SECONDS, House, lay_database

HEALTH = "/api/v2/monitor/health"


@contextmanager
def receiver(ledger: Path, token: str, **environ: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the receiver as a process of its own over a ledger; yield its callbacks' address, and the process."""
    command = [sys.executable, "-m", "airflow_provider_nusawa.receiver", "--port", "0", "--ledger", str(ledger)]
    environ = {**os.environ, "NUSAWA_CALLBACK_TOKEN": token, **environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].partition("?")[0], process
        finally:
            process.kill()


@contextmanager
def api_server(say: Callable[[str], None], **environ: str) -> Iterator[House]:
    """Run an API server, up in seconds, over an empty ledger in its home."""
    house = House(environ=environ, say=say)
    lay_database(house.home, say)
    open_ledger(f"sqlite:///{house.home}/nusawa-ledger.sqlite", create=True).close()
    try:
        house.start_part("api-server")
        house.until(lambda: house.web.fetch("GET", HEALTH)[0] == 200, STARTS_WITHIN_SECONDS, house.last_words)
        yield house
    finally:
        house.stop()
