"""The two states of a recipient, and every move between them, as one table: nothing else changes a state.

planned ──claim──► claimed ──begin──► sending ──accept──► accepted
   ▲                  │                  ├─────refuse──► refused
   │                  │                  └─────doubt───► unknown ──(late, or resolved)──► accepted, refused
   │                  ├──suppress──► suppressed
   │                  └──cap──► excluded                 bad, excluded: as read from the list
   └── release (claimed), give_back (sending, unknown: certainly not taken), retry (a person's act) ──
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from airflow_provider_nusawa.gateway.codes import DeliveryStatus, later_status


class Sending(str, Enum):
    """What became of asking the gateway."""

    PLANNED = "planned"
    CLAIMED = "claimed"  # a runner holds it and has asked nothing yet
    SENDING = "sending"  # a request may be under way
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # perhaps sent
    EXCLUDED = "excluded"  # by the author's own list, or a cap
    SUPPRESSED = "suppressed"  # this person said no
    BAD = "bad"  # a row that names nobody, or fills no text


class Delivery(str, Enum):
    """What became of an accepted message, by the gateway's reports."""

    NONE = "none"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Actor(str, Enum):
    """Who made a change."""

    RUNNER = "runner"
    REPAIR = "repair"  # another runner, for one that is dead
    PERSON = "person"
    GATEWAY = "gateway"  # a delivery report


OPEN = frozenset({Sending.PLANNED, Sending.CLAIMED, Sending.SENDING})
"""States in which a campaign has still something to do."""

PERHAPS_SENT = frozenset({Sending.SENDING, Sending.ACCEPTED, Sending.UNKNOWN})
"""States that count against caps, and that nothing but a person's act sends again."""


@dataclass(frozen=True, slots=True)
class Move:
    """One way from state to state.

    :param before: The states that it starts from.
    :param late: More states that it may start from where it is the answer to a request that was given up on.
    :param any_try: Whether that request may be older than the row's latest.
    :param silent: Whether it goes unrecorded, because it concerns the runners and no person.
    """

    before: frozenset[Sending]
    after: Sending
    late: frozenset[Sending] = frozenset()
    any_try: bool = False
    silent: bool = False


_S = Sending

CLAIM = Move(frozenset({_S.PLANNED}), _S.CLAIMED, silent=True)
RELEASE = Move(frozenset({_S.CLAIMED}), _S.PLANNED, silent=True)
BEGIN = Move(frozenset({_S.CLAIMED}), _S.SENDING)
SUPPRESS = Move(frozenset({_S.PLANNED, _S.CLAIMED}), _S.SUPPRESSED)
CAP = Move(frozenset({_S.CLAIMED}), _S.EXCLUDED)

# Accepted once is accepted, whatever was decided meanwhile; only a request that is under way is awaited first.
_ANY_BUT_UNDER_WAY = frozenset({_S.PLANNED, _S.CLAIMED, _S.REFUSED, _S.UNKNOWN, _S.EXCLUDED, _S.SUPPRESSED})
ACCEPT = Move(frozenset({_S.SENDING}), _S.ACCEPTED, late=_ANY_BUT_UNDER_WAY, any_try=True)
# Planned and claimed: a person has asked for an unknown one to be sent again, and it has not been yet.
REFUSE = Move(frozenset({_S.SENDING}), _S.REFUSED, late=frozenset({_S.UNKNOWN, _S.PLANNED, _S.CLAIMED}))
DOUBT = Move(frozenset({_S.SENDING}), _S.UNKNOWN)
GIVE_BACK = Move(frozenset({_S.SENDING}), _S.PLANNED, late=frozenset({_S.UNKNOWN}))

RETRY = Move(frozenset({_S.REFUSED, _S.UNKNOWN, _S.ACCEPTED}), _S.PLANNED)
RESOLVE_ACCEPTED = Move(frozenset({_S.UNKNOWN}), _S.ACCEPTED)
RESOLVE_REFUSED = Move(frozenset({_S.UNKNOWN}), _S.REFUSED)

MOVES = {name: move for name, move in vars().copy().items() if isinstance(move, Move)}

_DELIVERIES = {
    DeliveryStatus.NONE: Delivery.NONE,
    DeliveryStatus.OTHER: Delivery.NONE,
    DeliveryStatus.SENT: Delivery.SENT,
    DeliveryStatus.DELIVERED: Delivery.DELIVERED,
    DeliveryStatus.READ: Delivery.READ,
    DeliveryStatus.FAILED: Delivery.FAILED,
    DeliveryStatus.ABORTED: Delivery.FAILED,
}
_LETTERS = {delivery: status for status, delivery in reversed(_DELIVERIES.items())}


def later_delivery(known: Delivery, told: DeliveryStatus) -> Delivery:
    """Return where a message is once a report has been heard: never back, by the gateway's own ranks."""
    return _DELIVERIES[later_status(_LETTERS[known], told)]


def letter_of(delivery: Delivery) -> DeliveryStatus:
    """Return the report that would say so."""
    return _LETTERS[delivery]
