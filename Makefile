# Two commands: `make verify` and `make test`; `make docs` builds the reference site, `make notebooks` opens the notebooks.
# Each sets up .venv first, where it is missing or stale.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# Processes of the tests; each needs up to a gigabyte of memory.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(8, os.cpu_count() or 2))')

.PHONY: verify test types suite docs notebooks

verify: $(STAMP)
	$(BIN)/eqt-theory verify

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 types suite

# Side by side: the type checker keeps one core busy for half a minute.
types: $(STAMP)
	$(BIN)/basedpyright

suite: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

# The reference site, into site/; warnings are errors.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Built; begin at site/index.html"

# JupyterLab in the browser, at the list of notebooks; links out of them lead into the checkout.
notebooks: $(STAMP)
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/README.md

# What nothing here imports is not compiled: a third of all.
UNUSED := /(tests|_inductor|networkx|debugpy|setuptools|pip)/

# One pip call, so that every version comes from constraints.txt, also those of the isolated build
# (newer pip reads PIP_BUILD_CONSTRAINT for that, older pip PIP_CONSTRAINT).
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=")'
	@echo "Setting up .venv; this takes a few minutes once."
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -qq --no-compile -e '.[test,docs,notebooks]'
	@$(BIN)/python -m compileall -qq -j 0 -x '$(UNUSED)' .venv/lib eqt_theory || true  # on all cores; some templates do not compile
	@touch $@
