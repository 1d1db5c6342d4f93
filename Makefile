# make run   set up and run the main study          make test  set up and run the tests
# make lint  ruff, mypy and the floors              make bench-main  the tables of docs/measured.md
PYTHON ?= python3
EXTRAS ?= test
STUDY ?= umls-30
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: run test test-slow lint format docs notebooks wheel smoke clean bench-main bench-world bench-evolution bench-economy bench-arenas bench-memory bench-100m bench-experience

run: .venv/.run
	.venv/bin/noosphere run $(STUDY)

test: .venv/.test-$(EXTRAS)
	.venv/bin/python -m pytest -n 2 --dist loadfile

test-slow: .venv/.test-$(EXTRAS)
	.venv/bin/python -m pytest -n 2 --dist loadfile -m slow

lint: .venv/.test-$(EXTRAS)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/.test-$(EXTRAS)
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench-main: .venv/.bench
	.venv/bin/python -m benchmarks main
	.venv/bin/python -m benchmarks causal

# One BLAS thread, as processor time would count the spinning of a second one.
bench-evolution: .venv/.bench
	OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks evolution

bench-economy: .venv/.bench
	OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks economy

bench-arenas: .venv/.bench
	OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks arenas

bench-memory: .venv/.bench
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks memory

# 100 million vectors: half an hour and 16 GB in FOLDER; what was begun there goes on.
FOLDER ?= runs/100m
bench-100m: .venv/.bench
	.venv/bin/python -m benchmarks.memory.hundred_million $(FOLDER)

bench-world: .venv/.run
	.venv/bin/python -m benchmarks world

# Start-up, sweeps, executors, the dashboard; wall time, so leave the machine alone meanwhile.
bench-experience: .venv/.bench
	OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks experience

# The pages of docs/, in docs/_build/html.
docs: .venv/.docs
	.venv/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

# Notebooks executed, so that their pictures show on the web.
notebooks: .venv/.notebooks
	.venv/bin/python notebooks/execute.py

# The wheel in an empty environment.
smoke: .venv/.test-$(EXTRAS)
	.venv/bin/python -m pytest -m slow tests/test_wheel.py

wheel: .venv/.test-$(EXTRAS)
	.venv/bin/python -m build --wheel

clean:
	find . -name "*.nb[ic]" -delete; rm -rf .venv dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e .
	@touch $@

.venv/.test-$(EXTRAS): .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@ .venv/.run

.venv/.docs .venv/.notebooks: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[test,arena,$(subst .venv/.,,$@)]"
	@touch $@ .venv/.run

.venv/.bench: .venv/bin/python pyproject.toml constraints.txt benchmarks/requirements.txt
	$(PIP) install -c constraints.txt -e . -r benchmarks/requirements.txt
	@touch $@ .venv/.run
