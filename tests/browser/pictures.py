"""Screenshots for README and docs: small, and one each for light and dark."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

LARGEST_BYTES = 150_000
COLOURS = 128


def keep(page: Page, folder: Path, name: str, height: int) -> None:
    """Write ``name.png`` and ``name-dark.png``, and leave the page as it was."""
    before = page.viewport_size
    page.set_viewport_size({"width": 1000, "height": height})
    for scheme, suffix in (("dark", "-dark"), ("light", "")):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(700)  # colours fade
        image = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
        small = image.quantize(COLOURS, dither=Image.Dither.NONE)
        target = folder / f"{name}{suffix}.png"
        small.save(target, optimize=True)
        assert target.stat().st_size < LARGEST_BYTES
    if before:
        page.set_viewport_size(before)
