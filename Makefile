# The project's commands. MOVIEREC_… variables (see .env.example) may stand in the environment,
# in .env, or behind the target: make run MOVIEREC_PORT=8081

SHELL := /bin/sh
BIN := .venv/bin
# conftest.py says how many processes there are, and which tests stay together.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder
MOVIEREC := $(BIN)/python -m movierec
CHECKED := include plugins dags tests
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

# A command of ours under whichever Python there is: $(1) lists the first ones to try, $(2) is the module and its options.
any_python = for python in $(1) python3 python3.13 python3.12 python3.11; do \
	"$$python" -c "from __future__ import annotations" 2>/dev/null && exec env PYTHONPATH=include "$$python" -m $(2); \
	done; echo "movierec: no Python runs here; install Python 3.11, 3.12 or 3.13, then try again" >&2; exit 1

# Handed over as they are: neither make nor the shell may read meaning into a query.
export MOVIEREC_QUERY := $(value Q)
export MOVIEREC_ARGS := $(value ARGS)
unexport Q ARGS

# Many environments, those of containers above all, say that no compiled modules are to be kept. Here every task would
# compile its libraries anew: Great Expectations takes 7.9 s to import then, and 3.6 s from what was kept.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup installed dev env .begun run up down status clean sql airflow quarantine rollback check why forget \
	backup restore evaluate \
	bench-ingest bench-night bench-quality bench-speed bench-web test test-all test-faults test-compose lint lock pictures

help: ## show this list
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

##@ Set up

setup: ## make .venv and install the locked requirements
	@$(call any_python,$(PYTHON) $(BIN)/python,movierec.local.bootstrap $(SETUP))
	@$(BIN)/python -m movierec.local.neural_environment $(SETUP)

installed:
	@test -x $(BIN)/python || { echo "movierec: nothing is set up here yet; make setup does it" >&2; exit 1; }

dev: SETUP := --dev
dev: setup ## the same, and what tests and checks need

env: ## put the passwords and keys that containers need into .env, where they are missing
	@$(call any_python,$(PYTHON) $(BIN)/python,movierec.local.env_file)

run up: SETUP := --in-background

# Before set-up, which takes minutes: a `make down` from here on is the end of this run. Make's own arguments are no
# environment of what it asks here. A dry run (-n, -q, -t) reads recipes as well, and begins nothing.
ONLY_SHOWN = $(foreach letter,n q t,$(findstring $(letter),$(firstword -$(MAKEFLAGS))))
HOME_GIVEN = $(if $(value MOVIEREC_HOME),export MOVIEREC_HOME='$(subst ','\'',$(value MOVIEREC_HOME))';)
.begun:
	$(if $(strip $(ONLY_SHOWN)),,$(eval LAST_HALT := $(shell $(HOME_GIVEN) \
		$(call any_python,$(PYTHON) $(BIN)/python,movierec.local.halt) 2>/dev/null)))@:

##@ Run

run: .begun setup ## set up, start everything, run one night and print what came of it
	@$(MOVIEREC) run $(LAST_HALT)

up: .begun setup ## start the database, Airflow and the web application in the background
	@$(MOVIEREC) up $(LAST_HALT)

down: ## stop everything that runs in the background, or is about to
	@$(call any_python,$(BIN)/python $(PYTHON),movierec down)

status: installed ## show what is running and how to log in
	@$(MOVIEREC) status

clean: installed ## stop everything and delete the state folder; asks first where data would be lost: …ARGS="--yes"
	@$(MOVIEREC) clean "$$MOVIEREC_ARGS"

##@ Look inside

sql: setup ## query the warehouse: make sql Q="select 1"; without Q, a prompt opens
	@$(MOVIEREC) sql "$$MOVIEREC_QUERY"

airflow: setup ## run Airflow's own command line: make airflow ARGS="dags list"
	@$(MOVIEREC) airflow "$$MOVIEREC_ARGS"

quarantine: setup ## list, edit or replay rejected rows: make quarantine ARGS="list", …"edit --row 17:4 --set rating=4"
	@$(MOVIEREC) quarantine "$$MOVIEREC_ARGS"

rollback: setup ## list versions or make one live: make rollback, …ARGS="--to 11 --why 'too many sequels'"
	@$(MOVIEREC) rollback "$$MOVIEREC_ARGS"

check: setup ## run the expectations of a gate by hand: make check ARGS="raw", …"core --suite core_keys"
	@$(MOVIEREC) check "$$MOVIEREC_ARGS"

why: setup ## tell why a viewer is shown a movie, or is not: make why ARGS="--user 42 --movie 50"
	@$(MOVIEREC) why "$$MOVIEREC_ARGS"

forget: setup ## delete a viewer from all tables and artifacts: make forget ARGS="--user 42 --by ada", …"--user 42 --allow"
	@$(MOVIEREC) forget "$$MOVIEREC_ARGS"

backup: setup ## dump the warehouse and copy the artifacts into MOVIEREC_BACKUPS
	@$(MOVIEREC) backup

restore: setup ## bring a backup back: make restore ARGS="--folder .movierec/backups/2030-01-06T04-30-00Z"
	@$(MOVIEREC) restore "$$MOVIEREC_ARGS"

##@ Measure

evaluate: setup ## compare rankers on your own files: make evaluate ARGS="--train T.csv --test S.csv --out results.json"
	@$(MOVIEREC) evaluate "$$MOVIEREC_ARGS"

bench-quality: dev ## measure the rankers on published protocols, for docs/benchmarks.md (an hour)
	@$(BIN)/python -m movierec.bench.quality --write $$MOVIEREC_ARGS

bench-speed: dev ## time the rankers at 1M ratings, for docs/benchmarks.md
	@$(BIN)/python -m movierec.bench.speed --write $$MOVIEREC_ARGS

bench-ingest: dev ## time ingestion at 1M, 5M and 20M ratings (half an hour, 20 GB)
	@$(BIN)/python -m movierec.bench.ingestion $$MOVIEREC_ARGS

bench-night: dev ## run and measure nights of three datasets, for docs/benchmarks.md (an hour; Java 17 or newer)
	@$(BIN)/python -m movierec.bench.night --write $$MOVIEREC_ARGS

bench-web: dev ## measure the web application and the run of feedback, for docs/benchmarks.md (a quarter of an hour, 10 GB)
	@$(BIN)/python -m movierec.bench.web --write $$MOVIEREC_ARGS

##@ Develop

test: dev ## run all tests but the slow ones: make test ARGS="-k ease"
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: lint ## run every check there is: lint, then all tests
	@$(PYTEST) $(ARGS)

test-faults: dev ## break the pipeline on purpose: kills, crashes, ended connections, bad input
	@$(PYTEST) tests/faults $(ARGS)

test-compose: dev ## build the containers, run a night in them, take them down (Docker, or root on Debian; a quarter of an hour)
	@$(BIN)/python -m tests.compose $$MOVIEREC_ARGS

lint: dev ## check style, types, imports and SQL
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/sqlfluff lint --quiet include/sql

lock: dev ## pin the requirements of all requirements….in again
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-services.in --output-file requirements-services.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) requirements-neural.in --output-file requirements-neural.txt

pictures: dev ## draw the screenshots in docs/ again, from the latest night (needs Chromium)
	@$(MOVIEREC) pictures
