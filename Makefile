# Every target does its own set-up, in .venv.
#
#   make demo      a whole run from issue to merge: no key, no network, no account
#   make test      the tests, in two processes (make test ARGS="-k ledger", WORKERS=0 for one)
#   make check     formatting, lint, types, import rules
#   make controls  switches each security control off and demands red tests (docs/promises.md; about 10 minutes)
#   make campaign  compares bills, kills processes, and as root the Docker daemon, in the middle of runs
#                  (docs/durability.md; half an hour, less with BILL="--conversations 10" KILLS="--runs 1" DAEMONS="--kills 1")
#   make format    what `check` would complain about, as far as a tool can mend it
#   make install   the `coderoute` command, in .venv/bin
#   make image     the sandbox's base image
#   make clean     removes all that the targets above made, except the image

PYTHON ?= python3
ARGS ?=
# Half of the tests' time is waiting for containers and processes. A file's tests stay together: they share what they made.
WORKERS ?= 2

PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet install
PINS := $(if $(wildcard requirements.lock),.venv/pins)

.PHONY: demo test check controls campaign format install image clean

# The demo goes on without the image, and says so itself.
demo: .venv/installed
	@if docker info >/dev/null 2>&1; then .venv/bin/python sandbox/build --quiet || true; fi
	@.venv/bin/coderoute demo

test: .venv/installed-dev
	@.venv/bin/pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: .venv/installed-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

controls: .venv/installed-dev
	@nice -n 5 .venv/bin/python tests/controls/controls.py $(ARGS)

campaign: .venv/installed-dev
	@nice -n 5 .venv/bin/python -m tests.campaigns.bill $(BILL)
	@nice -n 5 .venv/bin/python -m tests.campaigns.kills $(KILLS)
	@if [ "$$(id -u)" = 0 ]; then nice -n 5 .venv/bin/python -m tests.campaigns.daemons $(DAEMONS); \
	else echo "the daemon campaign needs root: sudo .venv/bin/python -m tests.campaigns.daemons"; fi

format: .venv/installed-dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

install: .venv/installed

image: .venv/bin/pip
	@.venv/bin/python sandbox/build

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml $(PINS) | .venv/bin/pip
	@echo "Installing coderoute in .venv"
	@$(PIP) $(PINS:%=--constraint %) -e .
	@touch $@

.venv/installed-dev: pyproject.toml $(PINS) | .venv/bin/pip
	@echo "Installing coderoute and its tools in .venv"
	@$(PIP) $(PINS:%=--constraint %) -e '.[dev]'
	@touch .venv/installed $@

# The lock's versions without its hashes: pip refuses hashes as soon as one thing, the project itself, can have none.
.venv/pins: requirements.lock | .venv/bin/pip
	@sed -e '/--hash=/d' -e 's/ *\\$$//' requirements.lock >$@

# Debian's Python has `venv` without what `venv` needs, and would leave half of a .venv behind: so ask first.
.venv/bin/pip:
	@command -v "$(PYTHON)" >/dev/null || { \
	    echo "error: no $(PYTHON) here" >&2; \
	    echo "  try: apt-get install python3 python3-venv, or: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "error: $$("$(PYTHON)" --version) is too old; coderoute needs 3.11 or newer" >&2; \
	    echo "  try: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "error: $$("$(PYTHON)" --version) cannot make virtual environments: the package python3-venv is missing" >&2; \
	    echo "  try: apt-get install python3-venv" >&2; exit 1; }
	@existed=$$(test -e .venv && echo yes); \
	"$(PYTHON)" -m venv .venv || { test "$$existed" || rm -rf .venv; exit 1; }
