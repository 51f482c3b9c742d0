"""A list into the ledger: read once for each run, every row checked, and nothing sent before its end is on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from airflow_provider_nusawa.campaign.checking import Checks, in_batches, people_of
from airflow_provider_nusawa.campaign.errors import BadRow, ListUnfit, NewRecipients
from airflow_provider_nusawa.campaign.marks import People
from airflow_provider_nusawa.campaign.rows import Source
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.ledger.campaigns import Campaign, begin_campaign
from airflow_provider_nusawa.ledger.errors import LeaseLost, LedgerError
from airflow_provider_nusawa.ledger.plans import Counts, has_elders
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger

MAX_BAD_SHOWN = 20

_HOPELESS = 2_000
"""So many bad rows on end, and the rest is not read."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a list may hold.

    :param region: The country whose numbers may be written without country code.
    :param exclude: People who get nothing.
    :param only: If given, all others get nothing.
    :param max_bad_share: Of all rows; with more bad ones it is most likely the wrong file, and nothing is planned.
    :param add_new: Whether a later run may add people whom the campaign did not have.
    """

    region: str = "ID"
    exclude: Source | None = None
    only: Source | None = None
    max_bad_share: float = 0.05
    add_new: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign whose list, for this run, is on record to its end.

    :param counts: Of this run's list. Where an earlier try has read it, ``planned`` counts those still to be sent to.
    :param bad: The first of the bad rows.
    :param was_read_before: Whether an earlier try of this run has read it: then it was not read again.
    """

    campaign: Campaign
    plan_id: int
    counts: Counts
    bad: tuple[BadRow, ...] = ()
    was_read_before: bool = False


def plan(
    ledger: Ledger, name: str, text: Text, source: Source, run_key: str, *, rules: Rules, redirected: bool = False
) -> Planned:
    """Read a run's list into the ledger, unless an earlier try has. Whatever fails, none of it is planned.

    :param run_key: The Dag run: retries, legs and clears of it find the list read, and never read the source again.
    :param redirected: Whether ``redirect_to`` is set: a rehearsal is a campaign of its own.
    :raises CampaignChanged: if the campaign has another text.
    :raises PlanBusy: while another runner reads the list; wait for it.
    :raises ListUnfit: for a list that is the wrong one, or cannot be read.
    :raises NewRecipients: if a later run's list names new people and they may not be added.
    """
    campaign = ledger.write(
        lambda tx: begin_campaign(tx, name, text.template, media_url=text.media_url, redirected=redirected)
    )
    reader = Reader.open(ledger, campaign, run_key, text.values)
    if reader.is_complete:
        return Planned(campaign, reader.plan_id, reader.counts(), was_read_before=True)
    with _none_of_it_if_it_fails(reader):
        bad = _read(reader, source, text, rules)
        counts = reader.counts()
        if what := too_bad(counts, rules):
            raise ListUnfit(what, bad=bad)
        if what := too_new(counts, rules, has_elders=ledger.read(lambda tx: has_elders(tx, campaign.id))):
            raise NewRecipients(what, count=counts.planned)
        return Planned(campaign, reader.plan_id, reader.complete(), tuple(bad))


@contextmanager
def _none_of_it_if_it_fails(reader: Reader) -> Iterator[None]:
    try:
        yield
    except LeaseLost:
        raise
    except BaseException:
        with suppress(LedgerError):  # then the next reader finds it given up, once its lease has run out
            reader.discard()
        raise


def _read(reader: Reader, source: Source, text: Text, rules: Rules) -> list[BadRow]:
    """Put all rows on record; return the first of the bad ones."""
    bad: list[BadRow] = []
    on_end = 0
    with people(rules.exclude, rules, must_be_whole=True) as excluded, people(rules.only, rules) as only:
        checks = Checks(text, rules.region, excluded, only)
        for rows in in_batches(source):
            lines = checks.check(rows)
            found = bad_rows(lines)
            bad += found[: MAX_BAD_SHOWN - len(bad)]
            on_end = on_end + len(found) if len(found) == len(lines) else 0
            if on_end >= _HOPELESS and rules.max_bad_share < 1:
                raise ListUnfit(f"{on_end} rows on end are bad: this is not the right list, or text", bad=bad)
            reader.add(lines)
    return bad


@contextmanager
def people(source: Source | None, rules: Rules, *, must_be_whole: bool = False) -> Iterator[People | None]:
    """Hold a list of people as long as it is needed.

    :param must_be_whole: As for ``people_of``.
    """
    if source is None:
        yield None
        return
    found = people_of(source, rules.region, must_be_whole=must_be_whole)
    try:
        yield found
    finally:
        found.close()


def bad_rows(lines: Sequence[Line]) -> list[BadRow]:
    return [BadRow(line.line, line.reason or "") for line in lines if line.state is Sending.BAD]


def too_bad(counts: Counts, rules: Rules) -> str:
    """Return why a list is not to be sent to; empty if it is."""
    if counts.bad <= rules.max_bad_share * counts.rows_read:
        return ""
    return f"{counts.bad} of {counts.rows_read} rows are bad, and max_bad_share is {rules.max_bad_share:g}"


def too_new(counts: Counts, rules: Rules, *, has_elders: bool) -> str:
    """Return why a later run may not plan its list; empty if it may."""
    if rules.add_new or not has_elders or not counts.planned:
        return ""
    return f"the list names {counts.planned} people whom the campaign did not have"
