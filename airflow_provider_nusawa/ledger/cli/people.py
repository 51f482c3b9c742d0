"""People's rights: ``suppress``, ``person``, ``forget``, ``purge``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import TextIO

import click
from rich.markup import escape
from rich.table import Table

from airflow_provider_nusawa.gateway.messages import mask_number
from airflow_provider_nusawa.ledger import people
from airflow_provider_nusawa.ledger.acts import note_act
from airflow_provider_nusawa.ledger.cli.deciding import reason, region
from airflow_provider_nusawa.ledger.cli.root import Ledger, as_json, console, moment, number_of, who, with_ledger
from airflow_provider_nusawa.ledger.journal_store import journal_of
from airflow_provider_nusawa.ledger.listing import harmless

_UNITS = {"d": 86_400, "h": 3_600}


@click.group()
def suppress() -> None:
    """People who said no: nothing is sent to them, by any campaign."""


@suppress.command()
@click.argument("numbers", nargs=-1, required=True)
@reason
@region
@with_ledger
def add(ledger: Ledger, numbers: tuple[str, ...], reason: str, region: str) -> None:
    """Have these numbers sent nothing any more."""
    _add(ledger, numbers, reason, region)


@suppress.command()
@click.argument("numbers", nargs=-1, required=True)
@reason
@region
@with_ledger
def remove(ledger: Ledger, numbers: tuple[str, ...], reason: str, region: str) -> None:
    """Take back a no, with the reason that allows it."""
    read = [number_of(raw, region) for raw in numbers]
    gone = ledger.write(lambda tx: people.unsuppress(tx, read, who=who(), reason=reason))
    click.echo(f"{gone} may be sent to again, {len(set(read)) - gone} had not said no")


@suppress.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@reason
@region
@with_ledger
def import_(ledger: Ledger, file: TextIO, reason: str, region: str) -> None:
    """Add all of a CSV with a column number; all or, where one cannot be read, none."""
    _add(ledger, [row.get("number") or "" for row in csv.DictReader(file)], reason, region)


def _add(ledger: Ledger, numbers: Iterable[str], reason: str, region: str) -> None:
    read = [number_of(raw, region) for raw in numbers]
    new = ledger.write(lambda tx: people.suppress(tx, read, who=who(), reason=reason))
    click.echo(f"{new} are new, {len(set(read)) - new} had said no before")


@suppress.command("export")
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="Default: the terminal.")
@with_ledger
def export_(ledger: Ledger, output: TextIO) -> None:
    """Write all as CSV. Who asked to be forgotten has no number there, only a mark."""
    writer = csv.writer(output)
    writer.writerow(["number", "reason", "added_at", "mark"])
    for one in ledger.read(lambda tx: list(people.suppressions_of(tx))):
        writer.writerow([one.number, harmless(one.reason), moment(one.added_at), one.person])


@click.command()
@click.argument("number")
@region
@click.option("--json", "plain", is_flag=True, help="One JSON object a line.")
@with_ledger
def person(ledger: Ledger, number: str, region: str, plain: bool) -> None:
    """Print all that was planned, posted, answered and delivered to one number, and decided about it."""
    read = number_of(number, region)
    history = ledger.read(lambda tx: people.history_of(tx, read))
    single = ledger.read(lambda tx: journal_of(tx, read))
    acts = ledger.read(lambda tx: people.acts_about(tx, read))
    noes = ledger.read(lambda tx: list(people.suppressions_of(tx, read)))
    if plain:
        for line in (*history, *single, *acts, *({"said_no": one.reason, "at": one.added_at} for one in noes)):
            click.echo(as_json(line))
        return
    table = Table("when", "campaign", "what", "message id", "code", "note", title=mask_number(read))
    for line in history:
        facts = (line.get("message_id"), line.get("code"), line.get("note") or line.get("fields"))
        table.add_row(
            moment(line["at"]), line["campaign"], str(line["state"]), *(escape(str(one or "")) for one in facts)
        )
    for line in single:
        table.add_row(
            moment(line["at"]), "(single send)", line["outcome"].value, line["message_id"], "", line["letter"]
        )
    for line in acts:
        table.add_row(moment(line["at"]), "", f"{line['what']} by {line['who']}", "", "", escape(line["reason"]))
    for one in noes:
        table.add_row(moment(one.added_at), "", "has said no, which holds", "", "", escape(one.reason))
    console.print(table)


@click.command()
@click.argument("number")
@reason
@region
@with_ledger
def forget(ledger: Ledger, number: str, reason: str, region: str) -> None:
    """Erase a number and all texts for it; it still counts as sent to, and nothing is sent to it again."""
    read = number_of(number, region)
    rows = ledger.write(lambda tx: people.forget(tx, read, who=who(), reason=reason))
    click.echo(f"forgotten in {rows} rows; a mark stays, so that nothing is ever sent to it again")


@click.command()
@click.option("--older-than", required=True, help="An age such as 90d or 12h.")
@reason
@with_ledger
def purge(ledger: Ledger, older_than: str, reason: str) -> None:
    """Erase numbers and texts of recipients that are done and have not changed for so long."""
    match = re.fullmatch(r"(\d+)([dh])", older_than)
    if match is None:
        raise click.BadParameter("write days as 90d, or hours as 12h", param_hint="--older-than")
    before = ledger.read(lambda tx: tx.now) - int(match[1]) * _UNITS[match[2]]
    total = 0
    while erased := ledger.write(lambda tx: people.purge_part(tx, before)):
        total += erased
    ledger.write(lambda tx: note_act(tx, f"purge {older_than}", who=who(), reason=reason, rows=total))
    click.echo(f"{total} recipients are marks now")
