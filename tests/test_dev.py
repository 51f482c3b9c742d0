"""The commands behind the Makefile: what they read, what they say, and that nobody is left out."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest

from dev import matrix, setup
from dev.house.books import unpack
from dev.installer import read_pip_config, translate
from dev.say import Trouble
from dev.versions import NEWEST, ROOT, TESTED, find_airflow, this_python


def test_the_environment_wins_over_pips_files():
    shown = "\n".join(
        [
            ":env:.cert='/env.pem'",
            "global.cert='/global.pem'",
            "global.index-url='https://mirror.test/a=b'",
            "install.index-url='https://install.test'",
            "freeze.timeout='1'",
        ]
    )

    assert read_pip_config(shown) == {"cert": "/env.pem", "index-url": "https://install.test"}


@pytest.mark.parametrize(
    ("pip", "uv"),
    [
        pytest.param({"index-url": "https://one.test"}, {"UV_DEFAULT_INDEX": "https://one.test"}, id="index"),
        pytest.param({"extra-index-url": "\nfile:///a\nfile:///b"}, {"UV_INDEX": "file:///a file:///b"}, id="extra"),
        pytest.param({"find-links": "/a /b"}, {"UV_FIND_LINKS": "/a,/b"}, id="links"),
        pytest.param({"trusted-host": "one.test"}, {"UV_INSECURE_HOST": "one.test"}, id="trusted"),
        pytest.param({"default-timeout": "180"}, {"UV_HTTP_TIMEOUT": "180"}, id="patience"),
        pytest.param({"cert": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}, id="certificate"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_uv_is_told_what_pip_was_told(pip, uv):
    assert translate(pip) == {**uv, "UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.mark.parametrize("airflow", TESTED, ids=lambda airflow: airflow.version)
def test_each_tested_airflow_has_a_list_for_each_of_its_pythons(airflow):
    for python in airflow.pythons:
        lines = airflow.constraints(python).read_text().splitlines()
        assert f"apache-airflow=={airflow.version}" in lines
        assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line)] == []


def test_a_python_without_a_list_is_told_so_or_refused(monkeypatch):
    monkeypatch.setattr("sys.version_info", (3, 99, 0))

    assert setup.choose(NEWEST.version) is NEWEST
    with pytest.raises(Trouble, match=r"Airflow 2\.11\.2 needs Python 3\.10 to 3\.12, this is"):
        setup.choose("2.11.2")


def test_an_airflow_that_nobody_tests_is_refused_by_name():
    with pytest.raises(Trouble, match=r"Airflow 1\.10"):
        setup.choose("1.10")
    with pytest.raises(Trouble, match=r"1\.10, 1\.9"):
        matrix.choose(["1.10", "3.3.2", "1.9"])


def test_what_no_python_can_hold_was_not_run_and_so_never_passed():
    impossible = replace(NEWEST, pythons=((3, 98), (3, 99)))

    result = matrix.run(impossible)

    assert result.well is None
    assert "| - | full | not run: needs Python 3.98 to 3.99 |" in matrix.table([result])


def test_an_interpreter_that_fits_is_this_one():
    assert this_python() in NEWEST.pythons
    assert matrix.find_python(NEWEST) is not None


def test_the_table_tells_all_that_pytest_counted_but_its_warnings(capsys):
    lines = [
        ".F.R [100%]\n",
        "==== 1 failed, 3 passed, 2 skipped, 8 warnings, 1 error, 1 rerun in 61.70s (0:01:01) ====\n",
    ]

    assert matrix.show(lines) == "1 failed, 3 passed, 2 skipped, 1 error, 1 rerun in 62 s"
    assert capsys.readouterr().out == "".join(lines)
    assert matrix.show(["Killed\n"]) == "ended without a summary"


def test_no_test_of_the_promise_gets_a_second_run(request):
    once = {ROOT / path for path in request.config.getoption("rerun_exclude_path")}

    assert [path for path in once if not path.exists()] == []
    of_promise = [
        path for path in ROOT.glob("tests/*/test_*.py") if re.search("^from (seeds|promise) ", path.read_text(), re.M)
    ]
    assert len(of_promise) > 3
    assert set(of_promise) <= once


def test_help_names_every_command_in_one_line():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    named = [line.split()[1] for line in shown.splitlines() if line.startswith("make ")]
    expected = "demo test check coverage matrix bench emulator ui chaos browser pictures help"
    assert set(expected.split()) <= set(named)
    assert all(f"{option}=" in shown for option in ("AIRFLOW", "PYTHON", "ARGS"))


@pytest.mark.parametrize("python", ["no-such-python", "false"])
def test_a_python_that_will_not_do_gives_one_line(python):
    done = subprocess.run(["make", "test", f"PYTHON={python}"], cwd=ROOT, capture_output=True, text=True, check=False)

    errors = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert (done.returncode, len(errors), errors[0].startswith("error: ")) == (2, 1, True)


@pytest.mark.parametrize(
    ("stored", "value"),
    [("1", 1), (b'{"a": 1}', {"a": 1}), ('"[1]"', [1]), ('"text"', "text")],
    ids=["json", "bytes", "json-in-json", "text"],
)
def test_books_read_what_each_airflow_keeps_as_json(stored, value):
    assert unpack(stored) == value


def test_all_versions_are_different():
    assert [find_airflow(airflow.version) for airflow in TESTED] == list(TESTED)
