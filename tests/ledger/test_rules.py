"""The ledger's rules, whatever runners do, die and come back to, and however the clock jumps."""

from __future__ import annotations

import contextlib
import tempfile
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from ledger_house import Clock, House, answered, number
from postgres import Postgres

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.acts import Again, resolve, retry
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.errors import LeaseLost, TooEarly
from airflow_provider_nusawa.ledger.outcomes import Answer, Try
from airflow_provider_nusawa.ledger.people import forget, purge_part, suppress, unsuppress
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.ledger.work import Runner

PEOPLE = 8


class Rules(RuleBasedStateMachine):
    """What the gateway would see is kept in ``posted`` and ``taken``; the ledger is judged by that."""

    runners: Bundle[Any] = Bundle("runners")
    requests: Bundle[Any] = Bundle("requests")

    def place(self) -> str:
        """Return where this run's ledger shall be."""
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        return f"sqlite:///{self._home.name}/l"

    @initialize(target=runners)
    def plan(self) -> Any:
        clock = Clock()
        self.house = House(open_ledger(self.place(), create=True, clock=clock), clock)
        self.campaign = self.house.campaign(people=PEOPLE)
        self.held: dict[int, dict[int, int]] = {}  # lease to recipients that were claimed under it, with their tries
        self.posted: dict[int, list[int]] = {}  # recipient to tries
        self.perhaps_taken: dict[int, set[Try]] = {}  # recipient to tries without a certain no
        self.taken: dict[int, int] = {}  # recipient to how often the gateway took it
        self.allowed: dict[int, int] = {}  # recipient to how often a person had an accepted or unknown one sent again
        self.silent: set[int] = set()  # marks of people who have said no
        self.lines_read = PEOPLE
        return multiple(*(self.arrive() for _ in range(3)))

    @rule(target=runners)
    def arrive(self) -> Runner:
        runner = self.house.runner(self.campaign)
        self.held[runner.lease] = {}
        return runner

    @rule(runner=runners, most=st.integers(1, 4))
    def claim(self, runner: Runner, most: int) -> None:
        try:
            claimed = runner.turn(claim=most).claimed
        except LeaseLost:
            return
        self.held[runner.lease].update((one.id, one.tries) for one in claimed)

    @rule(target=requests, runner=runners, first=st.booleans())
    def begin(self, runner: Runner, first: bool) -> Any:
        """What is held begins, all of it: also what is not held any more, since nobody told the runner."""
        if first:
            self.claim(runner, 2)
        return multiple(*self._begin(runner))

    def _begin(self, runner: Runner) -> list[Any]:
        try:
            begun = runner.turn(begin=list(self.held[runner.lease])).begun
        except LeaseLost:
            begun = {}
        for key, tried in begun.items():
            assert self._row(key).person not in self.silent, "a message began after its person said no"
            assert tried.number not in self.posted.setdefault(key, []), "one try began twice"
            self.posted[key].append(tried.number)
            perhaps_taken = self.perhaps_taken.setdefault(key, set())
            assert len(perhaps_taken) <= self.allowed.get(key, 0), "what was perhaps taken began again"
            perhaps_taken.add(tried)
        return [(runner, key, tried) for key, tried in begun.items()]

    @rule(target=requests, runner=consumes(runners), stands=st.booleans(), overtaken=st.booleans())
    def begin_in_a_commit_that_breaks(self, runner: Runner, stands: bool, overtaken: bool) -> Any:
        """Whether it stands, the runner cannot know: nothing leaves. It says so, perhaps after another's begin."""
        before = set(self.held[runner.lease])
        self.claim(runner, 2)
        fresh = {key: tries for key, tries in self.held[runner.lease].items() if key not in before}
        if stands:
            with contextlib.suppress(LeaseLost):
                runner.turn(begin=list(fresh))
        begun = []
        if overtaken:
            self.jump(31.0)
            other = self.arrive()
            self.claim(other, 2)
            begun = self._begin(other)
        runner.turn(answered({key: Try(tries + 1, runner.lease) for key, tries in fresh.items()}, Outcome.NOT_TRIED))
        return multiple(*begun)

    @rule(sent=consumes(requests), outcome=st.sampled_from(list(Outcome)), again=st.booleans(), twice=st.booleans())
    def answer(self, sent: Any, outcome: Outcome, again: bool, twice: bool) -> None:
        """The answer arrives: in time, late, or to a runner long taken for dead."""
        runner, key, tried = sent
        taken = outcome is Outcome.ACCEPTED
        later = 5.0 if again and outcome is Outcome.REFUSED else None
        message_id = f"m{key}-{tried.number}" if taken else ""
        for _ in range(1 + twice):
            runner.turn([Answer(key, tried, outcome, "v3", message_id=message_id, again_after=later)])
        self._took(key, taken)
        if outcome in (Outcome.REFUSED, Outcome.NOT_TRIED):
            self.perhaps_taken[key].discard(tried)
        if taken:
            assert self._row(key).message_id, "an accepted message lost its id"

    @rule(sent=consumes(requests))
    def lose(self, sent: Any) -> None:
        """The gateway took it, and nobody will ever know."""
        self._took(sent[1], True)

    def _took(self, key: int, taken: bool) -> None:
        self.taken[key] = self.taken.get(key, 0) + taken
        assert self.taken[key] <= 1 + self.allowed.get(key, 0), "somebody was messaged twice"

    @rule(runner=runners)
    def stop(self, runner: Runner) -> None:
        """Others crash: nothing more is heard of them, and their leases run out with the clock."""
        runner.end()

    @rule(seconds=st.sampled_from([1.0, 10.0, 31.0, 200.0, -20.0]))
    def jump(self, seconds: float) -> None:
        self.house.clock.now += seconds

    @rule(again=st.sampled_from(list(Again)))
    def decide(self, again: Again) -> None:
        """A person has some sent again; each of these may then be taken once more."""
        before = {row.id: row for row in self._rows()}
        try:
            self.house.ledger.write(lambda tx: retry(tx, self.campaign.id, again, who="test", reason="asked"))
        except TooEarly:
            return
        for row in self._rows():
            if row.sending is Sending.PLANNED and before[row.id].sending in (Sending.UNKNOWN, Sending.ACCEPTED):
                self.allowed[row.id] = self.allowed.get(row.id, 0) + 1

    @rule(person=st.integers(1, PEOPLE // 2), gone=st.booleans())
    def say_no(self, person: int, gone: bool) -> None:
        work = (lambda tx: forget(tx, number(person), who="t", reason="r")) if gone else (
            lambda tx: suppress(tx, [number(person)], who="t", reason="r"))  # fmt: skip
        self.house.ledger.write(work)
        self.silent.add(self.house.ledger.person(number(person)))

    @rule(person=st.integers(1, PEOPLE // 2))
    def take_back_a_no(self, person: int) -> None:
        self.house.ledger.write(lambda tx: unsuppress(tx, [number(person)], who="t", reason="r"))
        self.silent.discard(self.house.ledger.person(number(person)))

    @rule(first=st.integers(1, 2 * PEOPLE), gone=st.integers(1, 2 * PEOPLE))
    def read_another_list(self, first: int, gone: int) -> None:
        """By another run, in two writes; somebody is forgotten in between."""
        reader = Reader.open(self.house.ledger, self.campaign, f"run from {self.lines_read}")
        for lines in ((first, first + 1), (first, first + 2)):
            reader.add([Line(100 * self.lines_read + place, number(place)) for place in lines])
            reader.write()
            self.lines_read += 2
            self.say_no(gone, True)
        reader.complete()

    @rule()
    def purge(self) -> None:
        self.house.ledger.write(lambda tx: purge_part(tx, self.house.clock.now))

    @rule(outcome=st.sampled_from([Outcome.ACCEPTED, Outcome.REFUSED]))
    def resolve(self, outcome: Outcome) -> None:
        """A person says what became of all unknown ones. Who were refused, he says, may so be sent to once more."""
        unknown = [row.id for row in self._rows() if row.sending is Sending.UNKNOWN]
        decisions = {key: (outcome, f"r{key}" if outcome is Outcome.ACCEPTED else "") for key in unknown}
        with contextlib.suppress(TooEarly):
            self.house.ledger.write(lambda tx: resolve(tx, decisions, who="t", reason="r"))
            for key in unknown:
                self.allowed[key] = self.allowed.get(key, 0) + (outcome is Outcome.REFUSED)

    @rule(letter=st.sampled_from(list(DeliveryStatus)), key=st.integers(1, PEOPLE))
    def report(self, letter: DeliveryStatus, key: int) -> None:
        ids = [row.message_id for row in self._rows() if row.message_id and row.id % 2**32 == key]
        self.house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport(one, letter) for one in ids]))

    @invariant()
    def every_row_is_accounted_for(self) -> None:
        if hasattr(self, "house"):
            balance = self.house.equation(self.campaign)
            assert balance.adds_up
            assert balance.rows_read == self.lines_read

    @invariant()
    def nobody_waits_for_what_was_perhaps_taken(self) -> None:
        if hasattr(self, "house"):
            for row in self._rows():
                if row.sending in (Sending.PLANNED, Sending.CLAIMED):
                    assert len(self.perhaps_taken.get(row.id, ())) <= self.allowed.get(row.id, 0)
                assert not row.message_id or row.sending in (Sending.SENDING, Sending.ACCEPTED)

    @invariant()
    def the_tallies_say_what_the_rows_say(self) -> None:
        if hasattr(self, "house"):
            shown, rows = self.house.progress(self.campaign), self._rows()
            for state, n in shown.sending.items():
                assert n == sum(row.sending is state for row in rows)
            for state, n in shown.delivery.items():
                assert n == sum(row.delivery is state and row.sending is Sending.ACCEPTED for row in rows)

    def _row(self, key: int) -> Any:
        return next(row for row in self._rows() if row.id == key)

    def _rows(self) -> list[Any]:
        query = sa.select(recipients).order_by(recipients.c.id)
        return list(self.house.ledger.read(lambda tx: tx.run(query).all()))

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.ledger.close()
        if hasattr(self, "_home"):
            self._home.cleanup()


SETTINGS = settings(
    max_examples=50,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Rules.TestCase.settings = SETTINGS
TestRules = Rules.TestCase


def test_the_rules_hold_on_postgresql_too(postgres: Postgres) -> None:
    """In fewer runs, since each step there is a round trip or three."""

    class There(Rules):
        def place(self) -> str:
            return postgres.new_place()

    run_state_machine_as_test(There, settings=settings(SETTINGS, max_examples=8))
