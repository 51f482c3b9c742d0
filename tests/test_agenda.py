"""What the loop asks next: the agenda as a pure value, its clock in the hands of the test."""

from __future__ import annotations

from listeners import QUICK

from airflow_provider_nusawa.waiting.agenda import Agenda, Rhythm


def test_a_question_is_asked_after_the_first_interval_then_ever_more_rarely():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(10, 30), now=0)
    dues = []
    for _ in range(5):
        dues.append(agenda.next_due())
        assert agenda.asked("m", dues[-1]) == {"one"}

    assert dues == [10, 20, 35, 57.5, 87.5]


def test_the_longest_overdue_are_asked_first_and_no_more_than_wanted():
    agenda: Agenda[str] = Agenda()
    for at, name in enumerate(["a", "b", "c", "d"]):
        agenda.add("one", [name], Rhythm(10, 30), now=at)

    assert agenda.due(9, most=2) == []
    assert agenda.due(12, most=2) == ["a", "b"]
    assert agenda.due(12, most=9) == ["a", "b", "c"]


def test_what_failed_last_time_stands_behind_what_did_not():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["bad", "good", "new"], Rhythm(10, 30), now=0)
    agenda.asked("bad", 1, failed=True)
    agenda.asked("good", 2)

    assert agenda.due(12, most=9) == ["new", "good", "bad"]
    agenda.asked("bad", 3)
    assert agenda.due(99, most=9) == ["new", "good", "bad"]
    agenda.asked("good", 98, failed=True)
    assert agenda.due(120, most=9) == ["new", "bad", "good"]


def test_a_newcomer_hurries_a_question_but_never_delays_it():
    agenda: Agenda[str] = Agenda()
    agenda.add("slow", ["m"], Rhythm(100, 900), now=0)
    agenda.add("quick", ["m"], Rhythm(10, 30), now=5)
    agenda.add("slow too", ["m"], Rhythm(100, 900), now=6)

    assert agenda.next_due() == 15
    assert agenda.asked("m", 15) == {"slow", "quick", "slow too"}
    assert agenda.next_due() == 25


def test_a_question_lives_as_long_as_somebody_listens():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m", "n"], QUICK, now=0)
    agenda.add("two", ["m"], QUICK, now=0)

    agenda.drop("one", ["m", "n", "never opened"])

    assert (len(agenda), agenda.listeners()) == (1, {"two"})
    agenda.drop("two", ["m"])
    assert len(agenda) == 0
    assert agenda.asked("m", 0) == set()


def test_hurrying_brings_a_look_forward_and_never_puts_it_off():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(10, 30), now=0)
    for now in (10, 20, 35):
        agenda.asked("m", now)

    agenda.hurry("m", 40)
    assert agenda.next_due() == 50
    agenda.hurry("m", 45)
    assert agenda.next_due() == 50
    agenda.hurry("unknown", 45)


def test_pauses_double_up_to_a_minute():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(15, 300), now=0)

    assert [agenda.pause_seconds(failures) for failures in (1, 2, 3, 4, 5000)] == [15, 30, 60, 60, 60]
