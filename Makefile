# Everything happens in the virtual environment .venv, made from the versions in constraints.txt.
# On a fresh machine `make demo` and `make test` need Python >= 3.11 with pip, and nothing else.

PYTHON ?= python3
JOBS ?= 2
BENCH ?=  # --quick: does the benchmark work?
STUDY ?=  # the names of some studies: all when none is named
VENV := .venv
BIN := $(VENV)/bin
VERSIONS := pyproject.toml constraints.txt

# PIP_CONSTRAINT locks what is installed; newer versions of pip lock what builds the package by the second one
INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --editable

.PHONY: help demo test lint format tidy types docs wheel bench bench-fit studies verification performance notebooks \
	profile clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run  ## set up, then a 1C discharge of an LG M50: tables, fields and pictures in build/demo
	$(BIN)/cellsim run scenarios/lgm50_1C.toml --out build/demo

test: $(VENV)/.dev  ## set up, then run all tests (JOBS=2 at a time)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder

lint: $(VENV)/.dev  ## ruff's rules
	$(BIN)/ruff check .

format: $(VENV)/.dev  ## is the code laid out as ruff lays it out?
	$(BIN)/ruff format --check .

tidy: $(VENV)/.dev  ## let ruff lay out and repair the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev  ## mypy
	$(BIN)/mypy

docs: $(VENV)/.docs  ## the documentation, warnings as errors, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

wheel: $(VENV)/.release  ## wheel and source distribution in build/dist, and a scenario run by the wheel in an empty environment
	rm -rf build/dist
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build --outdir build/dist
	$(PYTHON) tests/packaging/try_wheel.py build/dist constraints.txt

bench: $(VENV)/.bench  ## side by side with PyBaMM on one core: build/bench.json (some minutes; keep the machine quiet)
	$(BIN)/python tests/bench/run.py --out build/bench.json $(BENCH)

performance: $(VENV)/.dev  ## what `make bench` has measured, as docs/performance_report.md
	$(BIN)/python tests/bench/report.py build/bench.json docs/performance_report.md

studies: $(VENV)/.dev  ## statistical studies over hundreds of seeds (some minutes): a table of what was found and asked
	$(BIN)/python tests/studies/run.py $(STUDY)

bench-fit: $(VENV)/.dev build/pybop/.done  ## the fit of ten parameters beside PyBOP, which has an environment of its own
	CELLSIM_PYBOP=build/pybop/bin/python $(BIN)/python tests/studies/run.py fit_ten

verification: $(VENV)/.dev  ## every reference solution against ours, as docs/verification.md (some minutes)
	$(BIN)/python tests/studies/run.py references other_references bpx --out docs/verification.md

notebooks: $(VENV)/.dev  ## run the notebooks, and keep what they print and draw in them (some minutes)
	$(BIN)/python tests/notebooks/store.py

profile: $(VENV)/.dev  ## where the time of a discharge goes: trace, compile, dispatch, parts of a step, output
	CELLSIM_CACHE_DIR=off $(BIN)/python tests/bench/profile.py

clean:  ## remove the virtual environment and everything made
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache

# ---- the virtual environment: one stamp for each set of packages, renewed when the versions change

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cellsim needs Python >= 3.11; choose one by make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/.run: $(VERSIONS) | $(BIN)/python
	$(INSTALL) .
	@touch $@

$(VENV)/.dev: $(VERSIONS) | $(BIN)/python $(VENV)/.run
	$(INSTALL) '.[dev,data,biologic,fit,sensitivity,ensemble]'
	@touch $@

$(VENV)/.docs: $(VERSIONS) | $(BIN)/python $(VENV)/.dev
	$(INSTALL) '.[dev,data,biologic,fit,sensitivity,ensemble,docs]'
	@touch $@

$(VENV)/.release: $(VERSIONS) | $(BIN)/python $(VENV)/.dev
	$(INSTALL) '.[dev,data,biologic,fit,sensitivity,ensemble,release]'
	@touch $@

build/pybop/.done: Makefile
	$(PYTHON) -m venv build/pybop
	build/pybop/bin/python -m pip install --quiet pybop==26.3 pybamm==26.10.1.1
	@touch $@

$(VENV)/.bench: $(VERSIONS) | $(BIN)/python $(VENV)/.dev
	$(INSTALL) '.[dev,data,biologic,fit,sensitivity,ensemble,bench]'
	@touch $@
