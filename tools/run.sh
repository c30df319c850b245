#!/usr/bin/env bash
# Installs what is missing, builds, and runs the service until Ctrl-C.
#
#   tools/run.sh [PONTED OPTION...]   ponted as the environment and the options configure it (data in ./data)
#   tools/run.sh --demo               ponted against a simulator of WhatsApp's server and a phone: no phone, no internet
#   tools/run.sh --demo --once        links one demo account by itself, shows each step, and ends
#
# The exit code is ponted's. PONTE_LISTEN moves the demo too; without it the demo takes a free port.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

mode=serve once=
while [ $# -gt 0 ]; do
  case $1 in
    --demo) mode=demo ;;
    --once) once=yes ;;
    -h | --help) usage && exit 0 ;;
    *) break ;;
  esac
  shift
done
if [ -n "$once" ] && [ $mode != demo ]; then usage >&2 && exit 2; fi

ponted=build/release/ponted
ponte=build/release/ponte
work=$(mktemp -d)
: >"$work/log" >"$work/out"
service= sim=

# Ends the processes started here, and no others; waits for them.
clean_up() {
  local pid
  for pid in $service $sim; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

# Ctrl-C is how one stops it: ponted's code counts then too.
stop() {
  local code=$1
  if [ -n "$service" ]; then
    kill -TERM "$service" 2>/dev/null || true
    code=0 && wait "$service" || code=$?
    service=
  fi
  exit "$code"
}
trap 'stop 130' INT
trap 'stop 143' TERM

fail() {
  [ -z "$once" ] || cat "$work/log" >&2
  echo "run: $*" >&2
  exit 1
}

build() {
  tools/setup.sh build
  local log=$work/build
  [ -x $ponted ] && [ -x $ponte ] || echo "run: building; the first time takes some minutes"
  cmake --preset release >"$log" 2>&1 || { cat "$log" >&2 && fail "cmake could not configure"; }
  cmake --build --preset release --target ponted ponte -- --quiet || fail "the build failed"
}

# until_true SECONDS COMMAND...: repeats the command until it succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

# Whether ponted has ended, or answers at $url.
up() { kill -0 "$service" 2>/dev/null && find_url && curl -sf --noproxy '*' -m 2 "$url/health" >/dev/null; }
up_or_gone() { up || ! kill -0 "$service" 2>/dev/null; }

# Sets $url to where ponted listens: what is configured, or, where the system chose the port, what its log says.
find_url() {
  local port=${listen##*:} host=${listen%:*}
  case $host in
    '' | 0.0.0.0 | '*') host=127.0.0.1 ;;
    '[::]') host='[::1]' ;;
  esac
  [ "$port" != 0 ] || port=$(sed -n 's/.*ready on port \([0-9]*\).*/\1/p' "$work/log" | head -n 1)
  url=http://$host:$port
  [ -n "$port" ]
}

# start_ponted OPTION...: returns when it answers; ends the script with ponted's code where it ends instead.
start_ponted() {
  local configuration
  configuration=$("$ponted" "$@" --print-config) || exit $?
  listen=$(sed -n "s/^listen = ['\"]\(.*\)['\"]$/\1/p" <<<"$configuration")
  if [ -n "$once" ]; then
    "$ponted" "$@" >"$work/out" 2>"$work/log" &
  else
    "$ponted" "$@" > >(tee "$work/out") 2> >(tee "$work/log" >&2) &
  fi
  service=$!
  until_true 60 up_or_gone || fail "ponted does not answer at ${url:-$listen}"
  up || wait_for_ponted
}

wait_for_ponted() {
  local code=0
  wait "$service" || code=$?
  service=
  exit $code
}

