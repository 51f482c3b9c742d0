"""The tables that campaigns share with all others: the ledger itself, who said no, rates, the journal, alerts."""

from __future__ import annotations

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.columns import COUNTER, PERSON, TIME, metadata, state

LONGEST_ID = 64
"""Characters of a message id. Of a longer one the ledger keeps the beginning."""

meta = sa.Table(
    "nusawa_ledger",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),  # always 1: there is one ledger in here
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("ledger_id", sa.String(32), nullable=False),
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("heard_at", TIME),  # when a callback came last, give or take half a minute
)

suppressions = sa.Table(
    "nusawa_suppressions",
    metadata,
    sa.Column("person", PERSON, primary_key=True),
    sa.Column("number", sa.String(15)),  # null for who asked to be forgotten
    sa.Column("reason", sa.String(250), nullable=False),
    sa.Column("added_at", TIME, nullable=False),
)

# What people decided: sent again, resolved, suppressed, forgotten. Never erased; it names nobody.
acts = sa.Table(
    "nusawa_acts",
    metadata,
    sa.Column("id", COUNTER, primary_key=True),
    sa.Column("at", TIME, nullable=False),
    sa.Column("who", sa.String(250), nullable=False),
    sa.Column("what", sa.String(250), nullable=False),
    sa.Column("person", PERSON),
    sa.Column("reason", sa.String(250), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
)

rates = sa.Table(
    "nusawa_rates",
    metadata,
    sa.Column("account", sa.String(250), primary_key=True),
    sa.Column("free_at", TIME, nullable=False),  # the first moment that nobody has reserved
    sa.Column("factor", TIME, nullable=False),  # below 1 after the gateway asked to slow down
    sa.Column("factor_at", TIME, nullable=False),  # from when on it rises again: once the pause asked for is over
)

# Delivery reports of messages that nobody here has sent, or whose answer is not on record yet.
orphans = sa.Table(
    "nusawa_orphans",
    metadata,
    sa.Column("message_id", sa.String(64), primary_key=True),
    sa.Column("letter", sa.String(1), nullable=False),
    sa.Column("err_code", sa.String(64), nullable=False),
    sa.Column("heard_at", TIME, nullable=False, index=True),
)

journal = sa.Table(
    "nusawa_journal",
    metadata,
    sa.Column("id", COUNTER, primary_key=True),
    sa.Column("scope", sa.String(32), nullable=False),  # dag, run and task, or an idempotency key, as a mark
    sa.Column("map_index", sa.Integer, nullable=False),
    sa.Column("account", sa.String(250), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("text", sa.String(32), nullable=False),
    sa.Column("batch", sa.String(32), nullable=False),
    sa.Column("outcome", state(Outcome), nullable=False),
    sa.Column("message_id", sa.String(64), nullable=False),
    sa.Column("api", sa.String(8), nullable=False),
    sa.Column("code", sa.Integer),
    sa.Column("refusal", sa.String(10), nullable=False),  # whom a refusal concerned
    sa.Column("letter", sa.String(1), nullable=False),  # of the latest delivery report
    sa.Column("at", TIME, nullable=False),
    sa.UniqueConstraint("scope", "map_index", "person"),
    sa.Index("nusawa_journal_text", "scope", "person", "text"),
    sa.Index("nusawa_journal_message", "message_id"),
)

# What notifiers remember of one recipient of one task's alerts: told what and when, as marks.
alerts = sa.Table(
    "nusawa_alerts",
    metadata,
    sa.Column("mark", sa.String(32), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", TIME, nullable=False, index=True),
)
