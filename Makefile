# Youth City. `make` alone prints this help. Set-up steps are stamped in .state and run again only when their inputs change.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BOOT := $(shell command -v python3.11 || command -v python3)
STATE := .state
PYTHON := $(STATE)/venv/bin/python
export PYTHONDONTWRITEBYTECODE := 1
T ?= tests

.PHONY: help run up down demo test check fmt bench clean

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 12

run: $(STATE)/ready ## Set everything up and run the platform in the foreground
	@$(PYTHON) -m deploy.local run

up: $(STATE)/ready ## Start the platform detached; returns when it is ready
	@$(PYTHON) -m deploy.local up

down: ## Stop everything this checkout has started
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m deploy.local down; fi

demo: $(STATE)/ready ## Load the demo city into the running platform
	@$(PYTHON) -m deploy.local demo

test: $(STATE)/ready check ## Set everything up and pass the tests (T=path for some of them)
	@$(PYTHON) -m deploy.local with-test-servers $(PYTHON) -m pytest $(T)

check: $(STATE)/ready ## Lint, types, import rules, fresh generated files
	@$(STATE)/venv/bin/ruff check .
	@$(STATE)/venv/bin/ruff format --check -q .
	@$(STATE)/venv/bin/mypy
	@$(STATE)/venv/bin/lint-imports --no-cache >$(STATE)/imports.log || { cat $(STATE)/imports.log; exit 1; }

fmt: $(STATE)/ready ## Format the code
	@$(STATE)/venv/bin/ruff check --fix -q . ; $(STATE)/venv/bin/ruff format -q .

bench: $(STATE)/ready ## Measure each hot path beside its baseline (also .state/bench.json)
	@$(PYTHON) -m deploy.local with-test-servers $(PYTHON) -m bench

clean: down ## Forget everything: servers, data, virtual environment
	@if [ -L $(STATE)/data ]; then rm -rf "$$(readlink -f $(STATE)/data)"; fi
	@if [ -L $(STATE)/test/data ]; then rm -rf "$$(readlink -f $(STATE)/test/data)"; fi
	@rm -rf $(STATE)

$(STATE)/ready: requirements.lock deploy/local/bootstrap.py
	@mkdir -p $(STATE)
	@$(BOOT) deploy/local/bootstrap.py
	@touch $@
