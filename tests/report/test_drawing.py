"""Pictures: what is drawn is as wide and as high as the numbers."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.report.drawing import HEIGHT, WIDTH, areas, bar, meter
from airflow_provider_nusawa.report.figures import Part

counts = st.integers(0, 10**7)


def numbers(name: str, svg: str) -> list[float]:
    return [float(found) for found in re.findall(rf' {name}="([\d.]+)"', svg)]


@given(st.lists(counts, min_size=1, max_size=10))
def test_a_bar_is_as_long_as_its_parts(parts: list[int]) -> None:
    svg = bar([Part("accepted", "a", n) for n in parts], "all")

    widths = numbers("width", svg)
    assert sum(widths) <= WIDTH + 0.1
    assert any(parts) is (sum(widths) > WIDTH - 0.1)
    assert numbers("x", svg) == sorted(numbers("x", svg))


def test_a_bar_names_its_parts_and_escapes_them() -> None:
    svg = bar([Part("read", '"><script>', 1234)], '"><b>')

    assert "<title>&#34;&gt;&lt;script&gt;: 1,234</title>" in svg
    assert 'aria-label="&#34;&gt;&lt;b&gt;"' in svg


def test_a_meter_of_nothing_is_empty() -> None:
    assert numbers("width", meter(0, 0, "bad")) == [0.0]
    assert numbers("width", meter(5, 10, "bad")) == [500.0]


@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=30))
def test_areas_stand_upon_each_other_and_inside_the_picture(spans: list[tuple[int, int, int]]) -> None:
    low, high, line = ([span[place] for span in spans] for place in range(3))
    most = max(sum(low) + sum(high), sum(line))

    svg = areas({"accepted": low, "refused": high}, line, most, "l")

    points = [
        [tuple(map(float, point.split(","))) for point in found.split()]
        for found in re.findall(r'points="([^"]+)"', svg)
    ]
    assert all(-0.1 <= x <= WIDTH + 0.1 and -0.1 <= y <= HEIGHT + 0.1 for shape in points for x, y in shape)
    lower, upper, over = points
    assert upper[len(spans) + 1 :] == lower[: len(spans) + 1][::-1]  # the upper's floor is the lower's top
    assert over[-1][1] == round(HEIGHT * (1 - sum(line) / (most or 1)), 1)
    assert [y for _, y in over] == sorted((y for _, y in over), reverse=True)
