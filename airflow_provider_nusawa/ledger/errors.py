"""What the ledger raises: one class for each next step.

NusaWaError
└── LedgerError            nothing was sent on the strength of it
    ├── LedgerMissing      there is no ledger there: make one, or mend the connection
    ├── LedgerUnfit        it cannot keep the promise where it lies or as it is: move, upgrade, or mend it
    ├── LedgerUnavailable  locked or away just now: try again
    ├── LeaseLost          this runner was taken for dead: take a new lease before going on
    ├── CampaignChanged    the campaign is not what it was when it began: use another id
    └── NotYet             it can be done later: wait, then ask again
        ├── PlanBusy       another runner is reading this campaign's list
        └── TooEarly       a request may still be under way
"""

from __future__ import annotations

from airflow_provider_nusawa.gateway.errors import NusaWaError


class LedgerError(NusaWaError):
    """Base of the errors below: the ledger could not do what was asked, and did none of it."""

    @property
    def advice(self) -> str:
        return "Nothing was changed."


class LedgerMissing(LedgerError):
    """There is no ledger. Only a campaign's first run and ``ledger init`` make one."""

    @property
    def advice(self) -> str:
        return (
            "Nothing is sent without the ledger that remembers who has been messaged. Mend ledger_conn_id, or make a "
            "new one with 'python -m airflow_provider_nusawa.ledger init'."
        )


class LedgerUnfit(LedgerError):
    """The ledger could lose what it is told, or is of a version that this release cannot read."""


class LedgerUnavailable(LedgerError):
    """The database is locked, full or away."""

    retryable = True

    @property
    def advice(self) -> str:
        return "What was not put on record is not sent, so it may be repeated."


class LeaseLost(LedgerError):
    """The lease ran out, and others may have taken over what it held."""

    retryable = True

    @property
    def advice(self) -> str:
        return "Nothing was put on record under it. Take a new lease, then go on."


class CampaignChanged(LedgerError):
    """The same id names another text than before."""

    @property
    def advice(self) -> str:
        return "Nothing was sent. Give the new text a campaign_id of its own."


class NotYet(LedgerError):
    """What was asked can be done later.

    :param wait_seconds: After how long, at the latest.
    """

    retryable = True

    def __init__(self, what: str, *, wait_seconds: float) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(what)


class PlanBusy(NotYet):
    """Another runner holds the list of this campaign; if it is dead, its lease lasts ``wait_seconds`` longer."""

    @property
    def advice(self) -> str:
        return "Wait until it has read the list, or until its lease has run out."


class TooEarly(NotYet):
    """A message is asked to be sent again while its first request may be under way, for ``wait_seconds`` at most."""

    @property
    def advice(self) -> str:
        return "Nothing was changed. Try again once that time has passed."
