# What one does in this repository. Each target needs git, make and Python 3.10 or newer; scripts/uv gets the rest.
MAKEFLAGS += --no-print-directory
RUN := scripts/uv run --locked

.PHONY: help demo test charmcraft bench lint format wheels

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: wheels ## run an example under its charm, with PostgreSQL; FRAMEWORK=django, or ALL=1 with everything; KEEP=1 leaves it running
	$(RUN) --no-dev $(if $(ALL)$(filter go,$(FRAMEWORK)),--group go) python scripts/demo.py $(FRAMEWORK) $(if $(ALL),--all) $(if $(KEEP),--keep)

test: ## run all tests, and print what they cover
	$(RUN) coverage erase
	$(RUN) coverage run -m pytest -n auto --maxprocesses 4 --dist loadfile
	$(RUN) coverage combine --quiet
	$(RUN) coverage report

charmcraft: ## compare with what the real charmcraft makes; needs a Python 3.12
	$(RUN) pytest tests/charmcraft

bench: wheels ## compare one event that changes nothing with paas-charm; see docs/benchmarks.md
	$(RUN) python scripts/bench_dispatch.py

lint: ## check format, style, imports, types and English
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) lint-imports
	$(RUN) basedpyright
	$(RUN) python scripts/check_english.py

format: ## put the code into its usual form
	$(RUN) ruff check --fix
	$(RUN) ruff format

wheels: ## build the wheels into dist/, where the example's charm finds paas-flask
	UV_FIND_LINKS= scripts/uv build --quiet --all-packages --wheel --clear --out-dir dist
