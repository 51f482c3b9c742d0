"""The gateway from a terminal: ``check`` compares what it answers with what the readers expect.

Needs Airflow only for a connection that Airflow alone knows.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_nusawa.connection_settings import read_settings
from airflow_provider_nusawa.connection_text import is_written_out, read_connection
from airflow_provider_nusawa.gateway.contract import Check
from airflow_provider_nusawa.gateway.contract_report import heading, lines_of, summary
from airflow_provider_nusawa.gateway.errors import InvalidSettings, NusaWaError
from airflow_provider_nusawa.gateway.numbers import normalise_number

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.hooks import NusaWaHook


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all is as expected, 1 if not, 2 if it could not be asked."""
    given = _parser().parse_args(arguments)
    try:
        settings = _settings(given.connection)
        send_to = normalise_number(given.send_to, settings.default_region) if given.send_to else ""
        return _check(settings, send_to)
    except NusaWaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _check(settings: Settings, send_to: str) -> int:
    print(heading(settings, send_to))
    findings = []
    for finding in Check(settings, send_to).run():
        findings.append(finding)
        print(*lines_of(finding), sep="\n", flush=True)
    print(summary(findings))
    return int(any(finding.differences for finding in findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_nusawa.gateway", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="compare the gateway's answers with what is expected of them")
    check.add_argument(
        "--connection",
        default="nusawa_default",
        metavar="ID|JSON|URI|-",
        help="an Airflow connection id, looked for in AIRFLOW_CONN_… first; a connection as JSON or URI; or - to read "
        "that from standard input, where no list of processes shows it (default: %(default)s)",
    )
    check.add_argument(
        "--send-to", metavar="NUMBER", help="also send one message, to this number; it costs a credit (default: none)"
    )
    return parser


def _settings(connection: str) -> Settings:
    text = sys.stdin.read() if connection == "-" else connection
    if not is_written_out(text):
        text = os.environ.get(f"AIRFLOW_CONN_{text.strip().upper()}", "") or text.strip()
    if is_written_out(text):
        return read_settings(read_connection(text))
    try:
        from airflow_provider_nusawa.hooks import NusaWaHook as Hook  # Airflow, and only where it is needed
    except ImportError:
        what = f"AIRFLOW_CONN_{text.upper()} is not set, and there is no Airflow here to ask"
        raise InvalidSettings(what, field="connection") from None
    return _ask_airflow(Hook(text))


def _ask_airflow(hook: NusaWaHook) -> Settings:
    try:
        return hook.settings
    except NusaWaError:
        raise
    except Exception as error:
        # Whatever Airflow raises where it has no such connection, or no database.
        what = f"Airflow gives no connection {hook.nusawa_conn_id!r} ({type(error).__name__})"
        raise InvalidSettings(what, field="connection") from error


if __name__ == "__main__":
    sys.exit(main())
