# Everything a newcomer types. Each target makes the virtual environment first if it is missing or older than its inputs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
ORACLES := tests/oracles/node_modules/.package-lock.json

.PHONY: setup demo serve test check bench clean
.DEFAULT_GOAL := demo

setup: $(STAMP) $(ORACLES)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "idverify needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "Making $(VENV) (once; a minute or two)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,insightface]'
	@# insightface asks for opencv-python, which would write over opencv-python-headless: its other needs came with our extra.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt insightface
	@touch $@

# Verifiers in JavaScript that tests hold against ours. Without npm those tests skip; nothing else needs them.
$(ORACLES): tests/oracles/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not installed: tests against verifiers in JavaScript will skip"; \
	else npm ci --silent --ignore-scripts --prefix tests/oracles && touch $@ \
	|| echo "npm could not install tests/oracles: tests against verifiers in JavaScript will skip"; fi

demo: $(STAMP)
	@$(BIN)/idverify demo

serve: $(STAMP)
	@$(BIN)/idverify serve --dev

test: $(STAMP) $(ORACLES)
	@$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)
	@$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) tests/oracles/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
