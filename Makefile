# Everything a person runs; `make` alone lists it. Nothing but Python has to be there before.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# A relative path in LANDING, WAREHOUSE, SETTINGS or EXTENSIONS is taken from where make was called.
# `make -C` (which alone puts w among the flags) has left that place; the shell's PWD still names it.
CALLER := $(if $(findstring w,$(firstword -$(MAKEFLAGS))),$(PWD),$(CURDIR))
MAKEFLAGS += --no-print-directory
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BIN := $(ROOT)/.venv/bin
# bytecode is left to the first import: half of what is installed is never imported
PIP_INSTALL := -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-compile --require-hashes -r

# The outside contract: LANDING, WAREHOUSE, AS_OF, SETTINGS, EXTENSIONS, or the same after HOLDFAST_.
from_caller = $(if $(filter /%,$(firstword $(1))),$(1),$(CALLER)/$(1))
LANDING ?= $(HOLDFAST_LANDING)
WAREHOUSE ?= $(HOLDFAST_WAREHOUSE)
AS_OF ?= $(HOLDFAST_AS_OF)
SETTINGS ?= $(HOLDFAST_SETTINGS)
EXTENSIONS ?= $(HOLDFAST_EXTENSIONS)
export HOLDFAST_LANDING := $(if $(LANDING),$(call from_caller,$(LANDING)))
export HOLDFAST_WAREHOUSE := $(if $(WAREHOUSE),$(call from_caller,$(WAREHOUSE)))
export HOLDFAST_AS_OF := $(AS_OF)
export HOLDFAST_SETTINGS := $(if $(SETTINGS),$(call from_caller,$(SETTINGS)))
export HOLDFAST_EXTENSIONS := $(if $(EXTENSIONS),$(call from_caller,$(EXTENSIONS)))

# Container images like to forbid bytecode, and then every process compiles again all that it imports,
# which is more than half of what dbt takes to start. Here it is kept, apart from the sources.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(ROOT)/.cache/python

# No tool reports home: what orchestration/telemetry.env switches off holds for every child.
include $(ROOT)/orchestration/telemetry.env
export $(shell sed -n 's/^\([A-Z_]*\)=.*/\1/p' $(ROOT)/orchestration/telemetry.env)

.PHONY: help setup refresh backfill report doctor test lint ui docs metrics readers export-xlsx publish-postgres superset templates dev bench truth soak clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(ROOT)/Makefile | while IFS='|' read -r name what; do
		printf 'make %-16s %s\n' "$$name" "$$what"
	done

setup: ## the environment in .venv, from requirements.lock; done by every command below, once
	@cd "$(ROOT)"
	wanted=$$(sha256sum requirements.lock | cut -d' ' -f1)
	is_ready() { [ "$$(cat .venv/lock.sha256 2>/dev/null)" = "$$wanted" ] && .venv/bin/python -c '' 2>/dev/null; }
	is_ready && exit 0
	mkdir -p .cache
	exec 9>.cache/setup.lock
	! command -v flock >/dev/null || flock 9
	is_ready && exit 0
	if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
		# a name on PATH may be a shim that does not run, so each is tried, 3.11 first
		python=
		while read -r candidate; do
			if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then
				python=$$candidate
				break
			fi
		done < <(type -ap python3.11 python3.12 python3.13 python3 python || true)
		if [ -z "$$python" ]; then
			echo "holdfast needs Python 3.11, 3.12 or 3.13 with venv (on Debian: python3 and python3-venv)." >&2
			exit 1
		fi
		echo "setup     making .venv with $$("$$python" --version) ..."
		rm -rf .venv
		"$$python" -m venv .venv
	fi
	echo "setup     installing what requirements.lock lists (a minute or two, once) ..."
	.venv/bin/python $(PIP_INSTALL) requirements.lock
	echo "$$wanted" > .venv/lock.sha256

readers: setup ## clients of other makers: old DuckDB, pandas, polars, openpyxl, psycopg in .venv-readers; Node's in examples/node, axe-core in tests/axe
	@cd "$(ROOT)"
	wanted=$$(sha256sum requirements-readers.lock | cut -d' ' -f1)
	if [ "$$(cat .venv-readers/lock.sha256 2>/dev/null)" != "$$wanted" ]; then
		echo "readers   installing what requirements-readers.lock lists into .venv-readers ..." >&2
		rm -rf .venv-readers
		$(BIN)/python -m venv .venv-readers
		.venv-readers/bin/python $(PIP_INSTALL) requirements-readers.lock
		echo "$$wanted" > .venv-readers/lock.sha256
	fi
	for folder in examples/node tests/axe; do
		if command -v npm >/dev/null && ! cmp -s "$$folder/package-lock.json" "$$folder/node_modules/.lock"; then
			npm ci --prefix "$$folder" --no-audit --no-fund --loglevel=error >&2
			cp "$$folder/package-lock.json" "$$folder/node_modules/.lock"
		fi
	done

