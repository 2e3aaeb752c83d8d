# Everything lives in this folder: .venv (Python packages), .meltano (Meltano's plugins), .demo (the demo's database),
# .wheel (environments of `make test-wheel`), .dbt (the one of `make test-dbt`), .engines (those of `make test-engines`),
# .docs (the site and MkDocs, which builds it), .mutants (the one of `make mutants`), dist (what is published).
.DEFAULT_GOAL := help
.PHONY: help demo test test-tools test-dbt test-engines test-browser screenshots test-mutants test-wheel test-wheels test-lowest soak kills mutants build licences hub docs test-docs test-container bench lint format clean

PYTHON ?= python3
# Tests that run at once. Most of them wait rather than compute, so there are more than processors.
WORKERS ?= 4
# Mutants that are tested at once.
JOBS ?= 2
BIN := .venv/bin
# $(call install,packages): quiet, unless it fails.
install = $(BIN)/python -m pip install --disable-pip-version-check $(1) > .venv/install.log 2>&1 || \
	{ cat .venv/install.log; exit 1; }
# $(call meltano_install,plugins): those, or all that are missing.
meltano_install = $(BIN)/meltano --log-level warning install $(1) > .meltano/install.log 2>&1 || \
	{ cat .meltano/install.log; exit 1; }
# $(call engine_install,packages): quiet too, in a rule for .engines/%.
engine_install = .engines/$*/bin/python -m pip install --disable-pip-version-check $(1) > .engines/$*/install.log 2>&1 || \
	{ cat .engines/$*/install.log; exit 1; }
ENGINES := dagster airflow s3
DEMO_PLUGINS := tap-seeker-leads target-postgres tap-spreadsheets target-seeker-leads
# Meltano runs in this folder with nothing of the user's shell but what the commands below give it.
export MELTANO_PROJECT_ROOT := $(CURDIR)
export NO_COLOR := 1
# A shell that switches off Python's cache of compiled modules would double the start of every program, and there are hundreds.
unexport PYTHONDONTWRITEBYTECODE

help:  ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

# make demo KEEP=1
demo: .venv/.demo .meltano/.demo  ## Load leads from a local sandbox into PostgreSQL, and send a CSV file (KEEP=1: keep both running)
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

test: .venv/.test .meltano/.installed  ## All tests: unit, integration, acceptance
	@$(BIN)/pytest -m "not alone" -n $(WORKERS) --dist loadgroup
	@$(BIN)/pytest -m alone tests/acceptance

test-tools: .venv/.test  ## Test the benchmark, the soak and the kill tests themselves
	@$(BIN)/pytest tests/tools -n $(WORKERS)

test-dbt: .venv/.test .dbt/.installed  ## Test the dbt package with real dbt and PostgreSQL
	@SEEKER_LEADS_DBT=$(CURDIR)/.dbt/bin/dbt $(BIN)/pytest tests/dbt

test-browser: .venv/.browser  ## Test the sandbox's page in Chromium
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/pytest tests/browser

screenshots: .venv/.browser  ## Take the pages' pictures again
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.browser.screenshots

# make test-engines TESTS=tests/engines/test_dagster.py runs a part
test-engines: .venv/.test .meltano/.installed $(ENGINES:%=.engines/%/.installed)  ## The examples in real Dagster and Airflow, and Meltano's state in PostgreSQL and S3
	@$(BIN)/pytest --timeout 900 $(or $(TESTS),tests/engines)

test-container: .venv/.test  ## Test the steps of the Dockerfile and the services of compose.yaml, without Docker (Linux, root)
	@$(BIN)/pytest --timeout 600 tests/container

# make soak SOAK='--minutes 60'
soak: .venv/.test  ## Run everything together, with kills and faults, for as long as you like
	@$(BIN)/python -m soak $(SOAK)

# make kills KILLS='--each 300 --seed 7'
kills: .venv/.test  ## Kill every program at random moments, thousands of times, and check that nothing is lost or duplicated
	@$(BIN)/python -m soak.kills $(KILLS)

# make mutants MUTANTS='windows refresh' JOBS=4
mutants: .mutants/.installed  ## Mutation tests of the pure modules (MUTANTS=windows: one of them)
	@.mutants/bin/python -m mutants --jobs $(JOBS) $(MUTANTS)

test-mutants: .mutants/.installed  ## Test what runs the mutants
	@.mutants/bin/python -m pytest tests/mutants

build: .venv/.base  ## Build sdist and wheel into dist
	@$(call install,--group build)
	@rm -rf dist
	@$(BIN)/python -m build > .venv/build.log 2>&1 || { cat .venv/build.log; exit 1; }
	@ls dist

