"""What Airflow is told of a campaign whose leg has ended for good: counts, and whether that is a success."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException

from airflow_provider_nusawa.campaign.ending import End, Ending, Reason

if TYPE_CHECKING:
    from airflow_provider_nusawa.campaign.shares import Shares
    from airflow_provider_nusawa.operators.campaign.work import Sent


def value_of(campaign_id: str, sent: Sent) -> dict[str, Any]:
    """Return the counts for XCom."""
    codes = {str(code): count for code, count in sent.refused_by_code.items()}
    redirected = sent.planned.campaign.redirected
    counts = asdict(sent.ending.equation)
    return {"campaign_id": campaign_id, "redirected": redirected, **counts, "refused_by_code": codes}


def conclude(ending: Ending, shares: Shares, *, may_skip: bool) -> None:
    """Return if the campaign came to what its author calls a success; else raise what Airflow is to do.

    :param may_skip: Whether one that is not whole skips its task instead of failing it.
    """
    if ending.end is End.STOPPED and ending.halt.reason is not Reason.NOT_AFTER:
        raise _stopped(ending)
    lacks = shares.lacks(ending.equation)
    if not lacks:
        return
    what = f"{'; '.join(lacks)}: {ending.equation}. What became of whom is in the ledger."
    if may_skip and ending.equation.adds_up:
        raise AirflowSkipException(what)
    raise AirflowFailException(what)


def _stopped(ending: Ending) -> Exception:
    what = f"{ending.why[:1].upper()}{ending.why[1:]}. {ending.equation.open} stay planned"
    if ending.halt.reason is Reason.ACCOUNT:
        return AirflowFailException(f"{what}: mend that, then clear this task; it goes on where it stopped.")
    return AirflowException(f"{what}; another try goes on with them.")
