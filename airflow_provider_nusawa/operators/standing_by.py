"""Work in a thread, and the main thread beside it, which only waits: Airflow raises time-outs and signals in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from airflow.providers.common.compat.sdk import AirflowException

T = TypeVar("T")

LOOK_SECONDS = 0.1
STOP_SECONDS = 3.0
"""Airflow kills a task 5 s after it told it to stop."""


class Work(Protocol):
    """What goes on in threads of its own until it is done, or stopped."""

    def start(self) -> None: ...

    def wait(self, seconds: float) -> bool:
        """Whether it is done, after at most so long."""

    def stop(self, within_seconds: float) -> bool:
        """Have it end, and wait for that. Whether it has ended in order."""


class Errand(Generic[T]):
    """One call, as work.

    :param call: What is to be done.
    :param stop: Has ``call`` return soon; from any thread.
    """

    def __init__(self, call: Callable[[], T], stop: Callable[[], None]) -> None:
        self._call = call
        self._stop = stop
        self._done = threading.Event()
        self._results: list[T] = []
        self._failure: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="nusawa-errand", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        return self._done.wait(seconds)

    def stop(self, within_seconds: float) -> bool:
        self._stop()
        return self._done.wait(within_seconds)

    @property
    def result(self) -> T:
        """What the call returned; or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self._failure = error
        finally:
            self._done.set()


def stand_by(work: Work, is_told: Callable[[], bool], log: logging.Logger | Any) -> None:
    """Start work and wait until it is done, in the main thread, which does nothing else.

    :param is_told: Whether the task was told to stop.
    :raises AirflowException: if it was; before the start, or, as with whatever else Airflow raises here, once the work
        is stopped.
    """
    _heed(is_told)
    try:
        work.start()
        while not work.wait(LOOK_SECONDS):
            _heed(is_told)
    except BaseException:
        if not work.stop(STOP_SECONDS):
            log.warning("outcomes could not be put on record in time: they will read as unknown")
        raise


def _heed(is_told: Callable[[], bool]) -> None:
    if is_told():
        raise AirflowException("The task was told to stop; whom it has messaged is on record.")
