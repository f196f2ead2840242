# Orderloom: `make help` says what there is. Everything sets up what it needs; a second call starts at once.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
PORT ?= 8000
DATA_DIR ?= var
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
ARGS ?=
# Images often set this. Every process would then compile 1,700 modules anew, which takes longer than all else in a start.
unexport PYTHONDONTWRITEBYTECODE

# ---- to use

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'PORT=$(PORT) and DATA_DIR=$(DATA_DIR) can be given to demo and run; docs/operations.md lists the other settings.'

demo: .venv/installed ## start everything with a sample shop's history, and check every figure of it
	@exec $(PYTHON) -m demo $(ARGS)

run: .venv/installed ## start everything in the foreground; Ctrl-C stops it
	@exec $(PYTHON) -m config.serve --end-with-parent

# ---- to work on it

test: .venv/installed ## run all tests; ARGS="tests/orders -x" runs some
	@scripts/need.sh redis-server chromium xgettext=gettext
	@$(PYTHON) -m pytest -n $(JOBS) --dist worksteal -q $(ARGS)

check: .venv/installed ## format, lint, types, import contract, missing migrations, templates
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m ruff check
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --config-file clients/python/pyproject.toml clients/python/src
	.venv/bin/lint-imports
	$(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PYTHON) -m djlint --lint --quiet templates

bench: .venv/installed ## measure, into one table; SCALE=full adds the large sets
	@scripts/need.sh redis-server
	@exec $(PYTHON) -m benchmarks $(ARGS)

pictures: .venv/installed ## take the pictures of docs/images anew, while `make demo` runs
	@scripts/need.sh chromium
	@exec $(PYTHON) -m tests.browser.screenshots

messages: .venv/installed ## read the words of the console into locale/, and compile their translations
	@scripts/need.sh xgettext=gettext
	@exec $(PYTHON) manage.py messages

lock: .venv/installed ## write requirements.txt anew from pyproject.toml; UPGRADE=--upgrade takes newer versions
	.venv/bin/uv pip compile --quiet --universal --python-version $$(cat .python-version) --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--group dev pyproject.toml --output-file requirements.txt $(UPGRADE)

# ---- how

demo run pictures: export PORT := $(PORT)
demo run pictures: export DATA_DIR := $(DATA_DIR)

.venv/installed: requirements.txt .python-version scripts/setup.sh
	@scripts/setup.sh

.PHONY: help demo run test check bench pictures messages lock
