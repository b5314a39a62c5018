# Every target sets itself up in .venv. The two to know: `make demo` and `make test`.
# Paths are relative, so a checkout may lie in a folder with spaces in its name.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
unexport PYTHONPATH PYTHONHOME

VENV := .venv
READY := $(VENV)/ready
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check
SCRIPTS := docs/generate.py benchmarks $(wildcard examples/*.py)

.PHONY: help demo test lint check check-all chaos bench live constraints

help:
	@echo "make demo         extract the examples without a key or a network; leaves demo/records.jsonl"
	@echo "make test         lint, types, import rules, generated pages, then the tests"
	@echo "make lint         the first half of that"
	@echo "make check        the same as make test; green before every commit"
	@echo "make check-all    the full sizes too; a test skipped for something absent counts as failed"
	@echo "make chaos        workers and Redis killed, stopped and filled up, at full size; part of check-all"
	@echo "make bench        the benchmarks; figures in benchmarks/README.md"
	@echo "make live         20 documents with a real model: needs OPENROUTER_API_KEY, spends at most 0.50 dollars"
	@echo "make constraints  refresh constraints.txt from pyproject.toml"

# --- Set-up ---------------------------------------------------------------------------------------------------------

# The first Python of 3.11 or newer that runs and can make environments. A name on PATH may be a shim that does not run.
$(PYTHON):
	@for python in python3.13 python3.12 python3.11 python3; do \
	  if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; \
	    exec $$python -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with its venv module was found. Install one and run make again." >&2; exit 1

# pip is raised first, because the one that comes with Python 3.11 does not know dependency groups.
$(READY): pyproject.toml constraints.txt | $(PYTHON)
	@echo "Installing into $(VENV) the versions that constraints.txt names"
	@$(PIP) install --constraint constraints.txt pip
	@$(PIP) install --constraint constraints.txt --build-constraint constraints.txt --editable . --group dev
	@touch $@

# A fresh environment resolves pyproject.toml anew; read the diff, then run `make check`.
constraints: $(READY)
	@rm -rf $(VENV)/fresh
	@$(PYTHON) -m venv $(VENV)/fresh
	@echo "Resolving pyproject.toml anew"
	@$(VENV)/fresh/bin/python -m pip --quiet --disable-pip-version-check install --upgrade pip
	@$(VENV)/fresh/bin/python -m pip --quiet install . --group dev hatchling editables
	@{ echo "# Exact versions for Python 3.11 to 3.13: run time, development and build. Refreshed by 'make constraints'."; \
	   $(VENV)/fresh/bin/python -m pip freeze --all --exclude extractor --exclude setuptools; } > constraints.txt
	@rm -rf $(VENV)/fresh
	@git diff --stat -- constraints.txt

# --- What people run ------------------------------------------------------------------------------------------------

# One of the examples is there to fail honestly: exit 1 is right, and no other code is.
demo: $(READY)
	@$(PYTHON) examples/demo.py; code=$$?; \
	if [ $$code -ne 1 ]; then \
	  echo "exit code $$code: it should have been 1, for the one example that fails on purpose" >&2; exit 1; \
	fi

lint: $(READY)
	@echo "ruff check";        $(PYTHON) -m ruff check --quiet .
	@echo "ruff format";       $(PYTHON) -m ruff format --quiet --check .
	@echo "mypy --strict";     $(PYTHON) -m mypy --no-error-summary && $(PYTHON) -m mypy --no-error-summary $(SCRIPTS)
	@echo "import rules";      $(VENV)/bin/lint-imports --no-logo > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@echo "generated pages";   $(PYTHON) docs/generate.py --check

test: lint
	@$(PYTHON) -m pytest -n 2 -q -m "not full and not live"

check: test

check-all: lint
	@$(PYTHON) -m pytest -n 2 -q -m "not live" --complete

chaos: $(READY)
	@$(PYTHON) -m pytest -q -m "not live" --complete tests/chaos

# All are measured, whatever the first says.
bench: $(READY)
	@code=0; for script in schema repairs engine streams queue; do $(PYTHON) benchmarks/$$script.py || code=1; done; exit $$code

live: $(READY)
	@$(PYTHON) benchmarks/live.py
