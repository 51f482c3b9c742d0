"""NusaWaMomentTrigger: sleep until a moment. Airflow's own one lies elsewhere in each Airflow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

_LONGEST_NAP_SECONDS = 60.0
"""The clock may be set, and a machine may sleep: so often is looked at it again."""


class NusaWaMomentTrigger(BaseTrigger):
    """Fires once a moment has come: a campaign's window opens, or its next leg is due.

    :param moment: Seconds since the epoch.
    """

    def __init__(self, *, moment: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the import path and the arguments."""
        return f"{__package__}.{type(self).__name__}", {"moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, and fire."""
        while (left := self.moment - time.time()) > 0:
            await asyncio.sleep(min(left, _LONGEST_NAP_SECONDS))
        yield TriggerEvent({"moment": self.moment})  # type: ignore[no-untyped-call]
