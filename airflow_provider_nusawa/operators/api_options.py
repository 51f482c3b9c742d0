"""What only API v1.0 can be asked for, out of an operator's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.messages import Options


class Asking(Protocol):
    """An operator with these arguments, rendered."""

    sender: Any
    gateway_queue: Any
    include_unsubscribe: bool | None


def options_of(task: Asking) -> Options:
    from airflow_provider_nusawa.gateway.messages import Options

    # Native rendering makes an int of a sender that is a number.
    sender, queue = (str(value) if value is not None else "" for value in (task.sender, task.gateway_queue))
    return Options(sender, queue, task.include_unsubscribe)
