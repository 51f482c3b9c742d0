"""Deciding: ``retry`` and ``resolve``. Both are put on record with who and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

import click

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger import acts
from airflow_provider_nusawa.ledger.acts import Again
from airflow_provider_nusawa.ledger.cli.looking import rehearsal
from airflow_provider_nusawa.ledger.cli.root import Ledger, number_of, who, with_ledger
from airflow_provider_nusawa.ledger.listing import find_campaign, unknown_of

reason = click.option("--reason", required=True, help="Why, for the record.")
region = click.option("--region", default="ID", show_default=True, help="Of numbers without a country code.")


@click.command()
@click.argument("name")
@rehearsal
@click.option("--refused", "again", flag_value=Again.REFUSED.value, help="Those that the gateway refused.")
@click.option("--failed", "again", flag_value=Again.FAILED.value, help="Those accepted that it then gave up on.")
@click.option("--unknown", "again", flag_value=Again.UNKNOWN.value, help="Those perhaps sent: some may get it twice.")
@reason
@click.option("--yes", is_flag=True, help="Do not ask whether people may get it twice.")
@with_ledger
def retry(ledger: Ledger, *, name: str, rehearsal: bool, again: str | None, reason: str, yes: bool) -> None:
    """Plan some recipients of a campaign once more; its next run sends to them."""
    if again is None:
        raise click.UsageError("name one of --refused, --failed, --unknown")
    if Again(again) is Again.UNKNOWN and not yes:
        click.confirm("Who has got the message already will get it twice. Go on?", abort=True)
    key = ledger.read(lambda tx: find_campaign(tx, name, redirected=rehearsal))
    planned = ledger.write(lambda tx: acts.retry(tx, key, Again(again), who=who(), reason=reason))
    click.echo(f"{planned} recipients are planned again")


@click.command()
@click.argument("name")
@click.argument("decisions", type=click.File(encoding="utf-8-sig"))
@rehearsal
@reason
@region
@with_ledger
def resolve(ledger: Ledger, *, name: str, decisions: TextIO, rehearsal: bool, reason: str, region: str) -> None:
    """Say what became of unknown ones, from a CSV with the columns number, outcome (accepted, refused), message_id."""
    key = ledger.read(lambda tx: find_campaign(tx, name, redirected=rehearsal))
    unknown = ledger.read(lambda tx: unknown_of(tx, key))
    told = _read(csv.DictReader(decisions), region)
    chosen = {unknown[number]: decision for number, decision in told.items() if number in unknown}
    resolved = ledger.write(lambda tx: acts.resolve(tx, chosen, who=who(), reason=reason))
    click.echo(
        f"{resolved} of {len(unknown)} unknown recipients are resolved; {len(told) - resolved} lines named others"
    )


def _read(rows: Iterable[dict[str, str]], region: str) -> dict[str, tuple[Outcome, str]]:
    told: dict[str, tuple[Outcome, str]] = {}
    for place, row in enumerate(rows, 2):
        outcome = (row.get("outcome") or "").strip().lower()
        if outcome not in ("accepted", "refused") or not row.get("number"):
            raise click.ClickException(f"line {place} needs a number, and accepted or refused as its outcome")
        told[number_of(row["number"], region)] = (Outcome(outcome), (row.get("message_id") or "").strip())
    return told