serve() {
  start_ponted "$@"
  local token
  token=$(sed -n 's/^Account token.*: //p' "$work/out")
  cat <<TEXT

Ponte listens on $url

Link an account on the dashboard, which asks for the account token:
  $url/
Or in another terminal, in this folder:
  PONTE_ACCOUNT_TOKEN=${token:-...} $ponte link first --url $url
Or by REST:
  TOKEN=${token:-...   # the account token}
  curl -s -H "token: \$TOKEN" -d '{"name":"first"}' $url/api/instance/new; echo
  curl -s -H "token: \$TOKEN" $url/api/instance/connect/first | sed 's/.*base64,\([^"]*\)".*/\1/' | base64 -d >qr.png
Scan qr.png with the phone (Settings, Linked devices); a code lives for 20 to 60 seconds. Then:
  curl -s -H "token: \$TOKEN" "$url/api/instance/list?instanceName=first"; echo

Ctrl-C stops it; the accounts stay linked.
TEXT
  wait_for_ponted
}

start_simulator() {
  "$ponte" sim --listen 127.0.0.1:0 --json >"$work/sim" &
  sim=$!
  until_true 20 grep -qs '^{.*}$' "$work/sim" || fail "the simulator did not start"
  PONTE_WHATSAPP_URL=$(field url <"$work/sim")
  PONTE_WHATSAPP_ROOT_KEY=$(field rootKey <"$work/sim")
  PONTE_SIM_URL=$(field adminUrl <"$work/sim")
  export PONTE_WHATSAPP_URL PONTE_WHATSAPP_ROOT_KEY PONTE_SIM_URL
}

# The value of a text in JSON that has no such key twice and nothing escaped in it.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

request() { curl -sS --fail-with-body --noproxy '*' -H "token: $PONTE_ACCOUNT_TOKEN" "$@"; }
connected() { request "$url/api/instance/list?instanceName=demo" | grep -q '"state":"connected"'; }

link_demo() {
  local code number
  echo "1. POST /api/instance/new"
  request -d '{"name":"demo"}' "$url/api/instance/new" >/dev/null || fail "the instance was not made"
  echo "2. GET /api/instance/connect/demo"
  code=$(request "$url/api/instance/connect/demo" | field qrCode) || fail "there was no code"
  [ -n "$code" ] || fail "there was no code"
  echo "   $code"
  echo "3. ponte phone scan"
  "$ponte" phone scan "$code" >/dev/null || fail "the phone did not take the code"
  until_true 30 connected || fail "the instance did not become connected"
  number=$(request "$url/api/instance/list?instanceName=demo" | field numberJid)
  echo "4. GET /api/instance/list: connected as $number"
}

demo() {
  start_simulator
  export PONTE_DATA_DIR=$work/data PONTE_LISTEN=${PONTE_LISTEN:-127.0.0.1:0} PONTE_WHATSAPP_VERSION_URL= PONTE_LOG_FORMAT=text
  export PONTE_LOG=${PONTE_LOG:-info}
  PONTE_ACCOUNT_TOKEN=demo-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export PONTE_ACCOUNT_TOKEN
  start_ponted "$@"
  if [ -n "$once" ]; then
    link_demo
    exit 0
  fi
  cat <<TEXT

Ponte listens on $url, and takes a simulator on this machine for WhatsApp.
The dashboard is $url/, the account token $PONTE_ACCOUNT_TOKEN
In another terminal, in this folder:

  export URL=$url TOKEN=$PONTE_ACCOUNT_TOKEN
  export PONTE_SIM_URL=$PONTE_SIM_URL
  curl -s -H "token: \$TOKEN" -d '{"name":"demo"}' \$URL/api/instance/new; echo
  QR=\$(curl -s -H "token: \$TOKEN" \$URL/api/instance/connect/demo | sed 's/.*"qrCode":"\([^"]*\)".*/\1/')
  $ponte phone scan "\$QR"
  curl -s -H "token: \$TOKEN" "\$URL/api/instance/list?instanceName=demo"; echo

Or by a code that is typed:

  curl -s -H "token: \$TOKEN" -d '{"name":"typed"}' \$URL/api/instance/new; echo
  CODE=\$(curl -s -H "token: \$TOKEN" "\$URL/api/instance/connect/typed?number=5511999999999" | sed 's/.*"pairingCode":"\([^"]*\)".*/\1/')
  $ponte phone enter-code 5511999999999 "\$CODE"

Ctrl-C ends both; nothing of the demo is kept.
TEXT
  wait_for_ponted
}

build
$mode "$@"
