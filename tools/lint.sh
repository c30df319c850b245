#!/usr/bin/env bash
# Says what clang-format and tools/check_layers find wrong; changes nothing.
#
#   tools/lint.sh                     both
#   tools/lint.sh --format|--layers   one of them
#   tools/lint.sh --tidy [FILE...]    clang-tidy besides, over these sources (default: src and tools); takes minutes
#
# clang-tidy reads the compile commands of build/release (`cmake --preset release`). `clang-format -i` mends the format.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sources() { git ls-files --cached --others --exclude-standard -- 'src/*.h' 'src/*.cpp' 'tools/*.h' 'tools/*.cpp' 'tests/*.h' 'tests/*.cpp'; }

check_format() { sources | xargs -r clang-format --dry-run -Werror; }
check_layers() { tools/check_layers && tools/check_layers --self-test; }
check_tidy() {
  local files=("$@")
  if [ ! -e build/release/compile_commands.json ]; then
    echo "lint: build/release/compile_commands.json is not there: cmake --preset release" >&2
    return 1
  fi
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(sources | grep -E '^(src|tools)/.*\.cpp$')
  printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 1 clang-tidy -p build/release --quiet
}

case ${1:-} in
  --format) check_format ;;
  --layers) check_layers ;;
  --tidy)
    shift
    check_format && check_layers && check_tidy "$@"
    ;;
  "")
    status=0
    check_format || status=1
    check_layers || status=1
    exit $status
    ;;
  *)
    sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
