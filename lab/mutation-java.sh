#!/usr/bin/env bash
# Mutants of the Java code against the unit tests, by PIT with its default mutators: loom test mutation java [BUNDLE...], such as health.
# Of five bundles: control, config, observe, admin, health. Beside other work control took 35 minutes on two processors, health 16, observe 4.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/common.sh
source "$here/common.sh"

bundles=("$@")
[ $# -gt 0 ] || bundles=(control config observe admin health)
modules=()
for bundle in "${bundles[@]}"; do
	grep -qs '<skipPitest>false' "$LOOM_ROOT/bundles/loom-$bundle/pom.xml" ||
		die "no bundle for mutation: $bundle; there are control, config, observe, admin and health"
	modules+=("bundles/loom-$bundle")
done
for module in "${modules[@]}"; do
	rm -rf "${LOOM_ROOT:?}/$module/target/pit-reports"
	mkdir -p "$LOOM_ROOT/$module/target" # for the log, where nothing has been built
	mvn_loom -q test-compile org.pitest:pitest-maven:mutationCoverage -pl "$module" -am >"$LOOM_ROOT/$module/target/pit.log" 2>&1 ||
		die "PIT failed: see $module/target/pit.log"
done
exec /usr/bin/python3 -B "$here/mutation_java.py" "$LOOM_ROOT" "${modules[@]}"
