"""Airflow's own pages as a person uses them: by what can be read on them, not by how they are built."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

HOOK_NAME = "NusaSMS WhatsApp"
expect.set_options(timeout=60_000)


class ConnectionForm:
    """The form for a connection, new or saved.

    :param url: Airflow's.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.form = page.get_by_role("dialog")

    @property
    def port(self) -> Locator:
        return self.form.get_by_label("Port", exact=True)

    @property
    def told(self) -> Locator:
        """What Airflow says in the corner."""
        return self.page.get_by_role("region", name="Notifications").get_by_role("status")

    def add(self, conn_id: str) -> None:
        """Open the form for a new connection of our type."""
        self.page.goto(f"{self._url}/connections")
        self.page.get_by_role("button", name="Add Connection").click()
        self.form.get_by_label("Connection ID").fill(conn_id)
        self.form.get_by_role("combobox", name="Connection Type").click()
        self.page.keyboard.type("NusaSMS")
        self.page.get_by_role("option", name=HOOK_NAME).click()

    def edit(self, conn_id: str) -> None:
        """Open the form of a saved connection."""
        self.page.goto(f"{self._url}/connections")
        self._row(conn_id).get_by_role("button", name="Edit Connection").click()

    def open_extras(self) -> None:
        self.form.get_by_role("button", name="Extra Fields", exact=True).click()
        expect(self.form.get_by_role("region").last).to_be_visible()

    def group(self, label: str) -> Locator:
        """Return label, field and help of one extra. Airflow ties its labels to some kinds of fields only."""
        return self.form.get_by_role("group").filter(has=self.page.get_by_text(label, exact=True)).last

    def write(self, values: Mapping[str, str]) -> None:
        """Fill standard fields, by their labels."""
        for label, value in values.items():
            self.form.get_by_label(label, exact=True).fill(value)

    def write_extra(self, label: str, value: str) -> None:
        group = self.group(label)
        group.get_by_role("spinbutton").or_(group.get_by_role("textbox")).fill(value)
        self.page.keyboard.press("Tab")

    def choose(self, label: str, words: str) -> list[str]:
        """Pick from a drop-down, and return all that it offers."""
        self.group(label).get_by_role("combobox").click()
        options = self.page.get_by_role("option")
        expect(options.first).to_be_visible()
        offered = options.all_inner_texts()
        self.page.get_by_role("option", name=words).click()
        return offered

    def switch(self, label: str) -> None:
        """Turn a switch, by a click on its words: the box itself is hidden behind a picture of one."""
        self.form.get_by_text(label, exact=True).click()

    def save(self) -> None:
        self.form.get_by_role("button", name="Save").click()
        expect(self.form).to_be_hidden()

    def test(self, conn_id: str) -> str:
        """Press the Test button of a saved connection, and return what Airflow says; it does for two seconds."""
        self.page.goto(f"{self._url}/connections")
        self._row(conn_id).get_by_role("button", name="Test Connection").click()
        expect(self.told).to_be_visible()
        return self.told.inner_text()

    def _row(self, conn_id: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=conn_id, exact=True))


def run_dag(page: Page, url: str, dag_id: str, params: Mapping[str, str]) -> None:
    """Press Trigger on a Dag's page, fill its parameters, and stay on the run's page. It sets a paused Dag going."""
    page.goto(f"{url}/dags/{dag_id}")
    page.get_by_role("button", name="Trigger Dag").click()
    dialog = page.get_by_role("dialog")
    for name, value in params.items():
        dialog.locator(f"[name=element_{name}]").fill(value)
        page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url("**/runs/**")


def watch_run(page: Page, tasks: int) -> str:
    """Watch a run's page until the run and all its tasks say Success, or one says Failed; return that word."""
    failed = page.get_by_text("Failed", exact=True)
    ended = page.get_by_text("Success", exact=True).nth(tasks).or_(failed)
    expect(ended.first).to_be_visible()
    return ended.first.inner_text()
