#!/usr/bin/env bash
# Runs the suites that are written in JavaScript: tests/<folder>/*.test.mjs for each folder named, and each file named
# (default: interop e2e browser).
#
# PONTE_BUILD_DIR names the folder with ponted and ponte (default build/release); further options for
# `node --test` go behind `--`. The last line is `N passed, N failed, N skipped`; 1 where something failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folders=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do folders+=("$1") && shift; done
[ $# -gt 0 ] && shift
[ ${#folders[@]} -gt 0 ] || folders=(interop e2e browser)

files=()
for folder in "${folders[@]}"; do
  case $folder in *.mjs) files+=("$folder") && continue ;; esac
  for file in "tests/$folder"/*.test.mjs; do [ -e "$file" ] && files+=("$file"); done
done

# The Node that tools/setup.sh brought, else the machine's, where it knows the options used here.
options=(--test --test-force-exit --test-concurrency=2 --test-timeout=300000)
node=
for candidate in .tools/bin/node "$(command -v node)"; do
  [ -x "$candidate" ] && "$candidate" "${options[@]:1}" -e 0 2>/dev/null && node=$candidate && break
done
if [ -z "$node" ]; then
  printf 'SKIP %s (no Node 20.14 or newer: tools/setup.sh)\n' "${files[@]}"
  echo "0 passed, 0 failed, ${#files[@]} skipped"
  exit 0
fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT
# One reporter on a pipe: --test-force-exit does not wait for a second one's file.
PATH=$(dirname "$(realpath "$node")"):$PATH "$node" "${options[@]}" --test-reporter=spec "$@" "${files[@]}" | tee "$report"
status=${PIPESTATUS[0]}

count() { sed -n "s/^ℹ $1 \([0-9]*\)$/\1/p" "$report" | tail -n 1; }
sed -n 's/^ *﹣ \(.*\) ([0-9.]*ms) # \(.*\)$/SKIP \1 (\2)/p' "$report"
passed=$(count pass) failed=$(count fail) cancelled=$(count cancelled) skipped=$(count skipped)
failed=$((${failed:-0} + ${cancelled:-0}))
# A run that died before it could count has failed.
[ $status -eq 0 ] || [ $failed -gt 0 ] || failed=1
echo "${passed:-0} passed, $failed failed, ${skipped:-0} skipped"
[ $failed -eq 0 ]
