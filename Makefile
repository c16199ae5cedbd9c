# Everything runs inside .venv, which `make install` builds from the lock file. Nothing here needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# A proxy from the environment would come between the tests and their servers on the loopback.
NO_PROXIES := env -u http_proxy -u https_proxy -u all_proxy -u no_proxy -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY -u NO_PROXY
PYTEST_ARGS ?=
CHURN_MINUTES ?= 60
CHURN_CHANNELS ?= 4
# Most tests wait for processes of their own, so more than there are cores.
TEST_JOBS ?= 4

.PHONY: help install demo test bench churn chaos drills scale load image-steps check docs format lock configuration-page clean
.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 22

install: $(INSTALLED) ## Build .venv with everything pinned.

$(INSTALLED): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make install PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: install ## Run the bot on an emulated Slack: http://127.0.0.1:8642
	@exec $(BIN)/python -m bot demo

test: check ## Run the checks and all tests; what is skipped is listed with its reason.
	$(NO_PROXIES) $(BIN)/python -m pytest -rs -n $(TEST_JOBS) --dist worksteal $(PYTEST_ARGS)

bench: install ## Measure times, memory and CPU, and write docs/performance.md. Takes about nine minutes.
	$(NO_PROXIES) $(BIN)/python -m tests.bench

churn: install ## Let people come and go and processes die, and count what is left (CHURN_MINUTES=60 CHURN_CHANNELS=4).
	$(NO_PROXIES) $(BIN)/python -m tests.bench.churn $(CHURN_MINUTES) $(CHURN_CHANNELS)

chaos: install ## Break workers and Redis while people talk, and count every word (CHAOS_ARGS="--seed 7 --seconds 300").
	$(NO_PROXIES) $(BIN)/python -m tests.chaos.run $(CHAOS_ARGS)
	$(NO_PROXIES) $(BIN)/python -m tests.chaos.run --agent cli --workers 3 --threads 8 --messages-per-s 0.7 --every-s 6 $(CHAOS_ARGS)

drills: install ## Let one thing after the other go wrong under load, and write into docs/operations.md how long people wait.
	$(NO_PROXIES) $(BIN)/python -m tests.chaos.drills --write

scale: install ## Measure 1, 2 and 4 workers on one Redis, and write the figures into docs/operations.md.
	$(NO_PROXIES) $(BIN)/python -m tests.bench.scale --write

load: install ## Let crowds of threads stream against Slack's tiers, and write down how that went (LOAD_ARGS=--real-time).
	$(NO_PROXIES) $(BIN)/python -m tests.load $(LOAD_ARGS)

image-steps: install ## Run the steps of the Dockerfile in a fresh Debian, without Docker, and talk to the bot in it (root).
	$(BIN)/python -m tests.deploy

check: install ## Lint, format, types, layers.
	$(BIN)/ruff check bot tests
	$(BIN)/ruff format --check bot tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install ## Mend what can be mended by itself.
	$(BIN)/ruff check --fix bot tests
	$(BIN)/ruff format bot tests

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
docs: install ## Build the docs as a site in build/docs. Every link must lead somewhere.
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky -b html docs build/docs

lock: install ## Write the lock files anew from pyproject.toml (LOCK_ARGS=--upgrade for newer versions).
	$(LOCK) $(LOCK_ARGS) -o requirements.lock pyproject.toml
	$(LOCK) $(LOCK_ARGS) -c requirements.lock --extra tracing -o requirements-tracing.lock pyproject.toml
	$(LOCK) $(LOCK_ARGS) -c requirements-tracing.lock --extra tracing --group pyproject.toml:dev -o requirements-dev.lock \
		pyproject.toml

configuration-page: install ## Write docs/configuration.md from the settings in the code.
	$(BIN)/python -m bot.configuration_page > docs/configuration.md

clean: ## Remove what was built. Leaves the demo's sessions alone.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
