# The tasks of this repository. Each target needs git, make and Python 3.10 or newer; scripts/uv fetches the rest.
MAKEFLAGS += --no-print-directory
RUN := scripts/uv run --locked

# The Pythons of `make pack` and `make release-check`, on PATH or in pyenv.
PYTHONS ?= 3.10 3.12 3.13

# Files that pytest-xdist distributes as a whole, in the order of tests/conftest.py: the slowest first.
PYTEST := pytest --dist loadfile --no-loadscope-reorder

.PHONY: help demo check unit test tutorials coverage charmcraft pack release-check bench bench-local docs lint format schemas locks picture wheels workflows audit

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: ## run an example under its charm; FRAMEWORK=django, ALL=1 for every integration, KEEP=1 to leave it running
	$(RUN) --no-dev $(if $(ALL)$(filter go,$(FRAMEWORK)),--group go) python scripts/demo.py $(FRAMEWORK) $(if $(ALL),--all) $(if $(KEEP),--keep)

check: ## run `make lint` and `make unit`, side by side; before each commit
	@$(MAKE) --jobs=2 --output-sync=target lint unit

unit: ## run the unit tests and the charm tests, with a quarter of the random examples of make test
	$(RUN) $(PYTEST) -n 2 --hypothesis-profile=check tests/unit tests/charms

test: ## run all tests
	$(RUN) $(PYTEST) -n 4

coverage: ## run all tests, traced, and print the coverage; takes twice as long as make test
	$(RUN) coverage erase
	$(RUN) coverage run -m $(PYTEST) -n 4
	$(RUN) coverage combine --quiet
	$(RUN) coverage report

tutorials: ## run the commands of the tutorials on paas-local, as a reader types them
	$(RUN) pytest tests/tutorials

charmcraft: ## compare the results with the real charmcraft, and pack an example with its uv plugin; needs Python 3.12
	$(RUN) pytest tests/charmcraft -k "not builds_the_source_distributions"

pack: ## pack an example with both plugins of the real charmcraft on each Python of PYTHONS, and start it
	PYTHONS="$(PYTHONS)" $(RUN) pytest tests/charmcraft/test_charmcraft_pack.py

release-check: ## build the current commit twice, check the files, install each wheel alone; prints a table
	PYTHONS="$(PYTHONS)" PACKAGES="$(PACKAGES)" $(RUN) --group release python scripts/release_check.py

workflows: ## check the workflows with actionlint and zizmor
	$(RUN) go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	$(RUN) --group workflows zizmor --quiet --no-progress --offline .github/workflows

audit: ## look up the locked dependencies in the list of known vulnerabilities; ADVISORIES=FOLDER without a network
	$(RUN) --group workflows sh -ec 'scripts/uv export --quiet --frozen --no-default-groups --no-emit-workspace $(if \
		$(ADVISORIES),--no-hashes | python scripts/audit.py "$(ADVISORIES)",| pip-audit --strict --disable-pip \
		--require-hashes --requirement /dev/stdin)'

bench: wheels ## measure the events of a charm, and compare with paas-charm; see docs/benchmarks.md
	$(RUN) --group bench python scripts/bench_dispatch.py

bench-local: wheels ## measure paas-local: the first page, a warm start, thirty units, and what an idle unit costs
	$(RUN) python scripts/bench_local.py

lint: ## check format, style, imports, types and English
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) lint-imports
	$(RUN) basedpyright
	$(RUN) python scripts/check_english.py

format: ## format the code and apply safe fixes
	$(RUN) ruff check --fix
	$(RUN) ruff format

schemas: ## write what paas-local knows of the frameworks' options, from their settings
	$(RUN) python scripts/write_schemas.py

docs: ## build the documentation's site into docs/_build/html; a warning or a broken internal link fails
	$(RUN) --group docs sphinx-build --builder html --fail-on-warning --keep-going --nitpicky --quiet docs docs/_build/html

locks: wheels ## write the locks of the examples' charms, after a change of their requirements
	$(RUN) python scripts/lock_examples.py

picture: ## run the demo, and write its picture for the README
	$(RUN) python scripts/record_demo.py

wheels: ## build the wheels into dist/
	UV_FIND_LINKS= scripts/uv build --quiet --all-packages --wheel --clear --out-dir dist
