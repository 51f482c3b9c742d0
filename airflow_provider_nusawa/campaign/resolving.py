"""What the gateway tells of messages that nobody knows, held beside the unknown ones: API v1.0 names whom and what.

Only a message with the same destination and the same text decides, and only if it fits one recipient and none other
fits him. API v3 names neither, so that under it nothing is ever decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_nusawa.campaign.composing import composer
from airflow_provider_nusawa.gateway.client import Client
from airflow_provider_nusawa.gateway.errors import InvalidMessage, Refused, Unreachable
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Message
from airflow_provider_nusawa.gateway.numbers import is_echo
from airflow_provider_nusawa.gateway.safe_mode import posted_instead
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.unresolved import Unresolved, campaign_of, is_unknown_elsewhere

CLOCKS_APART_SECONDS = 300.0
"""A message that the gateway made so long before ours was posted is an older one with the same words."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What asking came to.

    :param decided: The message id of each recipient that one message fits, and no other.
    :param doubtful: How many recipients several messages fit, or who may be meant by another unknown send.
    :param unanswered: How many questions the gateway did not answer with a destination and a text.
    :param why: What it said to the last of them.
    """

    decided: Mapping[int, str]
    doubtful: int
    unanswered: int
    why: str = ""


def ask(client: Client, message_ids: Iterable[str]) -> tuple[list[DeliveryReport], str]:
    """Ask after each message, at the account's rate. Return what is of use, and why the last of the rest is not.

    :raises Refused: if the account may not ask.
    """
    told: list[DeliveryReport] = []
    why = ""
    for message_id in message_ids:
        try:
            report = client.delivery_report(message_id)
        except Unreachable as error:
            why = error.what  # it may be a message of the other API
            continue
        if report.destination and report.text:
            told.append(report)
        else:
            why = "the answer names neither whom it was for nor what it said"
    return told, why


def match(
    ledger: Ledger, campaign_id: int, client: Client, unknown: Sequence[Unresolved], message_ids: Sequence[str]
) -> Findings:
    """Find which of these messages are the ones that were perhaps sent."""
    reports, why = ask(client, message_ids)
    expected = _expected(ledger, campaign_id, client, unknown)
    fitting: dict[int, set[str]] = defaultdict(set)
    takers: dict[str, set[int]] = defaultdict(set)
    for one, message in expected:
        for report in reports:
            if _fits(report, message, one.posted_at):
                fitting[one.claimed.id].add(report.message_id)
                takers[report.message_id].add(one.claimed.id)
    numbers = {one.claimed.id: one.claimed.number for one, _ in expected if one.claimed.id in fitting}
    elsewhere = ledger.read(
        lambda tx: {key for key, number in numbers.items() if is_unknown_elsewhere(tx, number, campaign_id)}
    )
    decided = {
        key: next(iter(found))
        for key, found in fitting.items()
        if len(found) == 1 and key not in elsewhere and len(takers[next(iter(found))]) == 1
    }
    return Findings(decided, len(fitting) - len(decided), len(message_ids) - len(reports), why)


def _expected(
    ledger: Ledger, campaign_id: int, client: Client, unknown: Sequence[Unresolved]
) -> list[tuple[Unresolved, Message]]:
    """Compose once more what was posted for each; who cannot be composed any more has no text to compare."""
    compose = composer(ledger, ledger.read(lambda tx: campaign_of(tx, campaign_id)))
    composed: list[tuple[Unresolved, Message]] = []
    for one in unknown:
        try:
            composed.append((one, posted_instead(client.settings, compose(one.claimed))))
        except (InvalidMessage, Refused):
            continue
    return composed


def _fits(report: DeliveryReport, message: Message, posted_at: float) -> bool:
    if report.created_at is not None and report.created_at.timestamp() < posted_at - CLOCKS_APART_SECONDS:
        return False
    return is_echo(report.destination, message.to) and _words(report.text) == _words(message.text)


def _words(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
