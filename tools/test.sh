#!/usr/bin/env bash
# Installs what is missing, builds, and runs everything there is to run.
#
#   tools/test.sh                  all stages
#   tools/test.sh --quick          the stage `release` alone
#   tools/test.sh STAGE...         these stages, in this order
#
#   release   the release build; every suite (ctest), and the demo of tools/run.sh
#   node      the real programs over HTTP, clients that others wrote, and the pages in a browser (tests/e2e,
#             tests/interop, tests/browser); needs `release`
#   debug     ASan, LSan and UBSan: every suite; by clang where it is there, since `fuzz` needs that build too
#   tsan      ThreadSanitizer: the suites that start threads, and the real programs over HTTP
#   fuzz      clang and libFuzzer: every fuzzer for PONTE_FUZZ_SECONDS (20)
#   lint      clang-format and tools/check_layers
#   package   the Debian package in a clean Debian, the container's file, what is made of the programs' words, the
#             documents (tests/package); needs `release`
#
# Every test, fuzzer and check counts as one, and so does a build that fails. What is skipped is named with the reason.
# The last line is `N passed, N failed, N skipped`; the exit code is 0 only where nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

stages=()
for argument in "$@"; do
  case $argument in
    --quick) stages+=(release) ;;
    release | node | debug | tsan | fuzz | lint | package) stages+=("$argument") ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
