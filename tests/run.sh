#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test.
#
#   tests/run.sh [PATTERN]   PATTERN: only the tests whose names match (ctest -R)
set -euo pipefail
cd "$(dirname "$0")/.."
deploy/install-deps.sh --tests
cmake --preset ci
cmake --build --preset ci
exec ctest --preset ci ${1:+-R "$1"}
