"""What Airflow is told of each error: whether it may run the task again."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
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


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Unreachable("no route", cause=Cause.CONNECT), id="unreachable"),
        pytest.param(Refused("busy", scope=Scope.TRANSIENT, code=-99), id="refused-for-now"),
    ],
)
def test_an_error_that_may_pass_is_left_to_airflows_retries(error: NusaWaError) -> None:
    with pytest.raises(type(error)) as caught, translated():
        raise error

    assert caught.value is error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(InvalidMessage("the text is empty"), id="invalid-message"),
        pytest.param(InvalidSettings("host is no URL", field="host"), id="invalid-settings"),
        pytest.param(OutcomeUnknown("time-out", cause=Cause.TIMEOUT), id="unknown"),
        pytest.param(DeliveryFailed("it failed", message_id="01", letter="F"), id="delivery-failed"),
        *[
            pytest.param(Refused("no", scope=scope), id=f"refused-{scope.value}")
            for scope in Scope
            if scope is not Scope.TRANSIENT
        ],
    ],
)
def test_an_error_that_stays_fails_the_task_at_once_with_its_text(error: NusaWaError) -> None:
    with pytest.raises(AirflowFailException) as caught, translated():
        raise error

    assert str(caught.value) == str(error)
    assert caught.value.__cause__ is error


def test_an_argument_that_cannot_be_used_fails_the_task_at_once() -> None:
    with (
        pytest.raises(AirflowFailException, match=r"^gate: minimum is no number$"),
        invalid_arguments_fail_at_once("gate"),
    ):
        raise ValueError("minimum is no number")


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), translated(), invalid_arguments_fail_at_once("gate"):
        raise KeyError("x")