refresh: setup ## delivered files to published marts [LANDING=dir WAREHOUSE=dir AS_OF=YYYY-MM-DD SETTINGS=file.yml EXTENSIONS=dir; MODELS=revenue.mrr_movements: only it and what hangs on it]
	@cd "$(ROOT)"
	if [ -n "$(MODELS)" ]; then exec $(BIN)/python -m orchestration.partial "$(MODELS)"; fi
	exec $(BIN)/python -m orchestration.refresh

backfill: setup ## the marts as of each past month end, each in a folder of its own: FROM=YYYY-MM UNTIL=YYYY-MM [BACKFILL=dir; as refresh]
	@cd "$(ROOT)"
	exec $(BIN)/python -m orchestration.backfill "$(FROM)" "$(UNTIL)" $(if $(BACKFILL),--into "$(call from_caller,$(BACKFILL))")

test: setup ## everything: lint, dbt parse, every model and unit test on an empty warehouse, pytest [EXTENSIONS=dir: only that folder]
	@cd "$(ROOT)"
	if [ "$(origin EXTENSIONS)" = "command line" ]; then exec $(BIN)/python -m orchestration.extensions; fi
	unset HOLDFAST_LANDING HOLDFAST_WAREHOUSE HOLDFAST_SETTINGS HOLDFAST_EXTENSIONS
	export HOLDFAST_AS_OF= # empty as in a refresh without it, for dbt remembers what it was
	scratch=$$(mktemp -d)
	trap 'jobs -p | xargs -r kill 2>/dev/null; rm -rf "$$scratch"' EXIT
	export HOLDFAST_WORK_DB="$$scratch/work.duckdb" DBT_TARGET_PATH="$$scratch/target"
	$(MAKE) lint > "$$scratch/lint.txt" 2>&1 & lint=$$!
	if [ -n "$${HOLDFAST_REQUIRE_READERS:-}" ]; then
		$(MAKE) readers > "$$scratch/readers.txt" 2>&1 & readers=$$!
	fi
	echo "== dbt parse, every warning an error"
	$(BIN)/dbt --quiet --warn-error parse --show-all-deprecations --profiles-dir . --log-path "$$scratch/logs"
	cp -r "$$scratch/target" "$$scratch/parsed"
	echo "== dbt: every model, unit test and data test on empty inputs"
	$(BIN)/python -m orchestration.landing.tables "$$scratch/work.duckdb"
	# uses one core only, so pytest begins meanwhile; its tests wait for what is compiled here
	(
		$(BIN)/dbt build --quiet --profiles-dir . --log-path "$$scratch/logs" > "$$scratch/build.txt" 2>&1 && ended=well || ended=badly
		touch "$$scratch/ended.$$ended"
	) & build=$$!
	unset HOLDFAST_WORK_DB DBT_TARGET_PATH
	wait $$lint || { cat "$$scratch/lint.txt"; exit 1; }
	cat "$$scratch/lint.txt"
	if [ -n "$${readers:-}" ]; then wait $$readers || { cat "$$scratch/readers.txt"; exit 1; }; fi
	# a file's tests share what they build, so a file stays with one worker; there are three of them
	# on two cores since those that kill and wait leave theirs idle
	echo "== pytest"
	HOLDFAST_TESTS_BUILT="$$scratch" $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder || tests=failed
	wait $$build
	cat "$$scratch/build.txt"
	[ -e "$$scratch/ended.well" ] && [ -z "$${tests:-}" ]

# looks at the environment as it is, and does not make it
doctor: ## are installation, last refresh, inputs and marts well? one screen, exit code 0 or 1 [as refresh]
	@cd "$(ROOT)"
	if ! $(BIN)/python -c '' 2>/dev/null; then
		echo "BAD   there is no working Python in .venv: run make setup"
		exit 1
	fi
	exec $(BIN)/python -m orchestration.doctor

lint: setup ## ruff for Python, sqlfluff for SQL
	@cd "$(ROOT)"
	echo "== lint"
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar --nocolor models tests/data

ui: setup ## Dagster's web page: runs, assets, checks, schedule, sensor, at http://127.0.0.1:3000 [as refresh]
	@cd "$(ROOT)" && exec $(BIN)/python -m orchestration.ui

docs: setup ## dbt's documentation as one offline page, target/docs.html [as refresh, after one]
	@cd "$(ROOT)"
	$(BIN)/python -m orchestration.dbt_command docs generate --static --no-compile --quiet
	mkdir -p target
	cp "$${HOLDFAST_WAREHOUSE:-warehouse}/.dbt/target/static_index.html" target/docs.html
	echo "$(ROOT)/target/docs.html"

