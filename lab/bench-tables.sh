#!/usr/bin/env bash
# How long lookup tables of 65537 entries take to build, by algorithm and number of backends, and to publish: by JMH, about
# four minutes. Called by bench.sh: bench-tables.sh FILE
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

jmh=$LOOM_ROOT/itests/jmh/target
mvn_loom -q -Pjmh -DskipTests -pl itests/jmh -am package
java -cp "$jmh/classes:$jmh/lib/*" org.openjdk.jmh.Main -rf json -rff "$1" -o "$jmh/jmh.log" ||
	die "JMH failed: see $jmh/jmh.log"
jq -e 'length > 0' "$1" >/dev/null || die "JMH measured nothing: see $jmh/jmh.log"
say "microseconds for a table of 65537 entries; equal and mixed weights"
jq -r '
	def us: . * 10 | round / 10;
	"algorithm    backends    equal    mixed",
	([.[] | select(.params.algorithm)] | group_by([.params.algorithm, (.params.backends | tonumber)])[] |
		(INDEX(.params.weights) | map_values(.primaryMetric.score | us)) as $by |
		"\(.[0].params.algorithm) \(.[0].params.backends) \($by.equal) \($by.mixed)"),
	(.[] | select(.benchmark | endswith("publish")) | .primaryMetric |
		"publish (p50, p99) \(.scorePercentiles["50.0"] | us) \(.scorePercentiles["99.0"] | us)")' "$1" |
	awk '/^publish/ { printf "%-21s %8s %8s\n", "publish  p50, p99", $4, $5; next }
		{ printf "%-12s %8s %8s %8s\n", $1, $2, $3, $4 }'
