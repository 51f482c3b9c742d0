"""From this package's errors to Airflow's, for every operator and sensor: whether Airflow may run the task again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.gateway.errors import NusaWaError


@contextmanager
def translated() -> Iterator[None]:
    """Let a retryable error pass, so that Airflow's retries see it; end the task at once for any other.

    :raises AirflowFailException: for an error that a repetition cannot cure, with its text; the error is its cause.
    """
    try:
        yield
    except NusaWaError as error:
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error


@contextmanager
def invalid_arguments_fail_at_once(task_id: str) -> Iterator[None]:
    """End the task at once for a ValueError about one of its arguments: rendering it again gives the same value.

    :param task_id: Stands before the text, because a rendered value is wrong only in its task.
    """
    try:
        yield
    except ValueError as error:
        raise AirflowFailException(f"{task_id}: {error}") from error
