# `make demo` and `make test` do all of their own set-up; each may be run again at any time.
.PHONY: setup demo screenshots fluency bench bench-report test suite test-all faults chaos check locks vendor oracle clean

# Bytecode is compiled once, at install: without it every start is 2 to 8 times slower.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough; a name on the PATH may be a launcher of a version that is not installed.
PYTHON := $(shell for python in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV_PYTHON := .venv/bin/python
# Most of the time of a test is waiting. In the tree's order the longest, those of whole flows, begin first.
PARALELO := -n 3 --dist loadfile --no-loadscope-reorder

setup:
	@test -n "$(PYTHON)" || { echo "Falta Python 3.11 ou mais novo."; exit 1; }
	@$(PYTHON) -m setup.venv requirements.txt
	@$(VENV_PYTHON) -m setup.chromium

# make demo KEEP=1 leaves the system running.
demo: setup
	@$(VENV_PYTHON) -m tests.demonstracao $(if $(KEEP),--manter)

# Every page of the dashboard, in dados/demonstracao/fotos.
screenshots: setup
	@$(VENV_PYTHON) -m tests.fotos

# How the page answers at 5,000 contracts and 200 events a second: input delay and memory.
fluency: setup-test
	@$(VENV_PYTHON) -m tests.fluidez

# What the system costs, beside a floor or a peer taken in the same run; MEDIDAS names some. JSON goes to dados/bench.
bench: setup-test
	@$(PYTHON) -m setup.venv requirements-bench.txt
	@$(VENV_PYTHON) -m tests.benchmarks $(MEDIDAS)

# The charts that README shows, from the last figures.
bench-report: setup
	@$(VENV_PYTHON) -m tests.benchmarks.graficos

.PHONY: setup-dev setup-test
setup-dev: setup
	@$(PYTHON) -m setup.venv requirements-dev.txt

setup-test: setup-dev
	@$(PYTHON) -m setup.servers

check: setup-dev
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	$(VENV_PYTHON) -m pytest tests/test_architecture.py

# `check` beside the tests, since mypy uses one core; what it runs is not run again.
test: setup-test
	@$(MAKE) --no-print-directory --jobs=2 check suite

suite:
	$(VENV_PYTHON) -m pytest $(PARALELO) --ignore tests/test_architecture.py -m "not completo and not faltas"

test-all: setup-test check
	$(VENV_PYTHON) -m pytest $(PARALELO) --ignore tests/test_architecture.py -m "not faltas"

# Every process killed, every connection broken, the disk full, the clock moved: each case over separate processes.
# CASOS names some, as pytest's -k does.
faults: setup-test
	@$(PYTHON) -m setup.clock
	$(VENV_PYTHON) -m pytest tests/faults -n 2 --dist worksteal $(if $(CASOS),-k "$(CASOS)")

# Faults at random over a job until it ends; the same SEED chooses the same ones.
chaos: setup-test
	@$(VENV_PYTHON) -m tests.faults.caos $(if $(SEED),--semente $(SEED)) $(if $(MINUTES),--minutos $(MINUTES)) \
		$(if $(DRIVER),--driver $(DRIVER)) $(if $(CONTRATOS),--contratos $(CONTRATOS))

# Resolves dependencies again; UPGRADE=1 takes newer versions.
locks: setup-dev
	sh setup/lock.sh $(if $(UPGRADE),--upgrade)

# The dashboard's own code has no build step; only what it takes from others is bundled, once, and committed.
# Needs Node.js and npm.
vendor:
	cd setup/vendor && npm ci --omit-lockfile-registry-resolved --no-fund --no-audit --loglevel=error
	cd setup/vendor && node_modules/.bin/esbuild lit.js chart.js --bundle --minify --format=esm --legal-comments=linked \
		--log-level=warning --outdir=../../services/gateway/web/vendor

# What the JavaScript library says of 20,000 lines, asked again and kept for the tests. Needs Node.js and npm.
oracle: setup-dev
	cd tests/shared/oraculo && npm ci --omit-lockfile-registry-resolved --no-fund --no-audit --loglevel=error
	$(VENV_PYTHON) -m tests.shared.oraculo.vetores

clean:
	rm -rf setup/vendor/node_modules tests/shared/oraculo/node_modules .venv .servicos .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