[ ${#stages[@]} -gt 0 ] || stages=(release node package debug tsan fuzz lint)

# Objects are found again by the compiler cache in whatever folder the checkout stands.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

jobs=$(nproc)
fuzz_seconds=${PONTE_FUZZ_SECONDS:-20}
passed=0 failed=0 skipped=0
failures=() skips=() times=()
work=$(mktemp -d)

finish() {
  local status=$?
  trap - EXIT
  rm -rf "$work"
  # A run that was cut short has not passed.
  [ $status -eq 0 ] || { failed=$((failed + 1)) && failures+=("tools/test.sh ended early with $status"); }
  echo
  printf '%s\n' "${times[@]}"
  [ ${#skips[@]} -eq 0 ] || printf 'SKIP %s\n' "${skips[@]}"
  [ ${#failures[@]} -eq 0 ] || printf 'FAIL %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ $failed -eq 0 ]
  exit
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)) && failures+=("$*"); }
skip() { skipped=$((skipped + 1)) && skips+=("$*"); }

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  local log=$work/build-$preset
  if cmake --preset "$preset" >"$log" 2>&1 &&
    cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} >>"$log" 2>&1; then
    return 0
  fi
  grep -nE 'error|FAILED|undefined reference' "$log" | head -n 40
  tail -n 20 "$log"
  fail "$preset: the build"
  return 1
}

# run_ctest PRESET [CTEST OPTION...]: runs the suites of a build and counts them.
run_ctest() {
  local preset=$1 junit=$work/$stage.xml log=$work/ctest-$stage
  shift
  # A name that matches no test would pass.
  ctest --test-dir "build/$preset" -j "$jobs" --no-tests=error --output-on-failure --output-junit "$junit" "$@" >"$log" 2>&1
  local status=$?
  [ $status -eq 0 ] || grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed |^ *Start ' "$log"
  # One line for each test that did not pass, then the number of those that did.
  local line kind name
  while IFS= read -r line; do
    kind=${line%% *} name=$stage:\ ${line#* }
    case $kind in
      passed) passed=$((passed + ${line#* })) ;;
      failed) fail "$name" && status=0 ;;
      skipped) skip "$name" ;;
    esac
  done < <(python3 - "$junit" <<'PYTHON' 2>>"$log"
import re, sys, xml.etree.ElementTree as tree
passed = 0
for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
    name, status, output = case.get("name"), case.get("status"), case.findtext("system-out") or ""
    if status == "run":
        passed += 1
    elif status == "fail":
        print("failed", name)
    else:
        said = re.search(r": Skipped\n(.*?)\n\n?\[  SKIPPED \]", output, re.S)
        print("skipped", f"{name} ({' '.join(said.group(1).split()) if said else status})")
print("passed", passed)
PYTHON
)
  # Anything that went wrong without a test to name it.
  [ $status -eq 0 ] || { tail -n 5 "$log" && fail "$stage: ctest ended with $status"; }
}

stage_release() {
  build release || return
  run_ctest release
  if env -u PONTE_LISTEN -u PONTE_LOG tools/run.sh --demo --once; then pass; else fail "release: tools/run.sh --demo --once"; fi
}

# run_node STAGE BUILD SECONDS WHAT...: suites in JavaScript against the programs of a build, counted.
run_node() {
  local stage=$1 folder=build/$2 limit=$3 log=$work/node-$1
  shift 3
  PONTE_BUILD_DIR=$folder timeout -k 30 "$limit" bash tests/run_node_tests.sh "$@" 2>&1 | tee "$log"
  local ended=${PIPESTATUS[0]} line
  line=$(tail -n 1 "$log")
  if ! [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    fail "$stage: tests/run_node_tests.sh ended with $ended before it could count"
    return
  fi
  local failing=${BASH_REMATCH[2]} skipping=${BASH_REMATCH[3]}
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + failing)) skipped=$((skipped + skipping))
  mapfile -t -O ${#skips[@]} skips < <(sed -n "s/^SKIP /$stage: /p" "$log")
  # Node repeats the failing tests at the end, below this line.
  [ "$failing" -eq 0 ] || mapfile -t -O ${#failures[@]} failures < <(
    sed -n "/^✖ failing tests:/,\$s/^ *✖ \(.*\) ([0-9.]*ms).*/$stage: \1/p" "$log" | sort -u)
}

stage_node() {
  if [ ! -x build/release/ponted ] || [ ! -x build/release/ponte ]; then
    fail "node: build/release/ponted and build/release/ponte are not there"
    return
  fi
  run_node node release 1800 e2e interop browser
}

# LeakSanitizer stops the program to look at its memory; some containers forbid that.
leaks_can_be_found() {
  echo 'int main() { return 0; }' >"$work/leak.cpp"
  g++ -fsanitize=address -o "$work/leak" "$work/leak.cpp" >/dev/null 2>&1 &&
    ASAN_OPTIONS=detect_leaks=1 "$work/leak" >/dev/null 2>&1
}

stage_debug() {
  local preset=debug
  command -v clang++-14 >/dev/null && preset=fuzz
  build "$preset" suites || return
  local leaks=1
  leaks_can_be_found || { leaks=0 && skip "debug: leaks (this machine does not let LeakSanitizer trace a program)"; }
  ASAN_OPTIONS=detect_leaks=$leaks:strict_string_checks=1:detect_stack_use_after_return=1 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 run_ctest "$preset" -L '^unit_|_tests$'
}

stage_tsan() {
  local suites=(unit_base unit_store unit_net unit_instance unit_api) there=() suite
  # GCC 12's runtime does not start where the kernel randomises more address bits than it knows.
  local fixed=()
  setarch -R true 2>/dev/null && fixed=(setarch -R)
  cmake --preset tsan >/dev/null 2>&1
  for suite in "${suites[@]}"; do
    ninja -C build/tsan -t query "$suite" >/dev/null 2>&1 && there+=("$suite")
  done
  # Their tests are listed by running them, so the build too needs a program that starts.
  local labels
  labels=$(IFS='|' && echo "${there[*]}")
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp
  if [ ${#fixed[@]} -gt 0 ]; then
    cmake() { "${fixed[@]}" /usr/bin/env cmake "$@"; }
    ctest() { "${fixed[@]}" /usr/bin/env ctest "$@"; }
    timeout() { "${fixed[@]}" /usr/bin/env timeout "$@"; }
  fi
  # What kills the program by itself, weighs it, or is about its page, its words or the tool, has nothing to show here.
  local file node_files=()
  for file in tests/e2e/*.test.mjs; do
    case $file in */crash.* | */endurance.* | */docs.* | */schemathesis.* | */contract.* | */bad-input.* | */documented.* | */link-command.* | */doctor.* | */portable.*) ;; *) node_files+=("$file") ;; esac
  done
  if build tsan "${there[@]}" ponted ponte; then
    run_ctest tsan -L "^($labels)\$"
    run_node tsan tsan 900 "${node_files[@]}"
  fi
  unset -f cmake ctest timeout
  unset TSAN_OPTIONS
}

# fuzz NAME: one fuzzer, with its seeds but nothing written beside them.
fuzz() {
  local name=$1 seeds=tests/fuzz/corpus/${1#fuzz_} found=$work/corpus-$1
  mkdir -p "$found"
  [ -d "$seeds" ] || seeds=
  timeout -k 10 $((fuzz_seconds + 120)) "build/fuzz/tests/fuzz/$name" -max_total_time="$fuzz_seconds" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/artifacts/$name-" "$found" ${seeds:+"$seeds"} \
    >"$work/$name.log" 2>&1
  echo $? >"$work/$name.status"
}

stage_fuzz() {
  if ! command -v clang++-14 >/dev/null; then
    local source
    for source in tests/fuzz/fuzz_*.cpp; do skip "fuzz: $(basename "$source" .cpp) (no clang++-14: tools/setup.sh)"; done
    return
  fi
  build fuzz fuzzers || return
  mkdir -p build/fuzz/artifacts
  local names=() name running=0
  for name in tests/fuzz/fuzz_*.cpp; do names+=("$(basename "$name" .cpp)"); done
  for name in "${names[@]}"; do
    [ $running -lt 2 ] || { wait -n && running=$((running - 1)); }
    fuzz "$name" &
    running=$((running + 1))
  done
  wait
  for name in "${names[@]}"; do
    if [ "$(cat "$work/$name.status" 2>/dev/null)" = 0 ]; then
      pass
      echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log") inputs"
    else
      grep -vE '^#[0-9]+' "$work/$name.log" | tail -n 60
      fail "fuzz: $name $(sed -n 's/.*Test unit written to \(.*\)/(\1)/p' "$work/$name.log" | tail -n 1)"
    fi
  done
}

stage_package() {
  if [ ! -x build/release/ponted ] || [ ! -x build/release/ponte ]; then
    fail "package: build/release/ponted and build/release/ponte are not there"
    return
  fi
  run_node package release 900 package
}

stage_lint() {
  if ! command -v clang-format >/dev/null; then
    skip "lint: clang-format (not installed: tools/setup.sh)"
  elif tools/lint.sh --format; then
    pass
  else
    fail "lint: clang-format"
  fi
  if tools/lint.sh --layers; then pass; else fail "lint: tools/check_layers"; fi
}

# Two runs would build into each other's programs.
mkdir -p build
exec 9>build/test.lock
flock -n 9 || { echo "test: another tools/test.sh runs in this folder; waiting for it" >&2 && flock 9; }

tools/setup.sh test || echo "test: setup.sh failed; going on with what is there" >&2
for stage in "${stages[@]}"; do
  echo "== $stage"
  started=$SECONDS
  "stage_$stage"
  times+=("$(printf '%-8s %4d s' "$stage" $((SECONDS - started)))")
  echo "== ${times[-1]}"
done
exit 0
