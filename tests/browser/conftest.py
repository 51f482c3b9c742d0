"""A person at a browser: headless Chromium, a real Airflow in which nothing is set up yet, and the emulator."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from dev.house import House
from dev.versions import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def desk() -> Iterator[Remote]:
    """The emulator that the person writes into the connection."""
    with spawn("--step-seconds", "2") as gateway:
        yield gateway


@pytest.fixture(scope="session")
def new_airflow() -> Iterator[House]:
    """An Airflow with the example Dags and no connection."""
    paused = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}  # some of the examples have a schedule
    with House(ROOT / "example_dags", paused, say=print) as house:
        yield house


# A module's and not the session's: while it lives, this thread has an event loop, and asyncio.run of others fails.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, which is who runs in a container.
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1000, "height": 700}, color_scheme="light")
    page.set_default_timeout(60_000)  # a busy machine
    yield page
    page.close()


@pytest.fixture(scope="session")
def picture() -> Callable[..., None]:
    """Keeps what is on the screen, in light and in dark, where ``NUSAWA_PICTURES`` names a folder (make pictures)."""
    folder = os.environ.get("NUSAWA_PICTURES")

    def take(page: Page, name: str, height: int = 700) -> None:
        if folder:
            from pictures import keep

            keep(page, Path(folder), name, height)

    return take
