# The few commands a contributor types. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check format bench lock wheel grade clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python && $(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## Replay the bundled recording against the bundled mock and write the report
	@$(BIN)/harness demo

test: $(READY) check  ## Format check, lint, strict types, layers and tests
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

test-all: $(READY) check  ## The same, with the proofs that take minutes
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "slow or not slow"

check: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy

format: $(READY)  ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## Pin all dependencies anew, with hashes and without naming an index
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --group dev --upgrade pyproject.toml -o requirements.txt
	@rm -rf $(VENV)/lock

wheel: $(READY)  ## Build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

grade: $(READY)  ## Grade the official libraries, and write docs/sdk-conformance.md
	tests/sdk/install && PYTHON=$(CURDIR)/$(BIN)/python tests/sdk/install-older
	$(BIN)/python -m tests.sdk.grade

clean:  ## Remove the environment, the caches and what was built
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
