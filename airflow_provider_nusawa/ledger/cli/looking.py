"""Looking at campaigns: ``campaigns``, ``show``, ``export``."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

import click
from rich.live import Live
from rich.table import Table

from airflow_provider_nusawa.gateway.codes import code_of
from airflow_provider_nusawa.ledger.cli.root import Ledger, as_json, as_utc, console, moment, with_ledger
from airflow_provider_nusawa.ledger.hints import Hint, hint_of
from airflow_provider_nusawa.ledger.listing import all_campaigns, find_campaign, harmless, recipients_of
from airflow_provider_nusawa.ledger.plans import is_being_read
from airflow_provider_nusawa.ledger.progress import Progress, progress, refusals

LOOK_SECONDS = 2.0

Seen = tuple[Progress, dict[int | None, int], Hint | None]

rehearsal = click.option("--rehearsal", is_flag=True, help="The one sent under redirect_to, not the real one.")


@click.command()
@click.option("--json", "plain", is_flag=True, help="One JSON object a line.")
@with_ledger
def campaigns(ledger: Ledger, plain: bool) -> None:
    """List the campaigns, the newest first."""
    found = [ledger.read(partial(progress, campaign_id=key)) for key, _ in ledger.read(all_campaigns)]
    if plain:
        for one in found:
            click.echo(as_json(_facts(one)))
        return
    table = Table("campaign", "begun", "read", "open", "accepted", "delivered", "refused", "unknown")
    for one in found:
        sums = one.equation
        delivered = sum(n for state, n in one.delivery.items() if state.value in ("delivered", "read"))
        counts = (sums.rows_read, sums.open, sums.accepted, delivered, sums.refused, sums.unknown)
        table.add_row(_name(one), moment(one.created_at), *map(str, counts))
    console.print(table)


@click.command()
@click.argument("name")
@rehearsal
@click.option("--json", "plain", is_flag=True, help="As one JSON object.")
@click.option("--watch", is_flag=True, help="Show it anew every 2 seconds, until all is done or Ctrl-C.")
@with_ledger
def show(ledger: Ledger, name: str, rehearsal: bool, plain: bool, watch: bool) -> None:
    """Show how far a campaign is, and what was refused."""
    key = ledger.read(lambda tx: find_campaign(tx, name, redirected=rehearsal))

    def look() -> Seen:
        return ledger.read(lambda tx: (progress(tx, key), refusals(tx, key), hint_of(tx, key)))

    if plain:
        now, refused, hint = look()
        codes = {str(code): n for code, n in refused.items()}
        click.echo(as_json({**_facts(now), "refused_by_code": codes, "hint": hint.facts if hint else None}))
    elif watch:
        _watch(look, lambda: ledger.read(lambda tx: is_being_read(tx, key)))
    else:
        console.print(_table(*look()))


@click.command()
@click.argument("name")
@rehearsal
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="Default: the terminal.")
@with_ledger
def export(ledger: Ledger, name: str, rehearsal: bool, kind: str, output: TextIO) -> None:
    """Write what became of each recipient. It holds full numbers: mind where it goes."""
    key = ledger.read(lambda tx: find_campaign(tx, name, redirected=rehearsal))
    writer: Any = None
    for row in recipients_of(ledger, key):
        line = {**row, "posted_at": as_utc(row["posted_at"]), "changed_at": as_utc(row["changed_at"])}
        if kind == "jsonl":
            output.write(as_json(line) + "\n")
            continue
        if writer is None:
            writer = csv.DictWriter(output, list(line))
            writer.writeheader()
        writer.writerow({name: harmless(cell) for name, cell in line.items()})


def _watch(look: Callable[[], Seen], is_growing: Callable[[], bool]) -> None:
    with Live(_table(*look()), console=console, auto_refresh=False) as live:
        try:
            while True:
                grows = is_growing()  # asked first: a moment later its list may be complete
                seen = look()
                live.update(_table(*seen), refresh=True)
                if not seen[0].equation.open and not grows:
                    return
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            sys.exit(0)


def _table(now: Progress, refused: dict[int | None, int], hint: Hint | None) -> Table:
    caption = "\n".join(map(str, filter(None, (now.equation, hint))))
    table = Table("state", "recipients", "what", title=_name(now), caption=caption)
    for state, n in now.sending.items():
        if n:
            table.add_row(state.value, str(n), "")
    for delivery, n in now.delivery.items():
        if n:
            table.add_row(f"  {delivery.value}", str(n), "of the accepted")
    for code, n in sorted(refused.items(), key=lambda pair: -pair[1]):
        table.add_row("  refused", str(n), _code(code))
    return table


def _code(code: int | None) -> str:
    return f"{code} {code_of(code).name}: {code_of(code).meaning}" if code is not None else "by HTTP, without a code"


def _name(now: Progress) -> str:
    return f"{now.name} (rehearsal)" if now.redirected else now.name


def _facts(now: Progress) -> dict[str, Any]:
    states = {state.value: n for state, n in now.sending.items()}
    deliveries = {state.value: n for state, n in now.delivery.items()}
    sums = now.equation
    head = {"campaign": now.name, "rehearsal": now.redirected, "created_at": as_utc(now.created_at)}
    balance = {"rows_read": sums.rows_read, "doubles": sums.doubles, "open": sums.open, "adds_up": sums.adds_up}
    return {**head, **balance, "sending": states, "delivery": deliveries}
