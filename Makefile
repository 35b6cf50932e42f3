# Everything a person or a build server does here. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-provinces test needs lint format soak proof bench lock clean
# Given as `DEMO_CHECK=1 make demo` or `make demo DEMO_CHECK=1`: play the story, check it, exit.
export DEMO_CHECK

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHECKED := src tests $(wildcard bench tools)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the pinned packages; nothing to do when it is up to date

# The stamp is touched last, so a broken or interrupted setup is done again.
$(READY): requirements.lock pyproject.toml tools/hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Yipan needs Python 3.11 or newer. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make a virtual environment. Install that part: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup ## set up, play a year of five provinces and serve it; with DEMO_CHECK=1 check it and exit
	$(BIN)/yipan demo

demo-provinces: setup ## a hub and three provinces on this machine, and one case between them; DEMO_CHECK=1 checks it
	$(BIN)/python tools/demo_provinces.py

test: setup needs lint ## all that must be green: lint, types, the floor plan, every test
	$(BIN)/python -m pytest -m "not soak" -n $$(($$(nproc) + 2)) --dist loadfile --no-loadscope-reorder

needs: ## what the tests need beside Python: a Chromium and a Chinese font
	@tools/test-needs

lint: setup ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports

format: setup ## let ruff write the layout, and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: setup needs ## the long runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-soak.txt
	$(BIN)/python -m pytest -m soak

proof: setup needs ## the matrix of who may what, forged ids, hostile words, attacks on the journal, the scan, also of whole runs: a line each
	@$(BIN)/python -m pytest -q -s tests/matrix/test_matrix.py | grep -o 'matrix: .*'
	@for attack in forged fuzz journal scan; do $(BIN)/python -m "tests.proof.$$attack"; done
	@$(BIN)/python -m pytest -q -m "not soak" -p tests.proof.wholerun tests/api tests/cli tests/registry tests/web | grep -A40 'scan:'

bench: setup ## print the measures, each against its baseline
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-bench.txt
	@for script in $(filter-out bench/people.py,$(wildcard bench/*.py)); do echo "== $$script"; $(BIN)/python "$$script"; done

lock: ## pin every package anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--no-header --upgrade --output-file requirements.lock

clean: ## remove what was made, never the data in .yipan
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
