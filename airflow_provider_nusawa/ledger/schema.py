"""The tables of campaigns. People stand in them as HMACs, with their numbers beside, so that a number can be erased.

A recipient's id is made of its plan and its line in the list: no sequence is asked, and nothing need be joined.
"""

from __future__ import annotations

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.columns import COUNTER, PERSON, TIME, metadata, partial_index, state
from airflow_provider_nusawa.ledger.states import Actor, Delivery, Sending

campaigns = sa.Table(
    "nusawa_campaigns",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(250), nullable=False),
    # A rehearsal under redirect_to is another campaign: who was spared then has not been messaged.
    sa.Column("redirected", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("template", sa.Text),
    sa.Column("media_url", sa.Text),  # a template too; empty for a campaign of texts alone
    sa.Column("template_digest", sa.String(64), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("announced_at", TIME),  # when Airflow was told that it has ended
    sa.UniqueConstraint("name", "redirected"),
    sqlite_autoincrement=True,
)

plans = sa.Table(
    "nusawa_plans",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("campaign_id", sa.Integer, nullable=False, index=True),
    sa.Column("run_key", sa.String(250)),  # null: given up, its rows to be erased
    sa.Column("snapshot", sa.Text),  # what came from Airflow when the list was read, as JSON
    sa.Column("started_at", TIME, nullable=False),
    sa.Column("until", TIME, nullable=False),  # the reader's lease
    sa.Column("complete_at", TIME),
    sa.Column("rows_read", sa.Integer, nullable=False, default=0),
    sa.Column("known", sa.Integer, nullable=False, default=0),
    sa.Column("doubles", sa.Integer, nullable=False, default=0),
    sa.UniqueConstraint("campaign_id", "run_key"),
    sqlite_autoincrement=True,
)

WAS_READ = plans.c.complete_at.is_not(None)
"""Of a plan: its list was read to its end, so that it is sent to and counts."""

leases = sa.Table(
    "nusawa_leases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # the token itself: it grows, and is never used again
    sa.Column("campaign_id", sa.Integer, nullable=False),
    sa.Column("account", sa.String(250), nullable=False),
    sa.Column("api", sa.String(8), nullable=False),
    sa.Column("label", sa.String(250), nullable=False),
    sa.Column("started_at", TIME, nullable=False),
    sa.Column("until", TIME, nullable=False),
    sa.Column("ended_at", TIME),
    sqlite_autoincrement=True,
)
partial_index("nusawa_leases_live", sa.text("ended_at IS NULL"), leases.c.campaign_id)

# No foreign keys here: checking one for each of a million rows costs more than all else, and nothing deletes a plan
# but the code that deletes its rows first.
recipients = sa.Table(
    "nusawa_recipients",
    metadata,
    sa.Column("id", COUNTER, primary_key=True, autoincrement=False),
    sa.Column("plan_id", sa.Integer, nullable=False),
    sa.Column("campaign_id", sa.Integer, nullable=False),
    sa.Column("person", PERSON),
    sa.Column("number", sa.String(15)),
    sa.Column("fields", sa.Text),  # the row's columns as JSON: the text's template is rendered over them
    sa.Column("sending", state(Sending), nullable=False),
    sa.Column("delivery", state(Delivery), nullable=False),
    sa.Column("reason", sa.String(250)),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("setbacks", sa.Integer, nullable=False),  # refusals in a row that a later try may overcome
    sa.Column("due", TIME, nullable=False),
    sa.Column("lease", sa.Integer),
    sa.Column("posted_at", TIME),
    sa.Column("quiet_until", TIME, nullable=False),  # until then the last request may be under way
    sa.Column("code", sa.Integer),
    sa.Column("message_id", sa.String(64)),
    sa.Column("api", sa.String(8)),
    sa.Column("err_code", sa.String(64)),
    sa.Column("asked_at", TIME, nullable=False),  # when its delivery was last asked for
    sa.Column("changed_at", TIME, nullable=False),
    sa.UniqueConstraint("person", "campaign_id"),
)

IS_PLANNED = sa.text("sending = 'planned'")
IN_FLIGHT = sa.text("sending IN ('claimed', 'sending')")
IS_REFUSED = sa.text("sending = 'refused'")
IS_UNDELIVERED = sa.text("sending = 'accepted' AND delivery IN ('none', 'sent')")
"""Conditions of the partial indexes; a query uses the index only where it says the same words."""


_r = recipients.c
partial_index("nusawa_recipients_planned", IS_PLANNED, _r.plan_id, _r.due, _r.id)
partial_index("nusawa_recipients_in_flight", IN_FLIGHT, _r.lease)
partial_index("nusawa_recipients_refused", IS_REFUSED, _r.plan_id, _r.code)
partial_index("nusawa_recipients_undelivered", IS_UNDELIVERED, _r.campaign_id, _r.asked_at)
partial_index("nusawa_recipients_message", sa.text("message_id IS NOT NULL"), _r.message_id)

_LINES = 2**32


def recipient_id(plan_id: int, line: int) -> int:
    return plan_id * _LINES + line


def line_of(recipient_id: int) -> int:
    """Return the line that a recipient had in the list of its plan."""
    return recipient_id % _LINES


def ids_of(plan_id: int) -> range:
    """Return the ids that recipients of a plan may have."""
    return range(recipient_id(plan_id, 0), recipient_id(plan_id + 1, 0))


def is_of(plan_id: int, column: sa.ColumnElement[int] = _r.id) -> sa.ColumnElement[bool]:
    """Return the condition that a recipient, or what names one in another table's column, is of a plan."""
    ids = ids_of(plan_id)
    return column.between(ids[0], ids[-1])


# Only what concerns a person: a claim asks nothing of anybody, and is not noted.
changes = sa.Table(
    "nusawa_changes",
    metadata,
    sa.Column("id", COUNTER, primary_key=True),
    sa.Column("recipient_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", TIME, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("actor", state(Actor), nullable=False),
    sa.Column("try_number", sa.Integer, nullable=False),
    sa.Column("lease", sa.Integer),
    sa.Column("code", sa.Integer),
    sa.Column("message_id", sa.String(64)),
    sa.Column("api", sa.String(8)),
    sa.Column("note", sa.String(250)),
)

tallies = sa.Table(
    "nusawa_tallies",
    metadata,
    sa.Column("plan_id", sa.Integer, primary_key=True),
    sa.Column("shard", sa.Integer, primary_key=True),  # so that runners do not wait for each other's commits
    sa.Column("state", sa.String(10), primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
)

# How many requests of a campaign began on each day of its time zone, for ``max_per_day``.
postings = sa.Table(
    "nusawa_postings",
    metadata,
    sa.Column("campaign_id", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
)

# What the account held before and after each leg, where reports name nobody; see ``hints``.
balances = sa.Table(
    "nusawa_balances",
    metadata,
    sa.Column("id", COUNTER, primary_key=True),
    sa.Column("campaign_id", sa.Integer, nullable=False, index=True),
    sa.Column("account", sa.String(250), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("amount", sa.String(40), nullable=False),  # a decimal, as it was told
    sa.Column("accepted", sa.Integer, nullable=False),  # of the campaign, by then
)
