"""``resolve``: what became of unknown ones, from a person's list or from what the gateway tells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

import click

from airflow_provider_nusawa.connection_lookup import FORMS, settings_of
from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.gateway.pace import pace_of
from airflow_provider_nusawa.ledger import acts
from airflow_provider_nusawa.ledger.cli.deciding import reason, region
from airflow_provider_nusawa.ledger.cli.looking import rehearsal
from airflow_provider_nusawa.ledger.cli.root import Ledger, number_of, who, with_ledger
from airflow_provider_nusawa.ledger.delivery import apply_orphans
from airflow_provider_nusawa.ledger.hints import Hint, Reading, hint_of
from airflow_provider_nusawa.ledger.listing import find_campaign, unknown_of
from airflow_provider_nusawa.ledger.progress import progress
from airflow_provider_nusawa.ledger.shared_pace import SharedPace
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.ledger.unresolved import Unresolved, known_among, orphans_since, unresolved_of

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import Client
    from airflow_provider_nusawa.gateway.settings import Settings

Decisions = dict[int, tuple[Outcome, str]]

_MOST = 1_000


@click.command()
@click.argument("name")
@click.argument("decisions", type=click.File(encoding="utf-8-sig"), required=False)
@rehearsal
@reason
@region
@click.option("--connection", help=f"Ask the gateway instead: {FORMS}.")
@click.option("--message-id", "message_ids", multiple=True, help="Ask after this one too, as seen in the web app.")
@click.option("--most", type=int, show_default=f"{_MOST:,}", help="Ask after so many messages at most.")
@click.option("--balance-before", type=Decimal, help="Under v3: credits before the campaign, if not as on record.")
@with_ledger
def resolve(
    ledger: Ledger,
    *,
    name: str,
    decisions: TextIO | None,
    rehearsal: bool,
    reason: str,
    region: str,
    connection: str | None,
    message_ids: tuple[str, ...],
    most: int | None,
    balance_before: Decimal | None,
) -> None:
    """Say what became of unknown ones.

    From DECISIONS, a CSV with the columns number, outcome (accepted, refused) and message_id; or, with --connection,
    from the gateway. Under v1.0 it names whom a message was for and what it said, so that a message that nobody knows
    may be one of these; under v3 it names neither, so that only hints are printed: callbacks of messages that nobody
    here has sent, and by how much the balance fell since before the first of the unknown ones.
    """
    if (decisions is None) == (connection is None):
        raise click.UsageError("give either a CSV or --connection")
    key = ledger.read(lambda tx: find_campaign(tx, name, redirected=rehearsal))
    if decisions is not None:
        _resolve_from_list(ledger, key, decisions, reason=reason, region=region)
        return
    unknown = ledger.read(lambda tx: unresolved_of(tx, key))
    if not unknown:
        click.echo("no recipient of this campaign is unknown")
        return
    with _client(ledger, settings_of(connection or "")) as client:
        if dialect_of(client.settings).REPORTS_NAME_PEOPLE:
            if mine := _posted_through(client.settings.api_version, unknown):
                asked = _to_ask(ledger, mine, message_ids, most or _MOST)
                _resolve_from_gateway(ledger, key, client, mine, asked=asked, reason=reason)
        else:
            if message_ids or most:
                click.echo("--message-id and --most are ignored: no message is asked after under v3", err=True)
            _hint(ledger, key, client, balance_before)


def _resolve_from_list(ledger: Ledger, key: int, decisions: TextIO, *, reason: str, region: str) -> None:
    unknown = ledger.read(lambda tx: unknown_of(tx, key))
    told = _read(csv.DictReader(decisions), region)
    chosen = {unknown[number]: decision for number, decision in told.items() if number in unknown}
    resolved = _put_on_record(ledger, chosen, reason)
    click.echo(
        f"{resolved} of {len(unknown)} unknown recipients are resolved; {len(told) - resolved} lines named others"
    )


def _posted_through(api: str, unknown: Sequence[Unresolved]) -> list[Unresolved]:
    mine = [one for one in unknown if one.api == api]
    if others := len(unknown) - len(mine):
        click.echo(
            f"{others} of {len(unknown)} unknown recipients were written to through another API, of whose messages "
            "this one knows nothing: they stay unknown"
        )
    return mine


def _resolve_from_gateway(
    ledger: Ledger, key: int, client: Client, unknown: Sequence[Unresolved], *, asked: list[str], reason: str
) -> None:
    from airflow_provider_nusawa.campaign.resolving import match

    if not asked:
        click.echo(
            "no callback has told of a message that nobody knows. Look into the vendor's web app, and name what you "
            "find there by --message-id"
        )
        return
    found = match(ledger, key, client, unknown, asked)
    decided = {recipient: (Outcome.ACCEPTED, message_id) for recipient, message_id in found.decided.items()}
    resolved = _put_on_record(ledger, decided, reason)
    silent = f"{found.unanswered} told nothing{f' ({found.why})' if found.why else ''}"
    click.echo(
        f"asked after {len(asked)} messages, of which {silent}: {resolved} of {len(unknown)} "
        f"unknown recipients are resolved as accepted; {found.doubtful} fit several messages, or may be meant by "
        "another unknown send, and stay unknown. Who was not found may have the message all the same"
    )


def _hint(ledger: Ledger, key: int, client: Client, balance_before: Decimal | None) -> None:
    account, balance = client.settings.account, client.credits().amount
    before = None if balance_before is None else Reading(account, balance_before, accepted=0)

    def look(tx: Tx) -> Hint | None:
        now = Reading(account, balance, progress(tx, key).equation.accepted)
        return hint_of(tx, key, now=now, before=before)

    hint = ledger.read(look)
    if hint is None:
        return  # somebody has resolved them just now
    click.echo(f"{hint.unknown} unknown. API v3 names no recipient, so nothing was decided; what may help a person:")
    for part in hint.parts:
        click.echo(f"- {part}")
    if hint.fell is None:
        click.echo(f"- the balance is {balance:f}; with --balance-before this says by how much it fell")


def _to_ask(ledger: Ledger, unknown: Sequence[Unresolved], named: Sequence[str], most: int) -> list[str]:
    since = min(one.posted_at for one in unknown)
    orphans = ledger.read(lambda tx: orphans_since(tx, since, most + 1))
    if len(orphans) > most:
        click.echo(f"more than {most} messages are known to nobody; asking after the first {most} (--most)", err=True)
    asked = list(dict.fromkeys([*named, *orphans[:most]]))
    taken = ledger.read(lambda tx: known_among(tx, asked))
    return [one for one in asked if one not in taken]


def _put_on_record(ledger: Ledger, decisions: Decisions, reason: str) -> int:
    """Record what was decided, with what had been heard of these messages before they were known."""

    def work(tx: Tx) -> int:
        resolved = acts.resolve(tx, decisions, who=who(), reason=reason)
        apply_orphans(tx, [message_id for _, message_id in decisions.values() if message_id])
        return resolved

    return ledger.write(work)


def _client(ledger: Ledger, settings: Settings) -> Client:
    """Return a client that keeps the rate of all who share this ledger."""
    from airflow_provider_nusawa.gateway.client import Client

    account, rate = settings.account, settings.rate_per_second
    return Client(settings, pace=SharedPace(lambda: ledger, account, rate, alone=pace_of(account, rate)))


def _read(rows: Iterable[dict[str, str]], region: str) -> dict[str, tuple[Outcome, str]]:
    told: dict[str, tuple[Outcome, str]] = {}
    for place, row in enumerate(rows, 2):
        outcome = (row.get("outcome") or "").strip().lower()
        if outcome not in ("accepted", "refused") or not row.get("number"):
            raise click.ClickException(f"line {place} needs a number, and accepted or refused as its outcome")
        told[number_of(row["number"], region)] = (Outcome(outcome), (row.get("message_id") or "").strip())
    return told
