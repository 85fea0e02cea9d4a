# Youth City. `make` alone prints this help. Set-up steps are stamped in .state and run again only when their inputs change.

SHELL := /bin/bash
.DEFAULT_GOAL := help
STATE := .state
PYTHON := $(STATE)/venv/bin/python
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(STATE)/pycache
# without the cache each of the platform's processes compiles all it imports at every start
unexport PYTHONDONTWRITEBYTECODE
T ?= tests
GROUP ?= run
AUDIT := $(STATE)/audit/bin
UV = $(AUDIT)/uv pip compile -q --no-header --python-version 3.11 --generate-hashes --annotation-style line
SETUP = pyproject.toml deploy/local/bootstrap.py deploy/local/groups.py deploy/local/packages.py
PYTEST = $(PYTHON) -m deploy.local with-test-servers $(PYTHON) -m pytest --durations=10
TIMED = TIMEFORMAT="== make $@ took %0lR"; time

# The first Python that is there, works and is new enough (a version manager may have put up a name with nothing behind it).
IS_PYTHON := import sys; sys.exit(sys.version_info < (3, 11))
BOOT = for python in python3.11 /usr/bin/python3.11 python3 /usr/bin/python3; do \
	"$$python" -c '$(IS_PYTHON)' 2>/dev/null && break; python=; done; \
	[ "$$python" ] || { echo "Python 3.11 is needed."; exit 1; }; "$$python" -B

.PHONY: help run up down scale demo report doctor test proofs hazards test-cluster chaos check fmt bench audit sbom lock digests migration clean

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(STATE)/ready ## Set everything up and run the platform in the foreground
	@$(PYTHON) -m deploy.local run

up: $(STATE)/ready ## Start the platform detached; returns when it is ready
	@$(PYTHON) -m deploy.local up

down: ## Stop everything this checkout has started
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m deploy.local down; fi

scale: ## As many processes of a service in the running platform: make scale perks=3 (without it: how many there are)
	@[ -x $(PYTHON) ] || { echo "The platform does not run: make up starts it." >&2; exit 1; }
	@$(PYTHON) -m deploy.local scale $(filter-out PYTHON=% STATE=%,$(MAKEOVERRIDES))

demo: $(STATE)/ready ## Load the demo city into the running platform
	@$(PYTHON) -m deploy.local demo

report: ## Print the progress report of the running platform (ARGS="--as-of 2023-10-27 --county 140702")
	@[ -x $(PYTHON) ] || { echo "The platform does not run: make up starts it." >&2; exit 1; }
	@$(PYTHON) -m cli report $(ARGS)

doctor: ## Report what is wrong and what to type; changes nothing (ARGS="--json", ARGS="--lang zh")
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m deploy.local doctor $(ARGS); else $(BOOT) -m doctor $(ARGS); fi

test: $(STATE)/ready-dev ## Check, then pass the tests in two workers (T=path for some of them, proofs too)
	@$(TIMED) { $(MAKE) --no-print-directory check && $(PYTEST) $(if $(filter tests,$(T)),-n 2 --dist loadfile --no-loadscope-reorder -m "not proof") $(T); }

proofs: $(STATE)/ready-proofs ## Prove the promises, which takes long: chaos, drills, rebuilding, bad input on every route, hazards, cluster
	@$(TIMED) $(PYTEST) -m proof

hazards: $(STATE)/ready-dev ## Of the proofs, the thirty hazards on the chassis and on stock nameko (docs/hazards.md)
	@$(PYTEST) -rx tests/resilience/hazards

test-cluster: $(STATE)/ready-dev ## Of the proofs, a RabbitMQ cluster of three that loses nodes (docs/cluster.md)
	@$(PYTEST) tests/cluster

chaos: $(STATE)/ready-dev ## Inject every kind of fault while the city works, then count (ARGS="--facts 100000 --seed 7 --minutes 30")
	@$(PYTHON) -m tests.resilience.chaos $(ARGS)

check: $(STATE)/ready-dev ## Lint, types, import rules, architecture: what needs no servers
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check -q .
	@$(PYTHON) -m mypy
	@$(STATE)/venv/bin/lint-imports --no-cache >$(STATE)/imports.log || { cat $(STATE)/imports.log; exit 1; }
	@$(PYTHON) -m pytest -q -m "not needs_servers" tests/architecture

fmt: $(STATE)/ready-dev ## Format the code
	@$(PYTHON) -m ruff check --fix -q . ; $(PYTHON) -m ruff format -q .

bench: $(STATE)/ready-dev ## Measure each hot path beside its baseline (also .state/bench.json)
	@$(PYTHON) -m deploy.local with-test-servers $(PYTHON) -m bench

audit: $(STATE)/ready-audit ## Look for known vulnerabilities in the pinned packages; needs the package index's advisories (ARGS="-s osv")
	@$(AUDIT)/pip-audit --strict --no-deps --disable-pip --progress-spinner off $(foreach lock,requirements.lock requirements-audit.lock,-r $(lock)) $(ARGS) \
		|| { echo "make audit failed: a vulnerability is listed above, or no advisories could be had for a package. They come from" >&2; \
			echo "the package index; where it has none to give, make audit ARGS=\"-s osv\" gets them from OSV. Both need the internet." >&2; exit 1; }

sbom: $(STATE)/ready $(STATE)/ready-audit ## Write the CycloneDX SBOM of all that is run, or of an image (GROUP=talent), to .state/sbom-*.json
	@$(PYTHON) -m deploy.sbom $(AUDIT)/cyclonedx-py $(GROUP) $(STATE)/sbom-$(GROUP).json
	@echo "$(STATE)/sbom-$(GROUP).json"

lock: $(STATE)/ready-audit ## Write the lock files with their hashes after a change of pyproject.toml (ARGS="--upgrade-package flask")
	@$(UV) --group dev --group building $(ARGS) -o requirements.lock
	@$(UV) --group audit $(ARGS) -o requirements-audit.lock

digests: $(STATE)/ready ## Pin the images of others in deploy/.env to their digests; needs docker with buildx, and the registry
	@[ -f deploy/.env ] || cp deploy/.env.example deploy/.env
	@$(PYTHON) -m deploy.pin_images deploy/.env

migration: $(STATE)/ready ## Write the next migration: make migration SERVICE=perks NAME=add_level_to_titles
	@$(PYTHON) -m deploy.local new-migration "$(SERVICE)" "$(NAME)"

clean: down ## Delete everything: servers, data, virtual environment
	@for data in $(STATE)/data $(STATE)/test/data; do if [ -L $$data ]; then rm -rf "$$(readlink -f $$data)"; fi; done
	@rm -rf $(STATE)

# run the platform; check, test and measure it; prove its promises; audit and lock its packages (deploy/local/bootstrap.py)
$(STATE)/ready: BOOTSTRAP = run
$(STATE)/ready-dev: BOOTSTRAP = dev
$(STATE)/ready-proofs: BOOTSTRAP = proofs
$(STATE)/ready-audit: BOOTSTRAP = audit
$(STATE)/ready $(STATE)/ready-dev $(STATE)/ready-proofs: requirements.lock
$(STATE)/ready-audit: requirements-audit.lock
$(STATE)/ready $(STATE)/ready-dev $(STATE)/ready-proofs $(STATE)/ready-audit: $(SETUP)
	@mkdir -p $(STATE)
	@$(BOOT) -m deploy.local.bootstrap $(BOOTSTRAP)
	@touch $@
