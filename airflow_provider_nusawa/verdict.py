"""How a task of several sends ends, once all is on record, and the table that says who and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum

from airflow_provider_nusawa.gateway.errors import Scope
from airflow_provider_nusawa.gateway.messages import Outcome, mask_number
from airflow_provider_nusawa.sending import Attempt


class Verdict(Enum):
    SUCCEED = "succeed"
    RETRY = "retry"  # an ordinary error: Airflow's retries decide
    FAIL = "fail"  # no retry can help


def verdict_on(attempts: Sequence[Attempt], *, partial_succeeds: bool) -> Verdict:
    """Judge a run: whatever a retry can cure is retried first; then all must be accepted, or some, as the author chose.

    A refusal of the account is not cured by a retry, nor is what was left untried because of it.
    """
    account_refused = any(attempt.scope is Scope.ACCOUNT for attempt in attempts)
    if not account_refused and any(attempt.repeatable for attempt in attempts):
        return Verdict.RETRY
    accepted = sum(attempt.receipt.outcome is Outcome.ACCEPTED for attempt in attempts)
    if accepted == len(attempts) or (partial_succeeds and accepted):
        return Verdict.SUCCEED
    return Verdict.FAIL


def table_of(attempts: Sequence[Attempt]) -> str:
    """Return one line that counts, and a line each for whoever was not accepted, masked."""
    counts = Counter(attempt.receipt.outcome for attempt in attempts)
    summary = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome])
    rows = [
        f"  {mask_number(attempt.receipt.destination)}  {attempt.receipt.outcome.value}: {attempt.why}"
        for attempt in attempts
        if attempt.receipt.outcome is not Outcome.ACCEPTED
    ]
    return "\n".join([f"of {len(attempts)} recipients: {summary}", *rows])
