# Everything a newcomer types. Each target makes the virtual environment first if it is missing or older than its inputs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

.PHONY: setup demo serve test check bench clean
.DEFAULT_GOAL := demo

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "idverify needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "Making $(VENV) (once; a minute or two)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,insightface]'
	@# insightface asks for opencv-python, which would write over opencv-python-headless: its other needs came with our extra.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt insightface
	@touch $@

demo: $(STAMP)
	@$(BIN)/idverify demo

serve: $(STAMP)
	@$(BIN)/idverify serve --dev

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)
	@$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
