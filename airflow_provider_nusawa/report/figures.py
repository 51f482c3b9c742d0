"""All that pages and reports say of a campaign, as one value, read from a ledger in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_nusawa.gateway.codes import code_of
from airflow_provider_nusawa.ledger import timeline as over_time
from airflow_provider_nusawa.ledger.hints import Hint, hint_of
from airflow_provider_nusawa.ledger.progress import Progress, progress
from airflow_provider_nusawa.ledger.states import OPEN, Delivery, Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.timeline import Timeline
from airflow_provider_nusawa.ledger.tx import Tx

SPANS = 96
"""How many pieces a campaign's time is cut into: enough for a picture as wide as a phone or a desk."""

MOST_REASONS = 12

DELAYS = {
    "up to 10 s": 10, "10 s to 1 min": 60, "1 to 5 min": 300, "5 to 15 min": 900, "15 min to 1 h": 3_600,
    "1 to 6 h": 21_600, "6 to 24 h": 86_400,
}  # fmt: skip
"""Delivery times as people write them, and the seconds up to which each goes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A share of something: so many of a kind.

    :param kind: A word that pictures and style sheets know: accepted, delivered, read, refused …
    """

    kind: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """A campaign at one moment.

    :param now: The ledger's time, in seconds since 1970.
    :param refused: Why the gateway refused, the most frequent first; likewise ``bad``: rows that named nobody or
        filled no text, and ``failed``: what the gateway had accepted and then gave up on.
    :param hint: What may help to decide about the unknown; None where there are none.
    :param timeline: None as long as nothing was posted.
    :param delays: From posting until its delivery was reported; empty while nothing is delivered.
    """

    now: float
    progress: Progress
    refused: tuple[Part, ...] = ()
    bad: tuple[Part, ...] = ()
    failed: tuple[Part, ...] = ()
    hint: Hint | None = None
    timeline: Timeline | None = None
    delays: tuple[Part, ...] = ()

    @property
    def shares(self) -> tuple[Part, ...]:
        """Where each recipient is, in the order of a campaign's life; only what there is."""
        return shares_of(self.progress)

    @property
    def delivered(self) -> int:
        return delivered_of(self.progress)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to send; delivery may still be open."""
        return not self.progress.equation.open


def delivered_of(now: Progress) -> int:
    return now.delivery[Delivery.DELIVERED] + now.delivery[Delivery.READ]


def shares_of(now: Progress) -> tuple[Part, ...]:
    sending, delivery = now.sending, now.delivery
    parts = (
        Part("read", "read", delivery[Delivery.READ]),
        Part("delivered", "delivered", delivery[Delivery.DELIVERED]),
        Part("accepted", "accepted, delivery not reported yet", delivery[Delivery.SENT] + delivery[Delivery.NONE]),
        Part("failed", "accepted, then given up by the gateway", delivery[Delivery.FAILED]),
        Part("refused", "refused", sending[Sending.REFUSED]),
        Part("unknown", "unknown: perhaps sent", sending[Sending.UNKNOWN]),
        Part("open", "still to be sent", sum(sending[state] for state in OPEN)),
        Part("suppressed", "said no to messages", sending[Sending.SUPPRESSED]),
        Part("excluded", "excluded", sending[Sending.EXCLUDED]),
        Part("bad", "bad rows", sending[Sending.BAD]),
    )
    return tuple(part for part in parts if part.n)


def figures_of(ledger: Ledger, campaign_id: int) -> CampaignFigures:
    """Read all figures of a campaign: some three seconds for a million recipients."""
    return ledger.read(partial(_figures, campaign_id=campaign_id))


def _figures(tx: Tx, campaign_id: int) -> CampaignFigures:
    now = progress(tx, campaign_id)
    refused = over_time.reasons(tx, campaign_id, Sending.REFUSED) if now.sending[Sending.REFUSED] else Counter()
    bad = over_time.reasons(tx, campaign_id, Sending.BAD) if now.sending[Sending.BAD] else Counter()
    failed = over_time.failures(tx, campaign_id) if now.delivery[Delivery.FAILED] else Counter()
    cut = over_time.timeline(tx, campaign_id, SPANS, list(DELAYS.values()))
    return CampaignFigures(
        tx.now,
        now,
        refused=_largest("refused", Counter({_reason(*key): n for key, n in refused.items()})),
        bad=_largest("bad", Counter({key[1] or "no reason is on record": n for key, n in bad.items()})),
        failed=_largest("failed", Counter({_err_code(*key): n for key, n in failed.items()})),
        hint=hint_of(tx, campaign_id),
        timeline=cut,
        delays=_delays(cut) if cut and delivered_of(now) else (),
    )


def _delays(cut: Timeline) -> tuple[Part, ...]:
    parts = [Part("delivered", label, n) for label, n in zip((*DELAYS, "over a day"), cut.delays, strict=True)]
    while parts and not parts[-1].n:
        parts.pop()
    return tuple(parts)


def _largest(kind: str, counted: Counter[Any]) -> tuple[Part, ...]:
    largest = counted.most_common(MOST_REASONS)
    rest = counted.total() - sum(n for _, n in largest)
    others = [Part(kind, f"{len(counted) - len(largest)} other reasons", rest)] if rest else []
    return (*(Part(kind, label, n) for label, n in largest), *others)


def _reason(code: int | None, said: str) -> str:
    if code is None:
        return said or "no code, no words"
    return f"{code_of(code).meaning} ({code})"


def _err_code(err_code: str) -> str:
    return f"err_code {err_code}" if err_code else "no err_code was told"
