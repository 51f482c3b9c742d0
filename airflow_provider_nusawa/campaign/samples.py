"""A few messages of many, and how long they all are, in one pass."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_nusawa.campaign.preview import Lengths, Sample

_SHOWN = 5


class Samples:
    """Keeps the shortest, the longest and the first few: where a template goes wrong, one of these shows it."""

    def __init__(self) -> None:
        self._first: list[Sample] = []
        self._shortest: Sample | None = None
        self._longest: Sample | None = None
        self._count = self._characters = 0

    @property
    def lengths(self) -> Lengths:
        if self._shortest is None or self._longest is None:
            return Lengths()
        return Lengths(len(self._shortest.text), len(self._longest.text), self._characters / self._count)

    @property
    def chosen(self) -> tuple[Sample, ...]:
        """Five at most, each once, in the order of the list."""
        extremes = [sample for sample in (self._shortest, self._longest) if sample]
        by_line = {sample.line: sample for sample in (*extremes, *self._first)}
        return tuple(sorted(list(by_line.values())[:_SHOWN], key=lambda sample: sample.line))

    def add(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            length = len(sample.text)
            self._count += 1
            self._characters += length
            if len(self._first) < _SHOWN:
                self._first.append(sample)
            if self._shortest is None or length < len(self._shortest.text):
                self._shortest = sample
            if self._longest is None or length > len(self._longest.text):
                self._longest = sample