# make test-wheel PYTHON=python3.12; of any of the three, TESTS='tests/unit -x' runs a part
test-wheel: build  ## Test the installed wheel, without the source tree, on PYTHON
	@.ci/test-wheel $(PYTHON) $(TESTS)

test-wheels: build  ## The same with every installed Python
	@for python in $$(.ci/pythons); do .ci/test-wheel $$python $(TESTS) || exit 1; done

test-lowest: build  ## The same with the oldest allowed dependencies
	@for python in $$(.ci/pythons); do .ci/test-wheel --lowest $$python $(TESTS) || exit 1; done

licences: .venv/.test  ## List the installed packages with their licences
	@$(BIN)/python -m tests.packaging.licences

hub: .venv/.demo  ## Write the definitions for Meltano Hub
	@$(BIN)/python -m hub.generate

docs: .docs/.installed  ## Build the site of the pages into .docs/site; fails on a broken link or anchor
	@NO_MKDOCS_2_WARNING=1 .docs/bin/mkdocs build --quiet --config-file website/mkdocs.yml
	@echo "The site is in .docs/site. To see it: .docs/bin/mkdocs serve --config-file website/mkdocs.yml"

test-docs: .venv/.test .docs/.installed  ## Test the site of the pages
	@SEEKER_LEADS_MKDOCS=$(CURDIR)/.docs/bin/mkdocs $(BIN)/pytest tests/site

# make bench PEERS=1 BENCH='--cases wide,dense --repeats 5'
bench: .venv/.test .meltano/.installed $(if $(PEERS),.bench/.installed)  ## Measure speed and cost; writes docs/performance.md (PEERS=1: other tools too, and the figures of docs/comparison.md)
	@$(BIN)/python -m benchmarks.bench $(if $(PEERS),--peers .bench) $(BENCH)

lint: .venv/.lint .venv/.test  ## Linters, type checker, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.lint  ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## Remove everything that these commands created
	rm -rf .venv .meltano .demo .bench .dbt .docs .engines .mutants .wheel output dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.base:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
		{ echo "Python 3.10 or newer is missing: install it, or name it with 'make demo PYTHON=python3.12'"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv and pip are missing: on Debian and Ubuntu, 'apt install python3-venv python3-pip'"; exit 1; }
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(call install,--upgrade 'pip>=25.1')
	@touch $@

.venv/.demo: .venv/.base pyproject.toml
	@echo "Installing the plugins, the sandbox, Meltano and PostgreSQL into .venv (once) ..."
	@$(call install,--editable '.[sandbox]' --group demo)
	@touch $@

.venv/.test: .venv/.demo
	@echo "Installing the test tools into .venv (once) ..."
	@$(call install,--group test)
	@touch $@

.venv/.browser: .venv/.test
	@echo "Installing what drives a browser into .venv (once) ..."
	@$(call install,--group browser)
	@touch $@

.venv/.lint: .venv/.demo
	@$(call install,--group lint)
	@touch $@

.meltano/.demo: .venv/.demo meltano.yml
	@echo "Installing Meltano's plugins into .meltano (once) ..."
	@mkdir -p .meltano
	@$(call meltano_install,$(DEMO_PLUGINS))
	@touch $@

.meltano/.installed: .meltano/.demo meltano.yml
	@echo "Installing the plugins that only tests use (once) ..."
	@$(call meltano_install,)
	@touch $@

.engines/%/.installed: pyproject.toml
	@echo "Installing $* into .engines/$* (once) ..."
	@$(PYTHON) -m venv .engines/$*
	@$(call engine_install,--upgrade 'pip>=25.1')
	@$(call engine_install,--group engine-$*)
	@touch $@

.bench/.installed: pyproject.toml
	@echo "Installing the tools to compare with into .bench (once) ..."
	@$(PYTHON) -m venv .bench
	@.bench/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.bench/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --group bench-peers
	@touch $@

.docs/.installed: pyproject.toml
	@echo "Installing MkDocs into .docs (once) ..."
	@$(PYTHON) -m venv .docs
	@.docs/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.docs/bin/python -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@

# The tests run in it, so it has what they need besides the tool.
.mutants/.installed: pyproject.toml
	@echo "Installing Cosmic Ray and the test tools into .mutants (once) ..."
	@$(PYTHON) -m venv .mutants
	@.mutants/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.mutants/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]' --group mutants
	@touch $@

.dbt/.installed: .venv/.base pyproject.toml
	@echo "Installing dbt into .dbt (once) ..."
	@$(PYTHON) -m venv .dbt
	@.dbt/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.dbt/bin/python -m pip install --quiet --disable-pip-version-check --group dbt
	@touch $@
