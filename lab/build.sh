#!/usr/bin/env bash
# Compiles BPF and Java and makes the distribution, without running tests.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_tools mvn clang-19 llvm-strip-19
mvn_loom -q -DskipTests package
need_assembly
say "build: $ASSEMBLY"
