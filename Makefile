# huikuan: `make run` is all a new user needs. Python 3.11 or newer and make; nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup dev run check format test bench soak lock wheel messages clean

help:  ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.setup assets  ## Environment, locked packages, page assets; leaves .venv/bin/huikuan

run: setup  ## Everything on 127.0.0.1:8000 (make run ARGS="--port 9000")
	@exec $(BIN)/huikuan run $(ARGS)

check: dev  ## Lint, format, types, imports, translations, licences, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/messages.py --check
	$(BIN)/python tools/audit.py

format: dev  ## Mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: dev  ## Everything, on SQLite and PostgreSQL, with a real browser (DATABASE_URL names another PostgreSQL)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

bench: dev  ## The benchmark tables
	$(BIN)/python -m benchmarks $(ARGS)

soak: dev  ## Long kills, fuzzing, large files
	$(BIN)/python -m pytest -m soak --hypothesis-profile=default $(ARGS)

messages: dev  ## Bring the translation catalogs to the sources
	$(BIN)/python tools/messages.py

wheel: setup  ## A wheel with its assets, in dist/
	$(BIN)/python -m hatchling build -t wheel

lock: dev  ## Resolve the lock files anew: hashes, no index addresses
	$(BIN)/python tools/lock.py

clean:  ## Remove what was built; never the data in var/
	rm -rf $(VENV) build dist src/huikuan/web/static/vendor

# -- stamps: nothing is done twice ---------------------------------------------------------------------------------
.PHONY: assets
assets: $(VENV)/.setup
	@$(BIN)/python hatch_build.py

dev: setup $(VENV)/.dev

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.setup: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.setup
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@
