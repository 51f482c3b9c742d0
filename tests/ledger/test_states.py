"""The table of moves, against the promises that it must keep."""

from __future__ import annotations

import itertools

import pytest

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.ledger.states import MOVES, PERHAPS_SENT, Delivery, Sending, later_delivery


def test_nothing_but_a_persons_act_leads_back_from_accepted() -> None:
    leaving = {name for name, move in MOVES.items() if Sending.ACCEPTED in move.before | move.late}

    assert leaving == {"RETRY"}


def test_unknown_is_left_by_its_own_late_answer_or_a_person() -> None:
    leaving = {name for name, move in MOVES.items() if Sending.UNKNOWN in move.before | move.late}

    assert leaving == {"ACCEPT", "REFUSE", "GIVE_BACK", "RETRY", "RESOLVE_ACCEPTED", "RESOLVE_REFUSED"}


def test_a_request_begins_only_from_a_claim() -> None:
    beginning = [(move.before, move.late) for move in MOVES.values() if move.after is Sending.SENDING]

    assert beginning == [({Sending.CLAIMED}, frozenset())]


def test_silent_moves_concern_no_person() -> None:
    touched = {state for move in MOVES.values() if move.silent for state in (*move.before, move.after)}

    assert touched == {Sending.PLANNED, Sending.CLAIMED}
    assert not touched & PERHAPS_SENT


def test_every_state_is_reached_by_the_list_or_a_move() -> None:
    by_list = {Sending.PLANNED, Sending.BAD, Sending.EXCLUDED}

    assert by_list | {move.after for move in MOVES.values()} == set(Sending)


@pytest.mark.parametrize(("known", "told"), [*itertools.product(Delivery, DeliveryStatus)])
def test_delivery_never_goes_back(known: Delivery, told: DeliveryStatus) -> None:
    order = [Delivery.NONE, Delivery.SENT, Delivery.FAILED, Delivery.DELIVERED, Delivery.READ]

    assert order.index(later_delivery(known, told)) >= order.index(known)
