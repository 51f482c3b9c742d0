"""Pictures as SVG, by pure functions. No script, no style of their own: colours are classes, words are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from markupsafe import Markup

from airflow_provider_nusawa.report.figures import Part

WIDTH, HEIGHT = 1_000, 300
"""The units of a picture, which is stretched to the place it gets. So no text stands in it: the page writes that."""

_FRAME = Markup(
    '<svg class="{kind}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{label}">'
)


def bar(parts: Sequence[Part], label: str) -> Markup:
    """Draw shares of a whole, side by side."""
    total = sum(part.n for part in parts) or 1
    starts = accumulate((part.n for part in parts), initial=0)
    pieces = (
        Markup('<rect class="{}" x="{}" width="{}" height="10"><title>{}: {}</title></rect>').format(
            f"k-{part.kind}", _units(start / total), _units(part.n / total), part.label, f"{part.n:,}"
        )
        for part, start in zip(parts, starts, strict=False)
    )
    return _framed("bar", 10, label, pieces)


def meter(n: int, most: int, kind: str) -> Markup:
    """Draw one number beside the largest of its kind. The number itself stands beside it, so it says nothing."""
    width = _units(n / most if most else 0)
    return Markup(
        '<svg class="meter" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" width="{}" height="10"/></svg>'
    ).format(WIDTH, f"k-{kind}", width)


def areas(series: Mapping[str, Sequence[int]], line: Sequence[int], most: int, label: str) -> Markup:
    """Draw running totals: areas upon each other, and a line over them.

    :param series: Numbers for each span of time by kind, the lowest area first.
    :param line: Numbers for each span of the line.
    :param most: The total that is as high as the picture.
    """
    floor = [0] * (len(line) + 1)
    shapes: list[Markup] = []
    for kind, numbers in series.items():
        top = [low + own for low, own in zip(floor, accumulate(numbers, initial=0), strict=True)]
        outline = [*_points(top, most), *reversed(_points(floor, most))]
        shapes.append(Markup('<polygon class="{}" points="{}"/>').format(f"k-{kind}", " ".join(outline)))
        floor = top
    points = " ".join(_points(list(accumulate(line, initial=0)), most))
    shapes.append(Markup('<polyline class="over" points="{}" vector-effect="non-scaling-stroke"/>').format(points))
    return _framed("areas", HEIGHT, label, [_grid(), *shapes])


def _grid() -> Markup:
    lines = (
        Markup('<line x1="0" x2="{}" y1="{}" y2="{}" vector-effect="non-scaling-stroke"/>').format(WIDTH, y, y)
        for y in (0, HEIGHT // 2, HEIGHT)
    )
    return Markup('<g class="grid">{}</g>').format(Markup("").join(lines))


def _framed(kind: str, height: int, label: str, inside: Iterable[Markup]) -> Markup:
    frame = _FRAME.format(kind=kind, width=WIDTH, height=height, label=label)
    return frame + Markup("").join(inside) + Markup("</svg>")


def _points(totals: Sequence[int], most: int) -> list[str]:
    step = WIDTH / max(len(totals) - 1, 1)
    return [f"{at * step:.1f},{HEIGHT * (1 - total / (most or 1)):.1f}" for at, total in enumerate(totals)]


def _units(share: float) -> str:
    return f"{share * WIDTH:.2f}"
