"""An argument with a few words to choose from, checked when the Dag file is read."""

from __future__ import annotations


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ValueError unless the argument of that name is one of these words."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}, and must be {' or '.join(map(repr, allowed))}")
