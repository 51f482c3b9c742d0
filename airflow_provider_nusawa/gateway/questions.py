"""What a client may ask: a request, how its reply is read, and what it means when none comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.errors import OutcomeUnknown, Unreachable
from airflow_provider_nusawa.gateway.exchange import Lost, Reply, Request
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Receipt
from airflow_provider_nusawa.gateway.safe_mode import posted_instead
from airflow_provider_nusawa.gateway.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """One request and the reader of its reply, so that a client need not know what it asks."""

    request: Request
    read: Callable[[Reply], T]
    destination: str = ""

    def answered(self, outcome: Reply | Lost) -> T:
        """Return what the reply says.

        :raises OutcomeUnknown: where a send's bytes left and no answer came.
        :raises Unreachable: where no answer came and certainly nothing was sent.
        """
        if isinstance(outcome, Reply):
            return self.read(outcome)
        if self.request.sends and outcome.bytes_left:
            what = f"the request left, but no answer came: {outcome.detail}"
            raise OutcomeUnknown(what, cause=outcome.cause, destination=self.destination)
        what = "did not answer" if outcome.bytes_left else "was not asked"
        raise Unreachable(
            f"the gateway {what}: {outcome.detail}",
            cause=outcome.cause,
            never_asked=not outcome.bytes_left,
            destination=self.destination,
        )


def send(settings: Settings, message: Message) -> Question[Receipt]:
    """Ask to send one message, under the connection's safe mode. The receipt names the person intended."""
    dialect = dialect_of(settings)
    posted = posted_instead(settings, message)

    def read(reply: Reply) -> Receipt:
        receipt = dialect.read_receipt(reply, posted, settings)
        return receipt if posted is message else replace(receipt, destination=message.to)

    return Question(dialect.send_request(settings, posted), read, message.to)


def key_check(settings: Settings) -> Question[str] | None:
    """Ask whose key it is; None where the dialect knows no keys."""
    dialect = dialect_of(settings)
    request = dialect.key_check_request(settings)
    return Question(request, lambda reply: dialect.read_key_check(reply, settings)) if request else None


def credits(settings: Settings) -> Question[Credits]:
    """Ask for the account's balance."""
    dialect = dialect_of(settings)
    return Question(dialect.credits_request(settings), lambda reply: dialect.read_credits(reply, settings))


def delivery_report(settings: Settings, message_id: str) -> Question[DeliveryReport]:
    """Ask where an accepted message is."""
    dialect = dialect_of(settings)
    request = dialect.report_request(settings, message_id)
    return Question(request, lambda reply: dialect.read_report(reply, message_id, settings))
