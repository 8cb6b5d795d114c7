# The project's commands: `make demo` shows a lab, `make test` runs every test, `make` lists all targets.

VENV    := .venv
BIN     := $(VENV)/bin
LOCK    := requirements.lock
VM      := .cache/vm
# Two workers run tests, a third waits for the VM. The labs of more workers would overflow the kernel's
# neighbour table, which all namespaces share.
PARALLEL := -n 3
PIP     := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# The distribution's interpreter if it is new enough: every user of the machine can run it.
# PYTHON=... overrides it.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
FIND_PYTHON = for python in $(PYTHON) /usr/bin/python3 python3; do \
        "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null && break; python=; done; \
    test -n "$$python" || { echo "setup: needs Python 3.11 or newer (try: make PYTHON=...)" >&2; exit 1; }

# A folder such as /root hides an interpreter from every user but root.
WARN_PRIVATE = real=$$(readlink -f $(BIN)/python); test "$$(id -u)" != 0 || \
    setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$$real" || \
    echo "setup: only root can run $$real, so only root can use $(VENV); try: make clean; make setup PYTHON=/usr/bin/python3" >&2

# A virtual environment contains absolute paths: one that was built in another folder is built again.
ifneq ($(file <$(VENV)/.locked),$(CURDIR))
$(VENV)/.locked: elsewhere
endif

# If the current user cannot write to this folder, no tool keeps a cache in it.
ifneq ($(shell test -w . && echo ours),ours)
export RUFF_NO_CACHE := true
export MYPY_CACHE_DIR := /dev/null
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test soak test-bare vm check bench golden format lock clean elsewhere
.NOTPARALLEL:

help: ## list these targets
	@echo "nsnet: a Linux data-plane emulator for Kubernetes networking"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
	    while IFS='|' read -r target what; do printf '%-17s %s\n' "$$target" "$$what"; done

setup: $(VENV)/.ready $(VM)/version ## install system packages and .venv, download a kernel for the VM

demo: $(VENV)/.ready ## show two clusters with the same addresses, joined by NAT gateways
	@$(BIN)/nsnet run scenarios/island-nat.yaml

test: setup ## run every test, or those of TESTS=…; some run in a VM
	@$(BIN)/pytest $(PARALLEL) $(or $(TESTS),tests)

soak: setup ## run the long tests: many random seeds, many killed commands
	@$(BIN)/pytest $(PARALLEL) -m soak tests

test-bare: setup ## run demo and test on a bare Debian 12 in a folder; needs root
	@vagrant/bare.sh

vm: setup ## start a shell in a VM with every kernel module, or run CMD="…" there
	@$(BIN)/python -m tests.vm $${CMD:+"$$CMD"}

check: $(VENV)/.ready ## check format, lint, types, imports; run pure tests; no root needed
	@echo "check: ruff format"
	@$(BIN)/ruff format --check --quiet
	@echo "check: ruff"
	@$(BIN)/ruff check --quiet
	@echo "check: mypy"
	@$(BIN)/mypy
	@echo "check: import rules"
	@$(BIN)/lint-imports --no-logo --no-cache
	@echo "check: pure tests"
	@$(BIN)/pytest -q -n 2 --dist worksteal tests/unit tests/errors

bench: $(VENV)/.ready ## run every script in tests/bench
	@for script in tests/bench/*.py; do \
	    test -e "$$script" || { echo "bench: no scripts in tests/bench"; exit 0; }; \
	    echo "bench: $$script"; $(BIN)/python "$$script" || exit 1; done

golden: $(VENV)/.ready ## rewrite tests/golden from the code; review the diff
	@NSNET_GOLDEN=rewrite $(BIN)/pytest -q tests/golden
	@git --no-pager diff --stat -- tests/golden

format: $(VENV)/.ready ## format the code and fix what ruff can fix
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format

lock: ## pin the newest dependencies in requirements.lock (needs uv)
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --extra test --extra dev --group build \
	    --custom-compile-command "make lock" pyproject.toml -o $(LOCK)

clean: ## remove .venv and every cache
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	@find nsnet tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps, each written when its step is complete, so that an interrupted build continues correctly:
# .locked  the packages of requirements.lock are installed (without it, .venv is built from nothing)
# .ready   nsnet itself is installed, editable, and everything is compiled
$(VENV)/.locked: $(LOCK)
	@vagrant/provision.sh
	@echo "setup: building $(VENV)"
	@rm -f $@
	@$(FIND_PYTHON); "$$python" -m venv --clear $(VENV)
	@# python-iptables is built from source: install the pinned setuptools first, then use them for the rest.
	@awk '/^[^ #]/ { wanted = /^setuptools==/ } wanted' $(LOCK) > $(VENV)/build-tools.lock
	@$(PIP) install --require-hashes -r $(VENV)/build-tools.lock
	@echo "setup: installing the packages of $(LOCK)"
	@$(PIP) install --require-hashes --no-deps --no-build-isolation --use-pep517 -r $(LOCK)
	@$(WARN_PRIVATE)
	@printf '%s' '$(CURDIR)' > $@

$(VENV)/daemons/fetched: $(VENV)/.locked vagrant/provision.sh
	@vagrant/provision.sh --daemons $(VENV)/daemons

$(VENV)/.ready: $(VENV)/.locked $(VENV)/daemons/fetched pyproject.toml vagrant/provision.sh
	@vagrant/provision.sh
	@echo "setup: installing nsnet"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib nsnet
	@touch $@
	@echo "setup: ready; try: $(BIN)/nsnet --help"

# This stamp is written last, too. The VM boots when a test or `make vm` needs it.
$(VM)/version: vagrant/provision.sh
	@vagrant/provision.sh --vm $(VM)
