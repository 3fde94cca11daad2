#!/usr/bin/env bash
# Measures the whole service under load with wrk, on this machine's loopback:
# start-up, memory, throughput of the hot calls, and the time from POST
# /servers to ACTIVE. Each line also shows the ratio to the version document
# of the same run, because machines are noisy and absolute figures are not
# comparable.
#
#   bench/http.sh                       the embedded default (SQLite)
#   DATABASE=postgresql://… bench/http.sh
#   PEER=http://127.0.0.1:8774/v2.1 PEER_TOKEN=… bench/http.sh peer
#                                       the same calls at another Nova
#   SECONDS_EACH=5 CONNECTIONS=32 SERVERS=1000  change what is done
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-32} servers=${SERVERS:-1000}
command -v wrk >/dev/null || { echo "bench/http.sh needs wrk: apt-get install wrk" >&2; exit 1; }
work=$(mktemp -d)
pid=
finish() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

cat >"$work/post.lua" <<'LUA'
wrk.method = "POST"
wrk.body = os.getenv("BODY")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Auth-Token"] = os.getenv("TOKEN")
wrk.headers["OpenStack-API-Version"] = "compute 2.90"
LUA

baseline=
# load NAME URL [wrk options…]: requests a second, latency, ratio to the first
load() {
  local name=$1 url=$2; shift 2
  local out rate p50 p99 bad
  out=$(wrk -t2 -c"$connections" -d"${seconds}s" --latency "$@" "$url")
  rate=$(awk '/Requests\/sec/ {print $2}' <<<"$out")
  p50=$(awk '$1 == "50%" {print $2}' <<<"$out")
  p99=$(awk '$1 == "99%" {print $2}' <<<"$out")
  bad=$(awk '/Non-2xx/ {print $NF}' <<<"$out")
  baseline=${baseline:-$rate}
  printf '%-36s %10.0f/s  p50 %9s  p99 %9s  %6.3f of baseline%s\n' "$name" "$rate" "$p50" "$p99" \
    "$(awk -v a="$rate" -v b="$baseline" 'BEGIN {print a / b}')" "${bad:+  ($bad refused)}"
}
get() { curl -fsS -H "X-Auth-Token: $TOKEN" "${@:2}" "$1"; }
field() { python3 -c 'import json,sys; d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d[int(k)] if k.isdigit() else d[k]
print(d)' "$1"; }

# calls BASE: the hot calls at a compute endpoint
calls() {
  local base=$1 id
  id=$(get "$base/servers?limit=1" | field servers.0.id)
  load "GET version document" "$base/"
  load "GET /flavors/detail" "$base/flavors/detail" -H "X-Auth-Token: $TOKEN"
  load "GET /servers/{id}" "$base/servers/$id" -H "X-Auth-Token: $TOKEN" -H "OpenStack-API-Version: compute 2.90"
  load "GET /servers/detail?limit=1000" "$base/servers/detail?limit=1000" -H "X-Auth-Token: $TOKEN" -H "OpenStack-API-Version: compute 2.90"
  load "the same, as gzip" "$base/servers/detail?limit=1000" -H "X-Auth-Token: $TOKEN" -H "OpenStack-API-Version: compute 2.90" -H "Accept-Encoding: gzip"
  printf '%-36s %10d bytes, %d as gzip\n' "its length" "$(get "$base/servers/detail?limit=1000" | wc -c)" \
    "$(get "$base/servers/detail?limit=1000" -H "Accept-Encoding: gzip" | wc -c)"
}

if [ "${1:-}" = peer ]; then
  export TOKEN=${PEER_TOKEN:?}
  calls "${PEER:?}"
  exit
fi

go build -trimpath -o "$work/nova-api" ./cmd/nova-api
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
root=http://127.0.0.1:$port
export NOVA_BOOTSTRAP_PASSWORD=bench
settings=(--set quota.instances=-1 --set quota.cores=-1 --set quota.ram=-1
  --set nova_api.fake_host_vcpus=1000000 --set nova_api.fake_host_memory_mb=1000000000 --set nova_api.fake_host_disk_gb=10000000)
[ -z "${DATABASE:-}" ] || settings+=(--set "database.connection=$DATABASE")
start() {
  "$work/nova-api" serve --listen "127.0.0.1:$port" --state-dir "$work/state" "${settings[@]}" >>"$work/log" 2>&1 &
  pid=$!
  until curl -fs -o /dev/null "$root/readyz"; do kill -0 "$pid" || { tail -5 "$work/log"; exit 1; }; done
}
measure_start() {
  local began; began=$(date +%s%N)
  start
  printf '%-36s %10d ms   %d MB resident\n' "$1" $((($(date +%s%N) - began) / 1000000)) \
    $(($(awk '/VmRSS/ {print $2}' "/proc/$pid/status") / 1024))
}
measure_start "first start to /readyz"
kill "$pid"; wait "$pid" || true
measure_start "later start to /readyz"

TOKEN=$(curl -fsS -D - -o /dev/null "$root/identity/v3/auth/tokens" -H 'Content-Type: application/json' -d '{"auth": {
  "identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": "bench"}}},
  "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}' | awk 'tolower($1) == "x-subject-token:" {print $2}' | tr -d '\r')
export TOKEN
image=$(get "$root/image/v2/images?name=cirros" | field images.0.id)
export BODY='{"server": {"name": "bench", "flavorRef": "42", "imageRef": "'$image'", "networks": "none"}}'

python3 - "$root" <<'PY'
import json, os, sys, time, urllib.request
root, token = sys.argv[1], os.environ["TOKEN"]
def call(method, path, body=None):
    r = urllib.request.Request(root + "/v2.1" + path, data=body, method=method,
        headers={"X-Auth-Token": token, "Content-Type": "application/json", "OpenStack-API-Version": "compute 2.90"})
    return json.load(urllib.request.urlopen(r))
times = []
for _ in range(50):
    began = time.perf_counter()
    server = call("POST", "/servers", os.environ["BODY"].encode())["server"]["id"]
    while (status := call("GET", "/servers/" + server)["server"]["status"]) != "ACTIVE":
        assert status == "BUILD", status
    times.append(1000 * (time.perf_counter() - began))
times.sort()
print("%-36s p50 %6.1f ms   p90 %6.1f ms" % ("POST /servers to ACTIVE (seen)", times[25], times[45]))
PY
many=$(python3 -c 'import json,os,sys; b=json.loads(os.environ["BODY"]); b["server"].update(min_count=int(sys.argv[1]), max_count=int(sys.argv[1])); print(json.dumps(b))' "$servers")
curl -fsS -o /dev/null -X POST "$root/v2.1/servers" -H "X-Auth-Token: $TOKEN" -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.90' -d "$many"
until [ "$(get "$root/v2.1/servers?status=BUILD&limit=1" | field servers)" = "[]" ]; do :; done

calls "$root/v2.1"
load "POST /servers" "$root/v2.1/servers" -s "$work/post.lua"
printf '%-36s %10s      %d MB resident\n' "after the load" "" $(($(awk '/VmRSS/ {print $2}' "/proc/$pid/status") / 1024))
