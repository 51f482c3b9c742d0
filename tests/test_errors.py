"""An inventory of the error tree: each says what, whom, whether again and what next, and survives pickle and copy."""

from __future__ import annotations

import copy
import pickle

import pytest

from airflow_provider_nusawa.gateway import errors
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    DeliveryFailed,
    InvalidMessage,
    InvalidSettings,
    NusaWaError,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)

NUMBER = "6281234567890"
EXAMPLES = [
    InvalidMessage("the text is empty", destination=NUMBER),
    InvalidSettings("host is no URL", field="host"),
    Unreachable("no route to the host", cause=Cause.CONNECT, destination=NUMBER),
    *[
        Refused("refused", scope=scope, code=-5, http_status=418, retry_after=1.5, foreign=True, destination=NUMBER)
        for scope in Scope
    ],
    OutcomeUnknown("the answer was cut off", cause=Cause.DROPPED, destination=NUMBER),
    DeliveryFailed("the gateway gave up", message_id="017", letter="F", err_code="9"),
]
each_error = pytest.mark.parametrize("error", [pytest.param(error, id=repr(error)[:45]) for error in EXAMPLES])


def test_the_inventory_is_complete_and_drawn_in_the_module() -> None:
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, NusaWaError)}

    assert {type(error) for error in EXAMPLES} == classes - {NusaWaError}
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in classes)


@each_error
@pytest.mark.parametrize(
    "carried",
    [
        pytest.param(lambda error: pickle.loads(pickle.dumps(error)), id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_an_error_arrives_whole(error: NusaWaError, carried: object) -> None:
    arrived = carried(error)  # type: ignore[operator]

    assert type(arrived) is type(error)
    assert (str(arrived), arrived.args, vars(arrived)) == (str(error), error.args, vars(error))
    assert arrived.retryable == error.retryable


@each_error
def test_an_error_says_what_happened_and_what_to_do(error: NusaWaError) -> None:
    text = str(error)

    assert text.startswith(error.what)
    assert text.endswith(error.advice)
    assert error.advice.endswith(".")
    assert error.advice != NusaWaError("").advice


@each_error
def test_an_error_shows_four_digits_of_a_number(error: NusaWaError) -> None:
    shown = str(error) + repr(error) + repr(vars(error))

    assert NUMBER[:-4] not in shown
    assert (f"(recipient …{NUMBER[-4:]})" in str(error)) == bool(error.last_four)


@each_error
def test_only_what_is_safe_and_may_help_is_repeatable(error: NusaWaError) -> None:
    safe = isinstance(error, Unreachable) or (isinstance(error, Refused) and error.scope is Scope.TRANSIENT)

    assert error.retryable == safe


@each_error
def test_only_an_unknown_outcome_admits_that_something_may_have_been_sent(error: NusaWaError) -> None:
    sent_nothing = "Nothing was sent" in error.advice

    assert sent_nothing == (not isinstance(error, OutcomeUnknown | DeliveryFailed))


@pytest.mark.parametrize("kind", [InvalidMessage, InvalidSettings])
def test_what_is_refused_here_is_also_a_value_error(kind: type[NusaWaError]) -> None:
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_cause_fits_into_the_middle_of_a_sentence(cause: Cause) -> None:
    assert not cause.value.endswith(".")
    assert cause.value[0].islower() or cause.value.startswith("the")
