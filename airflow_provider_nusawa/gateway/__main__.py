"""The gateway from a terminal: ``check`` compares what it answers with what the readers expect.

Needs Airflow only for a connection that Airflow alone knows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_nusawa.connection_lookup import FORMS, settings_of
from airflow_provider_nusawa.gateway.contract import Check
from airflow_provider_nusawa.gateway.contract_report import heading, lines_of, summary
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.gateway.numbers import normalise_number

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all is as expected, 1 if not, 2 if it could not be asked."""
    given = _parser().parse_args(arguments)
    try:
        settings = settings_of(given.connection)
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
        help=f"{FORMS} (default: %(default)s)",
    )
    check.add_argument(
        "--send-to", metavar="NUMBER", help="also send one message, to this number; it costs a credit (default: none)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
