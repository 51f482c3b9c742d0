"""How the gateway behaves where its manual leaves a choice: limits, delivery, latency, shapes of answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DAY_SECONDS = 86_400.0


@dataclass(slots=True)
class Rules:
    """Settings of the emulated gateway; assign to them at any time.

    :param equal_texts_a_day: Equal texts that one recipient gets in a day before -77; None for no limit.
    :param messages_a_day: Messages that one recipient gets in 24 hours before -78; None for no limit.
    :param letters: What becomes of an ordinary message, one letter a step: ``SD``, ``SDR`` (read), ``SF`` (failed).
    :param step_seconds: How long each of those steps takes, by the gateway's clock.
    :param latency_seconds: Seconds an answer takes, by the call's name (``send``, ``credits``, ``dr``, ``check``).
    :param hit_gap_seconds: Calls of one account that come closer than this get HTTP 429; 0 for no limit.
    :param reports_in_results: Whether v3 wraps a delivery report in ``results`` instead of giving it flat.
    :param content_type: What v3 answers claim to be, whatever they are; empty for the truth.
    :param second_question_mark: Whether callbacks append ``?`` to a URL that has a query already.
    :param callback_copies: How often each callback is sent; 0 loses them.
    :param callbacks_backwards: Whether callbacks that are due at once go out in the wrong order.
    """

    equal_texts_a_day: int | None = 10
    messages_a_day: int | None = None
    letters: str = "SD"
    step_seconds: float = 1.0
    latency_seconds: dict[str, float] = field(default_factory=dict)
    hit_gap_seconds: float = 0.0
    reports_in_results: bool = False
    content_type: str = ""
    second_question_mark: bool = False
    callback_copies: int = 1
    callbacks_backwards: bool = False

    def change(self, values: dict[str, Any]) -> None:
        """Assign several at once, none if one of them cannot be.

        :raises ValueError: naming the rule and what it takes.
        """
        for name, value in values.items():
            takes = _TAKES.get(name)
            if takes is None:
                raise ValueError(f"no such rule: {name!r}. There are: {', '.join(_TAKES)}")
            if not isinstance(value, takes) or (isinstance(value, bool) and bool not in takes):
                raise ValueError(f"{name} takes {' or '.join(kind.__name__ for kind in takes)}, not {value!r}")
        for name, value in values.items():
            setattr(self, name, value)


_TAKES: dict[str, tuple[type, ...]] = {
    "equal_texts_a_day": (int, type(None)),
    "messages_a_day": (int, type(None)),
    "letters": (str,),
    "step_seconds": (int, float),
    "latency_seconds": (dict,),
    "hit_gap_seconds": (int, float),
    "reports_in_results": (bool,),
    "content_type": (str,),
    "second_question_mark": (bool,),
    "callback_copies": (int,),
    "callbacks_backwards": (bool,),
}