metrics: setup ## ask the published marts for a metric: ASK="--metrics mrr --group-by metric_time__month" [WAREHOUSE=dir; docs/metrics.md]
	@cd "$(ROOT)"
	export DBT_TARGET=published DBT_PROFILES_DIR="$(ROOT)"
	$(BIN)/dbt --quiet parse
	$(BIN)/mf $(if $(ASK),query $(ASK),list metrics)

templates: setup ## one empty file per input, with headers and an example row, in templates/ [TEMPLATES=dir]
	@cd "$(ROOT)"
	$(BIN)/python -m orchestration.landing.templates "$(call from_caller,$(or $(TEMPLATES),templates))"

dev: setup ## build and test one model on the rows of the last refresh: make dev MODEL=orders [as refresh]
	@cd "$(ROOT)"
	$(BIN)/python -m orchestration.dev "$(MODEL)"

bench: setup ## full refreshes of generated deliveries, measured by step and model [SIZES="1000000 10000000" RUNS=1 FLOORS=n BENCH=dir PAGE=docs/bench.md PEOPLE=1000000]
	@cd "$(ROOT)"
	unset HOLDFAST_LANDING HOLDFAST_WAREHOUSE HOLDFAST_AS_OF HOLDFAST_SETTINGS HOLDFAST_EXTENSIONS
	$(BIN)/python -m orchestration.bench $(or $(SIZES),1000000 10000000) --runs $(or $(RUNS),1) $(if $(FLOORS),--floors $(FLOORS)) \
		--folder "$(if $(BENCH),$(call from_caller,$(BENCH)),$(ROOT)/.cache/bench)" $(if $(PAGE),--page "$(call from_caller,$(PAGE))")
	$(BIN)/python -m orchestration.bench.lifetime_value $(or $(PEOPLE),1000000)

truth: setup ## fits the lifetime value models to 200 simulated shops each, whose parameters are known (minutes)
	@cd "$(ROOT)" && exec $(BIN)/python -m orchestration.lifetime_value.truth

soak: setup ## real refreshes of 200 customers, three shops at once, killed at random, read all along; an hour [KILLS=60 REFRESHES=40]
	@cd "$(ROOT)"
	unset HOLDFAST_LANDING HOLDFAST_WAREHOUSE HOLDFAST_AS_OF HOLDFAST_SETTINGS HOLDFAST_EXTENSIONS
	$(BIN)/python -m tests.python.faults.soak --kills $(or $(KILLS),60) --refreshes $(or $(REFRESHES),40)

report: setup ## the report of the published marts, anew; make refresh writes it too [WAREHOUSE=dir]
	@cd "$(ROOT)" && exec $(BIN)/python -m orchestration.report

export-xlsx: readers ## the report's tables as a spreadsheet, report.xlsx beside the marts [WAREHOUSE=dir]
	@cd "$(ROOT)" && exec .venv-readers/bin/python -m orchestration.readers.spreadsheet

publish-postgres: readers ## every published mart into PostgreSQL, in one transaction; HOLDFAST_POSTGRES says where [WAREHOUSE=dir]
	@cd "$(ROOT)" && exec .venv-readers/bin/python -m orchestration.readers.postgres

superset: setup ## Superset with dashboards over the published marts, at http://127.0.0.1:8088 [WAREHOUSE=dir PORT=8088]
	@cd "$(ROOT)"
	wanted=$$(sha256sum requirements-superset.lock | cut -d' ' -f1)
	if [ "$$(cat .venv-superset/lock.sha256 2>/dev/null)" != "$$wanted" ]; then
		python=
		for candidate in $(BIN)/python python3.12 python3.11; do
			if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1; then
				python=$$candidate
				break
			fi
		done
		if [ -z "$$python" ]; then
			echo "Superset 6.1 needs Python 3.11 or 3.12 with venv; holdfast itself runs with 3.13 as well." >&2
			exit 1
		fi
		echo "superset  installing what requirements-superset.lock lists into .venv-superset (some 730 MB, once) ..."
		rm -rf .venv-superset
		"$$python" -m venv .venv-superset
		.venv-superset/bin/python $(PIP_INSTALL) requirements-superset.lock
		echo "$$wanted" > .venv-superset/lock.sha256
	fi
	PORT="$(PORT)" exec .venv-superset/bin/python -m orchestration.readers.superset_server

clean: ## remove what any command makes again; .venv, sample and warehouse stay
	@cd "$(ROOT)" && rm -rf target logs .cache .pytest_cache .ruff_cache .hypothesis
