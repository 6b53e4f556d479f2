# The handful of verbs a contributor needs; `just` lists them. CONTRIBUTING.md says the same in words.

default:
    @just --list

# Make the environment
setup:
    python3 -m venv .venv && .venv/bin/pip install -e '.[test]'

# Format what can be formatted
format:
    .venv/bin/ruff check --fix . && .venv/bin/ruff format .

# What CI checks, without the fresh environment
check:
    .venv/bin/ruff check . && .venv/bin/ruff format --check .
    .venv/bin/mypy --strict --config-file setup.cfg
    .venv/bin/lint-imports --config setup.cfg
    .venv/bin/pytest

# Only the tests
test *args:
    .venv/bin/pytest {{ args }}

# Write docs/commands.md anew
docs:
    .venv/bin/python -m atapi.shell.reference

# Branch coverage of the order path
coverage:
    .venv/bin/python -m coverage erase
    .venv/bin/python -m coverage run -m pytest -q tests/execution tests/services
    .venv/bin/python -m coverage combine -q
    .venv/bin/python -m coverage report

# Print the ratios
bench:
    .venv/bin/python benchmarks/startup.py
    .venv/bin/python benchmarks/order_latency.py
    .venv/bin/python -m benchmarks.two_legs
    .venv/bin/python -m benchmarks.book
    .venv/bin/python -m benchmarks.exchange
    .venv/bin/python -m benchmarks.streams
    .venv/bin/python -m benchmarks.history

# A million random events against the ledger, and memory along the way
conservation:
    .venv/bin/python -m benchmarks.conservation
    .venv/bin/python -m benchmarks.memory

# Proofs about the journal, the shell and the exchange inside, as CI takes them; each takes a bound
gates:
    .venv/bin/python -m tests.gates.power_cuts
    .venv/bin/python -m tests.gates.order_kills
    .venv/bin/python -m tests.gates.order_faults
    .venv/bin/python -m tests.gates.shell_lines
    .venv/bin/python -m tests.gates.kills
    .venv/bin/python -m tests.gates.rebuild
    .venv/bin/python -m tests.gates.played
    .venv/bin/python -m tests.gates.machines

# Everything CI does, from a clean clone
ci:
    rm -rf /tmp/atapi-ci && git clone -q . /tmp/atapi-ci && cd /tmp/atapi-ci && bash .ci/run
