# make run      set up if needed, then run the laboratory: make run ARGS="scenario=baseline"
# make test     set up if needed, then run every check but the full-size ones
# make check    the same with the full-size ones
# make bench    set up what the laboratory is compared with, measure its speed and write docs/performance.md
# make lock     pin the dependencies anew from pyproject.toml (needs uv; UPGRADE=--upgrade moves versions)
# make clean    remove what set-up made
#
# Needs make and Python 3.11 or later; name another Python with PYTHON=python3.12.

PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=
UV ?= uv
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
# An environment holds its folder's path and its Python, so a moved checkout or another PYTHON makes a new one.
KEY := $(shell printf '%s' '$(CURDIR) $(PYTHON)' | cksum | cut -d ' ' -f 1)
MADE := $(VENV)/made-$(KEY)
READY_RUN := $(VENV)/ready-run-$(KEY)
READY_TEST := $(VENV)/ready-test-$(KEY)
READY_BENCH := $(VENV)/ready-bench-$(KEY)

# Wheels only, so that no compiler is needed (one is used for the two files in C if it is there); antlr4, which
# Hydra uses, is pure Python but ships as source.
# No bytecode on installation: Python makes it at the first import for what is used, which takes 3 s, not 13.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile
PIP_LOCKED := $(PIP) --require-hashes --no-build-isolation \
	--only-binary :all: --no-binary antlr4-python3-runtime

# A process per core; a file's tests stay together, so that they share what they set up.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

# One set of versions for every Python (fewest), although Mesa 3.4 and later and NumPy 2.5 and later exist for
# Python 3.12: with one fork per Python the same seed may differ in its last bits between two classrooms.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --generate-hashes --universal \
	--no-emit-index-url --python-version 3.11 --fork-strategy fewest $(UPGRADE)

# $(call timed,stamp to bring up to date,name of the job,command): the job's exit status is make's.
define timed
start=$$(date +%s); \
$(MAKE) --silent --no-print-directory PYTHON="$(PYTHON)" $(1) || exit; \
ready=$$(date +%s); \
$(3); status=$$?; \
printf 'Set-up took %d s, the %s %d s.\n' $$((ready - start)) '$(2)' $$(($$(date +%s) - ready)); \
exit $$status
endef

.PHONY: run test check bench lock clean

run:
	@$(call timed,$(READY_RUN),run,$(BIN)/uncontested run $(ARGS))

test:
	@$(call timed,$(READY_TEST),tests,$(PYTEST) -m "not full" $(PYTEST_ARGS))

check:
	@$(call timed,$(READY_TEST),tests,$(PYTEST) $(PYTEST_ARGS))

bench:
	@$(call timed,$(READY_BENCH),measurements,$(BIN)/python -m experiments.bench $(ARGS))

lock:
	$(LOCK) --group build -o requirements/build.lock
	$(LOCK) -c requirements/build.lock pyproject.toml -o requirements/main.lock
	$(LOCK) -c requirements/build.lock -c requirements/main.lock \
		--all-extras --group test pyproject.toml -o requirements/test.lock
	$(LOCK) -c requirements/build.lock -c requirements/main.lock -c requirements/test.lock \
		--group bench -o requirements/bench.lock

clean:
	rm -rf $(VENV) build sim/markets/crowd_kernel.*.so sim/tape/machine.*.so uncontested.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Uncontested needs Python 3.11 or later, but "$(PYTHON)" is' \
			"$$($(PYTHON) -V 2>&1 | tail -n 1). Name another one: make PYTHON=python3.12 run" >&2; \
		exit 1; }
	@echo 'Setting up in $(VENV) ...'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(READY_RUN): $(MADE) pyproject.toml setup.py $(wildcard sim/*.h sim/*/*.c) requirements/build.lock requirements/main.lock
	@$(PIP_LOCKED) -r requirements/build.lock
	@$(PIP_LOCKED) -r requirements/main.lock
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(READY_TEST): $(READY_RUN) requirements/test.lock
	@$(PIP_LOCKED) -r requirements/test.lock
	@touch $@

$(READY_BENCH): $(READY_RUN) requirements/bench.lock
	@$(PIP_LOCKED) -r requirements/bench.lock
	@touch $@
