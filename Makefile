# make demo   first run: every demo dataset with DiffLM and the sentinels, then results/leaderboard.html
# make test   the fast tests
# make check  what a commit must pass: lint, types, import rules, fast tests
# make bench  the benchmarks of the harness itself

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FAST := not slow and not realdata and not gpu and not network and not browser
# One worker a core and one thread a worker; a module's tests share what they train, the longest ones go first.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadscope --no-loadscope-reorder

.PHONY: demo test check bench

demo: $(READY)
	$(BIN)/bench run --generator difflm --dataset all --profile demo --jobs 2
	$(BIN)/bench leaderboard --format html --out results/leaderboard.html

test: $(READY)
	$(PYTEST) -m "$(FAST)" tests/test_readme.py tests

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) -m "$(FAST)" tests/test_readme.py tests

bench: $(READY)
	@for module in $(patsubst benchmarks/%.py,benchmarks.%,$(wildcard benchmarks/*.py)); do \
		echo "$$module"; $(BIN)/python -m "$$module" || exit 1; done

# The stamp keeps a second make from installing again.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@
