#!/usr/bin/env bash
# Makes the Debian package out of a clean checkout: installs what is missing, builds, packs. Prints the file's name.
#
#   tools/package.sh                 build/release/package/ponte_<version>_<architecture>.deb
#   tools/package.sh --no-build      of build/release as it stands
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

build=yes
case ${1:-} in
  '') ;;
  --no-build) build= ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

# quietly COMMAND...: what it says is shown where it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "package: failed: $*" >&2
    return 1
  fi
  rm -f "$log"
}

# Objects are found again by the compiler cache in whatever folder the checkout stands.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

tools/setup.sh package >&2
if [ -n "$build" ]; then
  quietly cmake --preset release
  quietly cmake --build --preset release --target ponted ponte
fi
folder=build/release/package
rm -rf $folder
# The files of a package are readable, whatever the umask of who packs it.
umask 022
quietly cpack --config build/release/CPackConfig.cmake -G DEB -B $folder
rm -rf $folder/_CPack_Packages
ls $folder/*.deb
