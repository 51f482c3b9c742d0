"""What campaigns raise: one class for each next step.

NusaWaError
├── ListUnfit       the list cannot be sent to as it stands: mend it; ``line`` and ``bad`` say where
├── NewRecipients   the list names people who are new to the campaign: allow them, or use another id
└── TextUnfit       the text's template cannot be rendered: mend it; also a ValueError
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_nusawa.gateway.errors import NusaWaError


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be sent to, as it may be shown: without the number.

    :param line: Where it begins in the list, from 1; in a file its header is counted.
    """

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class ListUnfit(NusaWaError):
    """Nothing of the list was planned.

    :param line: The line at fault; 0 where no single one is.
    :param bad: The first of the bad rows, where there are too many.
    """

    def __init__(self, what: str, *, line: int = 0, bad: Sequence[BadRow] = ()) -> None:
        self.line = line
        self.bad = tuple(bad)
        place = f"line {line} of the list: " if line else ""
        examples = "".join(f"; {row}" for row in self.bad[:3])
        super().__init__(f"{place}{what}{examples}")

    @property
    def advice(self) -> str:
        return "Nothing was planned or sent. Mend the list, then run the task again."


class NewRecipients(NusaWaError):
    """A later run's list names people whom the campaign did not have. ``count`` says how many."""

    def __init__(self, what: str, *, count: int) -> None:
        self.count = count
        super().__init__(what)

    @property
    def advice(self) -> str:
        return (
            "Nothing was planned or sent by this run. If they shall get the message too, set "
            "on_new_recipients='add'; if this is another message, give it a campaign_id of its own."
        )


class TextUnfit(NusaWaError, ValueError):
    """The text is no template that can be rendered for each recipient."""

    @property
    def advice(self) -> str:
        return "Nothing was planned or sent. Mend the text, then run the task again."
