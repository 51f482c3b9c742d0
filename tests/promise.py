"""The promise, judged by the gateway's books: nobody accepted twice, nobody posted to again without leave."""

from __future__ import annotations

from collections import Counter, defaultdict

from airflow_provider_nusawa.emulator import Backend
from airflow_provider_nusawa.gateway.codes import CODES
from airflow_provider_nusawa.gateway.errors import Scope
from airflow_provider_nusawa.ledger.progress import Equation

AGAIN = {"HTTP 429", *(f"code {code.number}" for code in CODES.values() if code.scope is Scope.TRANSIENT)}
"""What the books call the answers after which a person may be posted to once more."""


def answers(backend: Backend) -> dict[str, list[str]]:
    """Return what each recipient's requests came to, in their order."""
    assert backend.books.counts["send"] <= (backend.books.requests.maxlen or 0), "the books hold not all any more"
    found: dict[str, list[str]] = defaultdict(list)
    with backend.lock:
        requests = list(backend.books.requests)
    for request in requests:
        if request.call == "send":
            found[request.number].append(request.outcome)
    return dict(found)


def check_books(backend: Backend) -> None:
    """Assert what must hold whatever was killed, frozen or cut."""
    again = {number[-4:]: came for number, came in answers(backend).items() if not set(came[:-1]) <= AGAIN}

    assert backend.accepted_twice() == {}
    assert again == {}, "somebody was posted to again after an answer that does not allow it, or after none"


def check_states(backend: Backend, states: dict[str, str], equation: Equation) -> None:
    """Assert that the ledger knows of each recipient what the gateway did, or that it does not know.

    :param states: The ledger's, by number; the campaign is over.
    """
    taken = {number for number in states if backend.sent_to(number)}
    by_state = Counter(states.values())

    assert {number for number, state in states.items() if state == "accepted"} <= taken
    assert {number for number, state in states.items() if state not in ("accepted", "unknown")} & taken == set()
    assert set(states.values()) <= {"accepted", "refused", "unknown", "suppressed"}
    assert (equation.adds_up, equation.open) == (True, 0)
    assert (equation.accepted, equation.unknown) == (by_state["accepted"], by_state["unknown"])
