"""``python -m airflow_provider_nusawa.emulator``: the gateway on a port of its own, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Sequence
from datetime import date

from airflow_provider_nusawa.emulator import Account, Backend, fates
from airflow_provider_nusawa.emulator.accounts import DEMO_KEY
from airflow_provider_nusawa.emulator.serving import listen, run, url_of

TAKEN = 2


def parser() -> argparse.ArgumentParser:
    """Return the command line, magic numbers below it."""
    described = argparse.ArgumentParser(
        prog="python -m airflow_provider_nusawa.emulator",
        description="A NusaSMS WhatsApp gateway that delivers to nobody, with an inbox to look at.",
        epilog=f"magic numbers (xx is free):\n{fates.table()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = described.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: only this machine)")
    add("--port", type=int, default=8025, help="port to listen on; 0 takes any free one (8025)")
    add("--login", default="demo", help="API user (demo)")
    add("--password", default="demo-password", help="API password (demo-password)")
    add("--api-key", default=DEMO_KEY, help="API key of v1.0: 32 hex digits")
    add("--credits", type=int, default=1500, help="messages on the balance (1500)")
    add("--expires", type=date.fromisoformat, default=date(2099, 12, 31), help="last day of the balance (2099-12-31)")
    add("--allow-ip", action="append", default=[], help="only address that may call, repeatable (all may)")
    add("--callback-url", default="", help="where delivery reports are pushed (nowhere)")
    add("--letters", default="SD", help="what becomes of ordinary messages: SD delivered, SDR read, SF failed (SD)")
    add("--step-seconds", type=float, default=1.0, help="seconds from each of these letters to the next (1)")
    add("--daily-limit", type=int, help="messages to one number in 24 hours before -78 (no limit)")
    add("--rate", type=float, default=0.0, help="calls a second, spread evenly, before HTTP 429 (no limit)")
    add("--fates", action="store_true", help="print the magic numbers and stop")
    return described


def backend_of(options: argparse.Namespace) -> Backend:
    account = Account(
        login=options.login,
        password=options.password,
        api_key=options.api_key,
        balance=options.credits,
        expires=options.expires,
        allowed_ips=frozenset(options.allow_ip),
        callback_url=options.callback_url,
    )
    # Each start gives other ids: a ledger that outlives the emulator must not meet one twice.
    backend = Backend(account, first_serial=time.time_ns() // 1000)
    backend.rules.letters, backend.rules.step_seconds = options.letters, options.step_seconds
    backend.rules.messages_a_day = options.daily_limit
    backend.rules.hit_gap_seconds = 1 / options.rate if options.rate else 0.0
    return backend


def connection_line(url: str, account: Account) -> str:
    """Return what a shell needs to be told for Airflow to find this gateway."""
    value: dict[str, object] = {"conn_type": "nusawa", "host": url, "login": account.login}
    value["password"] = account.password
    if not url.startswith(("http://127.", "http://[::1]", "http://localhost")):
        value["extra"] = {"allow_insecure_http": True}
    return f"AIRFLOW_CONN_NUSAWA_DEFAULT={shlex.quote(json.dumps(value))}"


async def _serve(backend: Backend, listening: socket.socket) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    url = url_of(listening).replace("0.0.0.0", "127.0.0.1").replace("[::]", "127.0.0.1")  # noqa: S104

    def announce() -> None:
        print(f"inbox      {url}")
        print(f"connection {connection_line(url, backend.account)}", flush=True)

    await run(backend, listening, stop, announce)


def _reason(error: OSError | OverflowError) -> str:
    # Python appends the address, which the sentence has already; a resolver's errors have numbers below 0.
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number is not None and number > 0 else str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway; return the exit code: 0 when stopped, 2 when the port is taken."""
    options = parser().parse_args(arguments)
    if options.fates:
        print(fates.table())
        return 0
    try:
        listening = listen(options.host, options.port)
    except (OSError, OverflowError) as error:
        print(f"cannot listen on {options.host}:{options.port}: {_reason(error)}; try another --port", file=sys.stderr)
        return TAKEN
    asyncio.run(_serve(backend_of(options), listening))
    return 0


if __name__ == "__main__":
    sys.exit(main())
