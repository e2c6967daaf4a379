# One verb a line; `make` alone lists them. Everything lives in .venv: remove it (`make clean`) to start over.
PYTHON ?= python3
BIN := .venv/bin
COMPILE = compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock"
CONSOLE := $(shell find web -type f -not -path 'web/node_modules/*' 2>/dev/null)

.PHONY: help env demo test check bench soak lock clean
help:  ## list these verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: env  ## the whole engine with a simulated city; prints the links to open
	@$(BIN)/ronda up --demo $(ARGS)

test: env  ## the whole suite, against real servers
	@$(BIN)/pytest $(ARGS)

check: env  ## format, lint, types, walls between rooms, size budgets, documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q tests/architecture -m "not e2e"

bench: env  ## the measurements behind each published figure
	@set -e; for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

soak: env  ## long fault runs
	@$(BIN)/pytest -m soak --timeout 0 $(ARGS)

lock: env  ## choose versions anew for the two lock files; commit what changed
	@.ci/uv pip $(COMPILE) $(ARGS) --all-extras --group dev pyproject.toml --output-file requirements.lock
	@$(BIN)/python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"]), "editables", sep="\n")' > .venv/build.txt
	@.ci/uv pip $(COMPILE) $(ARGS) .venv/build.txt --output-file requirements-build.lock

env: .venv/.installed  ## .venv with the locked dependencies and Ronda itself, editable, console built

# The first word to the package index is for uv alone, by pip, with the hash that the lock holds for it.
.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Ronda needs Python 3.11 or newer. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make an environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@awk '/^uv==/ {on = 1} on; on && !/\\$$/ {exit}' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@.ci/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

.venv/.installed: .venv/.locked requirements-build.lock pyproject.toml hatch_build.py $(CONSOLE)
	@.ci/uv pip install --quiet --python $(BIN)/python --no-deps --build-constraints requirements-build.lock --editable .
	@touch $@

clean:  ## remove the environment and everything that was built
	@rm -rf .venv api/static web/node_modules dist
