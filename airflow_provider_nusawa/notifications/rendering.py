"""A notifier's template fields rendered one by one, so that one bad template never costs the whole alert."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

_BETWEEN_NUMBERS = re.compile(r"[,;\n\[\]'\"]+")


@dataclass(slots=True)
class Rendered:
    """What the templates gave.

    :param to: Recipients, as written. Those whose template failed are missing.
    :param text: None where none was given, or its template failed.
    :param nusawa_conn_id: None where its template failed.
    :param failed: The field of each template that failed, and why.
    """

    to: list[str] = field(default_factory=list)
    text: str | None = None
    nusawa_conn_id: str | None = None
    failed: list[tuple[str, Exception]] = field(default_factory=list)

    def failure_of(self, name: str) -> Exception | None:
        return next((error for failed, error in self.failed if failed == name), None)


def render_fields(render: Callable[[Any], Any], to: object, text: object, nusawa_conn_id: object) -> Rendered:
    """Render each field, and each recipient of a list, on its own.

    :param render: Renders one value; may raise anything.
    """
    result = Rendered()

    def rendered(name: str, value: object) -> Any:
        try:
            return render(value)
        except Exception as error:  # noqa: BLE001  (a template can raise whatever its filters and macros raise)
            result.failed.append((name, error))
            return None

    for recipient in to if isinstance(to, (list, tuple, set, frozenset)) else [to]:
        result.to += _numbers(rendered("to", recipient))
    words, conn_id = rendered("text", text), rendered("nusawa_conn_id", nusawa_conn_id)
    result.text = None if words is None else str(words)
    result.nusawa_conn_id = str(conn_id) if conn_id else None
    return result


def _numbers(value: object) -> Iterable[str]:
    """Yield the numbers that one template gave: a list, or text that names several.

    No number holds a comma, and an alert to three people must not be lost because a Variable names them in one line.
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _numbers(one)
    elif value is not None:
        yield from filter(None, map(str.strip, _BETWEEN_NUMBERS.split(str(value))))
