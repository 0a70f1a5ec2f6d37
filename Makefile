# The commands of this project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo run test fast chaos beyond simulate bench bench-metrics bench-scan bench-wear bench-callbacks bench-ingest bench-memory prove mutants mutate check fix lock dist clean screenshots

# A developer's .env leads to somebody's production: nothing that tests, proves or measures reads it.
test fast chaos beyond simulate bench bench-metrics bench-scan bench-wear bench-callbacks bench-ingest bench-memory prove mutants mutate screenshots: export OUTREACH_ENV_FILE = /dev/null

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment from the lock file

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "outreach needs Python 3.11 or newer; name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## dispatch three real batches against the sandbox (KEEP=1 leaves it running)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m worker.local demo $(if $(KEEP),--keep) $(if $(CSV),--csv "$(CSV)") $(if $(MODE),--mode "$(MODE)")

run: $(READY)  ## run the Procfile, on embedded services unless DATABASE_URL and BROKER_URL are set
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m worker.local run

# Counting lines costs the tests two thirds more time, so it is done where COVERAGE asks for it.
test: $(READY)  ## run the tests, of slow cases that are alike a few, drawn by SEED (CASES=all: all of them; COVERAGE=1: list unreached lines)
	@rm -f .coverage .coverage.*
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python $(if $(COVERAGE),-m coverage run) -m pytest -q -n 3 --dist loadfile \
		$(if $(filter all,$(CASES)),,--sample) $(if $(SEED),--randomly-seed=$(SEED))
	@$(if $(COVERAGE),$(BIN)/python -m coverage combine -q && $(BIN)/python -m coverage report)

fast: $(READY)  ## run the tests that touch nothing
	@$(BIN)/python -m pytest -q tests/unit tests/architecture

chaos: $(READY)  ## kill everything on a seeded plan and judge (SEED=7 N=2000)
	@$(BIN)/python -m tests.acceptance.chaos $(if $(SEED),--seed $(SEED)) $(if $(N),--n $(N))

beyond: $(READY)  ## three hosts behind PgBouncer and RabbitMQ, disturbed and judged (SEED=7 N=3000)
	@$(BIN)/python -m tests.beyond $(if $(SEED),--seed $(SEED)) $(if $(N),--n $(N))

bench-callbacks: $(READY)  ## what a durable callback costs, beside the straightforward way (N=10000)
	@$(BIN)/python -m tests.benchmarks.callbacks $(if $(N),--n $(N))

screenshots: $(READY)  ## take the pictures of the console anew (needs Debian's chromium; ALL=folder: every page, to look at)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.pictures $(ALL)

simulate: $(READY)  ## play random campaigns through weeks of DST changes and judge (SEED=7)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED))

bench-ingest: $(READY)  ## how fast a CSV file comes in, beside the plain way and the limit (N=1000000)
	@$(BIN)/python -m tests.benchmarks.ingest $(if $(N),--n $(N))

bench: $(READY)  ## measure beside the usual Celery application and the bare limit (N=6000 ROUNDS=3)
	@$(BIN)/python -m tests.benchmarks.dispatch $(if $(N),--n $(N)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-scan: $(READY)  ## the scheduler's tick on a large database (ROWS=1000000)
	@$(BIN)/python -m tests.benchmarks.scan $(if $(ROWS),--rows $(ROWS))

bench-metrics: $(READY)  ## what measuring costs, in pairs of runs with it and without (N=6000 PAIRS=12)
	@$(BIN)/python -m tests.benchmarks.metrics $(if $(N),--n $(N)) $(if $(PAIRS),--pairs $(PAIRS))

bench-memory: $(READY)  ## what each process of an idle house holds in memory (ALONE=1: each started by itself)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.benchmarks.memory $(if $(ALONE),--alone)

bench-wear: $(READY)  ## what a million updates leave behind (UPDATES=1000000)
	@$(BIN)/python -m tests.benchmarks.wear $(if $(UPDATES),--updates $(UPDATES))

prove: $(READY)  ## what takes too long for every run, in full size (N=1000000 SEED=7 WRITE=1)
	@$(BIN)/python -m tests.prove $(if $(SEED),--seed $(SEED)) $(if $(N),--n $(N)) $(if $(WRITE),--write)

mutants: $(READY)  ## put named faults into the code one by one; tests must see them (ROOM=begin)
	@$(BIN)/python -m tests.mutants $(if $(ROOM),--room $(ROOM)) $(if $(ONLY),--only $(ONLY))

mutate: $(READY)  ## draw small faults of the pure rooms; unit tests must see them (N=100 SEED=7 ONLY=schedule)
	@$(BIN)/python -m tests.mutants.sample $(if $(N),--n $(N)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

check: $(READY)  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)  ## format, and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## write both lock files anew from pyproject.toml (needs uv): all of it, and what a deployment needs
	$(LOCK) --group dev --all-extras -o requirements.lock
	$(LOCK) --extra build --extra flower -c requirements.lock -o requirements-core.lock

dist: $(READY)  ## build what is released from the last commit: wheel, source, licences, checksums
	@.ci/dist

clean:  ## remove what the commands made
	rm -rf $(VENV) .coverage .coverage.* .outreach .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
