"""The gateway's side of a leg: one exchange a message, at the moment it is asked for and never again by itself.

Not ``AsyncClient``: that one keeps a pace of its own process, and repeats a 429 where a campaign gives the row back.
"""

from __future__ import annotations

from contextlib import suppress

from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway import questions
from airflow_provider_nusawa.gateway.async_transport import AsyncTransport
from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.errors import Refused, Unreachable
from airflow_provider_nusawa.gateway.messages import Message, Receipt
from airflow_provider_nusawa.gateway.settings import Settings


class Post:
    """Sends for one event loop, over pooled connections.

    :param connections: How many requests may be under way.
    :param timetable: Has the last word on each, once its connection is there.
    :raises InvalidSettings: for a connection that can send nothing.
    """

    def __init__(self, settings: Settings, connections: int, timetable: Timetable) -> None:
        dialect_of(settings).check_settings(settings)
        self.settings = settings
        self._transport = AsyncTransport(settings, connections, door=timetable.depart)

    async def send(self, message: Message, leave_before: float) -> Receipt:
        """As ``AsyncClient.send``, without repeats and without a wait."""
        question = questions.send(self.settings, message)
        return question.answered(await self._transport.exchange(question.request, leave_before))

    async def is_alive(self) -> bool:
        """Whether the gateway answers a harmless call, be it with a refusal."""
        question = questions.credits(self.settings)
        with suppress(Refused):
            try:
                question.answered(await self._transport.exchange(question.request))
            except Unreachable:
                return False
        return True

    def cut(self) -> None:
        """End all calls under way, and let no other begin. Call it in the event loop."""
        self._transport.stop()

    async def close(self) -> None:
        await self._transport.close()
