# Two commands: `make run` and `make test`. They need Python 3.11 or newer, make and a package index.
PYTHON ?= python3
ARGS ?=

.PHONY: help run test bench pins clean

help:
	@echo "make run                    start the portal, its databases and simulated chargers"
	@echo "make run HUB_PORT=8001      the same on another port (HUB_HOST, HUB_DATA, HUB_DEMO_CHARGERS: README.md)"
	@echo "make test                   lint, types, imports, migrations and all tests"
	@echo "make test ARGS=\"-k login\"   only these tests; ARGS goes to pytest"
	@echo "make bench                  measure; ARGS=\"gateway storm --quick\", or --full for the promised sizes"
	@echo "make pins                   compile requirements*.txt from requirements*.in"
	@echo "make clean                  remove caches; keeps .venv and the data in .hub"
	@echo "PYTHON=python3.12           names the Python to use, with any of them"

run:
	@HUB_STOP_WITH=$$PPID exec $(PYTHON) hub/bootstrap.py run

test:
	@HUB_STOP_WITH=$$PPID exec $(PYTHON) hub/bootstrap.py test $(ARGS)

bench:
	@HUB_STOP_WITH=$$PPID exec $(PYTHON) hub/bootstrap.py exec -- .venv/bin/python -m tests.bench $(ARGS)

pins:
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && \
	$(PYTHON) -m venv "$$directory" && "$$directory/bin/pip" install --quiet --disable-pip-version-check uv && \
	for name in requirements requirements-embedded requirements-dev; do \
		"$$directory/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url --no-emit-find-links --output-file $$name.txt $$name.in || exit 1; \
	done

clean:
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
