# `make` alone says what there is. All paths are relative: the checkout's own path may hold a space.

PYTHON ?= python3
PORT ?= $(or $(WEERBAAR_PORT),8000)
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
DATA := $(or $(WEERBAAR_DATA_DIR),.weerbaar)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
UV := $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo clean-demo test check format lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed ## Start everything with a demo history on http://127.0.0.1:8000 (PORT=8000), until Ctrl-C
	@$(BIN)/weerbaar demo --port $(PORT)

clean-demo: $(VENV)/installed ## Forget the data of the demo
	@$(BIN)/python -m infra.embedded "$(DATA)"
	@rm -f "$(DATA)/secret" "$(DATA)/issuer.json" "$(DATA)/day-played" "$(DATA)/demo.log"
	@[ ! -d "$(DATA)" ] || rmdir "$(DATA)"

test: $(VENV)/developing ## Run all tests (ARGS="-k name"; WEERBAAR_TEST_DATABASE_URL= for a server of your own)
	$(BIN)/python -m pytest $(ARGS)

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

clean: ## Remove the virtual environment and all that was built; the data of the demo stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
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
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/installed: pyproject.toml $(VENV)/packages
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/developing: requirements-dev.txt $(VENV)/installed
	@echo 'Installing the pinned packages for development'
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
