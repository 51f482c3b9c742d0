"""``python -m airflow_provider_nusawa.receiver``: callbacks on a port of its own, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.ledger.place import url_of
from airflow_provider_nusawa.receiver.desk import PATH, PREFIX, Desk
from airflow_provider_nusawa.receiver.tokens import SHORTEST, Tokens, usable
from airflow_provider_nusawa.receiver.writer import Writer

TOKEN, COMMAND, LEDGER = "NUSAWA_CALLBACK_TOKEN", "NUSAWA_CALLBACK_TOKEN_CMD", "NUSAWA_LEDGER"


def parser() -> argparse.ArgumentParser:
    described = argparse.ArgumentParser(
        prog="python -m airflow_provider_nusawa.receiver",
        description="Takes delivery callbacks of the NusaSMS gateway and puts them into a ledger.",
        epilog=f"${TOKEN} holds the tokens of the callback's URL, with commas between; or ${COMMAND} a command that "
        f"prints them, which is asked again each minute.",
    )
    add = described.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: for a proxy on this machine)")
    add("--port", type=int, default=8026, help="port to listen on; 0 takes any free one (8026)")
    add(
        "--ledger",
        default=os.environ.get(LEDGER),
        help=f"a SQLite file or a postgresql:// URL (${LEDGER}, else Airflow's)",
    )
    return described


def read_tokens(environ: Mapping[str, str]) -> str:
    """Return the tokens, from the environment or from the command that it names."""
    if command := environ.get(COMMAND):
        said = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True, timeout=10)  # noqa: S603
        return said.stdout.strip()
    return environ.get(TOKEN, "")


async def _serve(desk: Desk, listening: socket.socket) -> None:
    from airflow_provider_nusawa.receiver.server import serve  # loads aiohttp

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}{PREFIX}{PATH}"
    await serve(desk, listening, stop, lambda: print(f"callbacks  {address}?token=…", flush=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the receiver; return the exit code: 0 when stopped, 2 when it could not start."""
    from airflow_provider_nusawa.ledger.store import open_ledger  # loads sqlalchemy

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    options = parser().parse_args(arguments)
    try:
        if not usable(read_tokens(os.environ)):
            raise OSError(f"${TOKEN} holds no token of {SHORTEST} characters or more; ${COMMAND} is not set either")
        open_ledger(url_of(options.ledger)).close()
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        listening = socket.create_server((options.host, options.port), family=family, backlog=1024)
    except (NusaWaError, OSError, OverflowError, subprocess.SubprocessError) as error:
        # A command's error quotes the command, which may hold a secret.
        why = "the token's command failed" if isinstance(error, subprocess.SubprocessError) else error
        print(f"cannot start: {why}", file=sys.stderr)
        return 2
    desk = Desk(
        Tokens(lambda: read_tokens(os.environ)),
        Writer(lambda: open_ledger(url_of(options.ledger))),
    )
    asyncio.run(_serve(desk, listening))
    return 0


if __name__ == "__main__":
    sys.exit(main())
