"""Deciding to send again: ``retry``. It is put on record with who and why."""

from __future__ import annotations

import click

from airflow_provider_nusawa.ledger import acts
from airflow_provider_nusawa.ledger.acts import Again
from airflow_provider_nusawa.ledger.cli.looking import rehearsal
from airflow_provider_nusawa.ledger.cli.root import Ledger, who, with_ledger
from airflow_provider_nusawa.ledger.listing import find_campaign

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
