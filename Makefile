# Two commands matter: make demo, make test. Each sets up what it needs in .venvs/ first; nothing else is touched.

PYTHON ?= python3
AIRFLOW ?= 3.3.2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint check coverage matrix bench emulator ui chaos cluster browser pictures constraints dist clean python

# Prints the path of an environment's interpreter, after making sure of it.
SETUP = $(PYTHON) -m dev.setup --airflow $(AIRFLOW)
IN_ENV = @python=$$($(SETUP)) && $$python

# Several tests run at once, as tests/at_once.py deals them out; ARGS=-n0 undoes it.
AT_ONCE = -n auto --no-loadscope-reorder

# The tests of gateway/ itself; all others meet it on their way.
GATEWAY = call client client_phases client_secrets codes contract_check dialect_questions dialects errors figures forms \
    media messages numbers pace safe_mode settings shapes tls v1 v1_questions v3 v3_questions

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo 'AIRFLOW=2.11.2 takes another Airflow, PYTHON=python3.12 another Python; ARGS="-k name" goes to the command.'

demo: python  ## send, know, wait: an example Dag on a real Airflow with a gateway that delivers to nobody
	$(IN_ENV) -m dev.demo $(ARGS)

test: python  ## set up everything and run the whole suite
	$(IN_ENV) -m pytest $(AT_ONCE) $(ARGS)

lint: python  ## formatting, lint and types
	@python=$$($(SETUP)) && $$python -m ruff format --check . && $$python -m ruff check . && $$python -m mypy

check: lint  ## lint, and all tests that need no running Airflow
	$(IN_ENV) -m pytest $(AT_ONCE) -m "not e2e" $(ARGS)

coverage: python  ## the tests of gateway/, and that they reach 95 % of its lines and branches
	@python=$$($(SETUP)) && $$python -m coverage erase \
	    && $$python -m coverage run -m pytest -n 2 $(GATEWAY:%=tests/test_%.py) $(ARGS) \
	    && $$python -m coverage combine -q && $$python -m coverage report

matrix: python  ## the suite on every supported Airflow, each in its own environment
	@$(PYTHON) -m dev.matrix $(ARGS)

bench: python  ## the benchmark table, side by side in one run
	@python=$$($(SETUP) --extra bench) && $$python -m bench $(ARGS)

emulator: python  ## the gateway emulator alone, printing the connection to export
	$(IN_ENV) -m airflow_provider_nusawa.emulator $(ARGS)

ui: python  ## a local Airflow with the emulator behind it, ready to click through
	$(IN_ENV) -m dev.ui $(ARGS)

chaos: python  ## the kill tests with many seeds: of single sends, of campaigns' runners, of their tasks and workers
	@python=$$($(SETUP)) && NUSAWA_SEEDS=20 $$python -m pytest tests/e2e/test_kills.py tests/e2e/test_campaign_kills.py \
	    tests/campaign/test_runner_chaos.py tests/campaign/test_runner_kills.py $(ARGS)

cluster: python  ## campaigns on two Celery workers, with a real Redis and a real PostgreSQL, which it starts and ends
	@python=$$($(SETUP) --extra cluster) && $$python -m pytest tests/cluster $(ARGS)

browser: python  ## a person's clicks, in a headless Chromium, and the pages behind another login
	@python=$$($(SETUP) --extra browser) && $$python -m pytest tests/browser tests/test_pages_fab.py $(ARGS)

pictures: python  ## browser tests, taking the pictures of README and docs anew
	@python=$$($(SETUP) --extra browser) && NUSAWA_PICTURES=docs/pictures $$python -m pytest tests/browser $(ARGS)

constraints: python  ## write the lists of tested versions in constraints/ anew
	@$(PYTHON) -m dev.pins

dist: python  ## build wheel and sdist, and try the wheel in an empty environment
	@$(PYTHON) -m dev.dist

clean:  ## remove the environments and what was built
	@rm -rf .venvs dist

python:
	@command -v $(PYTHON) >/dev/null || { echo "error: there is no $(PYTHON) here; install Python 3.10 or newer, or say PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error: $(PYTHON) is older than Python 3.10 or does not start; say PYTHON=python3.11 or the like" >&2; exit 1; }
