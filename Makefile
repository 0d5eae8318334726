# Two commands do all set-up: `make demo` and `make test`. Needs Python 3.11, make and git only.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench prove prove-reports prove-faults prove-deploy messages clean
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
ARGS ?=

help:  ## Show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "The portal needs Python 3.11; found: $$("$(PYTHON)" --version 2>/dev/null || echo none). Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  echo "Cannot make $(VENV) here: is this folder writable, and is Python's venv module installed (Debian: python3-venv)?" >&2; exit 1; }

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing what the portal needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what the tests need into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime  ## Run the portal with sample data (PORT=8000, ARGS=--once)
	@$(BIN)/python manage.py demo --port $(PORT) $(ARGS)

test: $(VENV)/.development  ## Run the tests; those that need Redis or a browser skip where there is none
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: $(VENV)/.development  ## Lint, types, import contracts
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports && $(BIN)/mypy

bench: $(VENV)/.development  ## Measure speed; nothing here can fail for being slow
	@PORTAL_MODE=test $(BIN)/python -m tests.bench $(ARGS)

prove: $(VENV)/.development  ## Long proofs (LOG=path of the whole incident log)
	@PORTAL_LOG="$(LOG)" $(BIN)/python -m pytest -m prove $(ARGS)

prove-reports: $(VENV)/.development  ## A month of 300 contracts, two workers, one killed (PROVE_ADMIN_DSN, DATABASE_URL, DATABASE_OWNER_URL)
	@PORTAL_MODE=test $(BIN)/python -m pytest -m prove tests/prove/test_reports_at_scale.py $(ARGS)

prove-deploy: $(VENV)/.development  ## The guide for one host, in a Debian of its own that boots (root, debootstrap, systemd-nspawn)
	@PORTAL_MODE=test $(BIN)/python -m pytest -m prove -s tests/prove/test_deploy.py $(ARGS)

prove-faults: $(VENV)/.development  ## Four hosts, one PostgreSQL, one Redis, and each dies in turn (root, `ip`); the private server killed 50 times
	@PORTAL_MODE=test $(BIN)/python -m pytest -m prove tests/prove/test_faults.py tests/prove/test_embedded_kills.py tests/prove/test_full_database.py $(ARGS)

messages: $(VENV)/.runtime  ## Collect the strings to translate
	@PORTAL_MODE=test $(BIN)/python manage.py extract_messages

clean:  ## Forget the demo's data and the virtual environment (asks nothing)
	@test ! -x $(BIN)/python || $(BIN)/python -m portal.embedded stop >/dev/null 2>&1 || true
	@rm -rf var $(VENV)
