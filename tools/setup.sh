#!/usr/bin/env bash
# Installs what a fresh Debian 12 lacks, and nothing that is there already.
#
#   tools/setup.sh            everything: what building needs and what the tests need
#   tools/setup.sh build      what building and running needs
#   tools/setup.sh package    the above, and what packing needs
#   tools/setup.sh test       the above, the test tools, a Node 22 where the machine's is too old, the tests' npm packages,
#                             Schemathesis
#
# The viewer of the page /docs is brought where npm is; `build` installs no npm for it, and the page does without.
#
# What the tests can do without (Node, npm, pip, Go, a package that cannot be had) is never fatal: they skip it by name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
tools=$root/.tools

# librocksdb-dev and its kind name their own needs; what CMake asks for beyond them is listed.
build_packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates curl
  libpistache-dev libsignal-protocol-c-dev libsodium-dev libssl-dev
  libprotobuf-dev protobuf-compiler libwebsocketpp-dev libasio-dev
  librocksdb-dev libgflags-dev libsnappy-dev libbz2-dev liblz4-dev libzstd-dev
  nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev
  prometheus-cpp-dev libqrencode-dev libpng-dev zlib1g-dev libcurl4-openssl-dev
  libsqlite3-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
# python3 writes the manual pages and completions (packaging/describe.py), dpkg-dev finds the libraries' packages.
package_packages=(python3 dpkg-dev binutils)
test_packages=(
  clang-14 libclang-rt-14-dev libfuzzer-14-dev llvm-14 clang-format clang-tidy
  zbar-tools librsvg2-bin openssl jq python3 python3-venv xz-utils
)

# Only tests/e2e/reverse-proxy.test.mjs runs them, as processes of its own.
reverse_proxies=(nginx-light caddy)

say() { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    warn "must be root, or have sudo, to run: $*"
    return 1
  fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

apt_install() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    warn "this machine has no apt. Ponte is built on Debian 12; elsewhere install the counterparts of:"
    warn "  $*"
    return 1
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq)
  as_root "${apt[@]}" update
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Debian's packages start these servers at once and at each boot, on ports that nobody has given them.
install_reverse_proxies() {
  local missing policy=/usr/sbin/policy-rc.d made='' name
  command -v dpkg-query >/dev/null || return 0
  mapfile -t missing < <(missing_packages "${reverse_proxies[@]}")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ ! -e $policy ] && printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null; then
    as_root chmod 755 $policy
    made=1
  fi
  for name in "${missing[@]}"; do
    if ! apt_install "$name"; then
      warn "no $name: its tests are skipped by name"
    elif command -v systemctl >/dev/null; then
      as_root systemctl disable --quiet "${name%-light}" 2>/dev/null || true
    fi
  done
  if [ -n "$made" ]; then as_root rm -f $policy; fi
}

# Whether that Node knows the options that tests/run_node_tests.sh uses (20.14 or newer).
node_suffices() { "$1" --test-force-exit --test-concurrency=1 -e 0 >/dev/null 2>&1; }

# Node and npm as Debian has them, only where the machine has none of its own: another vendor's nodejs
# brings its npm along and refuses Debian's.
install_npm() {
  command -v npm >/dev/null && return 0
  apt_install nodejs npm
}

# A Node of our own, .tools/bin/node, where the machine's is too old: the build for this processor behind npm's
# node package.
bring_node() {
  if node_suffices "$tools/bin/node" || node_suffices node; then return 0; fi
  say "this machine's Node is too old: bringing Node 22 into .tools"
  mkdir -p "$tools/node" "$tools/bin"
  cp tools/node/package.json tools/node/package-lock.json "$tools/node/"
  npm_ci "$tools/node" || return 1
  # npm 9 links no bin of an optional package, and a package that cannot be had is no error to it.
  local binary
  for binary in "$tools"/node/node_modules/node-linux-*/bin/node; do
    [ -e "$binary" ] && chmod +x "$binary" && ln -sfn "$binary" "$tools/bin/node"
  done
  node_suffices "$tools/bin/node" || { rm -rf "$tools/node"; return 1; }
}

# npm ci where the lock differs from what was installed last. The packages' own install scripts are not run:
# none of them is needed, and a test suite has no business running them.
npm_ci() {
  local folder=$1
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.ponte-lock" && return 0
  say "npm ci in ${folder#"$root"/}"
  local npm=(npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=4000)
  (cd "$folder" && "${npm[@]}" >/dev/null) || return 1
  cp "$folder/package-lock.json" "$folder/node_modules/.ponte-lock"
}

# Node does not read the system's roots by itself, which a company's proxy may need.
trust_system_roots() {
  local roots=/etc/ssl/certs/ca-certificates.crt
  if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r $roots ]; then export NODE_EXTRA_CA_CERTS=$roots; fi
}

setup_viewer() {
  command -v npm >/dev/null || { warn "no npm: the program is built without the viewer of /docs"; return 0; }
  trust_system_roots
  npm_ci "$root/third_party/swagger_ui" || warn "npm ci failed: the program is built without the viewer of /docs"
}

setup_node() {
  trust_system_roots
  install_npm || { warn "no npm: the tests that need Node are skipped by name"; return 0; }
  bring_node || { warn "no Node 20.14 or newer: the tests that need it are skipped by name"; return 0; }
  local lock
  for lock in tests/*/package-lock.json src/api/pages/package-lock.json; do
    [ -e "$lock" ] || continue
    npm_ci "$root/$(dirname "$lock")" || warn "npm ci failed in $(dirname "$lock"): its tests are skipped by name"
  done
}

# Schemathesis in a Python environment of its own, where the list differs from what was installed last.
setup_schemathesis() {
  local list=tests/contract/requirements.txt venv=$tools/schemathesis
  cmp -s "$list" "$venv/.ponte-requirements" && return 0
  say "pip install in ${venv#"$root"/}"
  local pip=("$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --retries 3)
  rm -rf "$venv"
  if python3 -m venv "$venv" >/dev/null && "${pip[@]}" -r "$list" && cp "$list" "$venv/.ponte-requirements"; then return 0; fi
  warn "no Schemathesis: its tests are skipped by name"
  rm -rf "$venv"
}

setup_build() {
  apt_install "${build_packages[@]}"
  setup_viewer
}
setup_package() {
  setup_build
  apt_install "${package_packages[@]}"
}
setup_test() {
  apt_install "${build_packages[@]}" "${package_packages[@]}" "${test_packages[@]}"
  install_reverse_proxies
  # Tests of the package.
  apt_install lintian debootstrap || warn "no lintian, no debootstrap: their tests are skipped by name"
  # Tests that look at pages.
  apt_install chromium || warn "no chromium: its tests are skipped by name"
  setup_node
  setup_viewer
  setup_schemathesis
}

case ${1:-test} in
  build) setup_build ;;
  package) setup_package ;;
  test | all) setup_test ;;
  *)
    warn "usage: tools/setup.sh [build|package|test]"
    exit 2
    ;;
esac
