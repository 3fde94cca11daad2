#!/usr/bin/env bash
# Compares two clouds that bench/million has made, a small one and a large one, call
# by call and in turn: what takes longer in the large one grows with the cloud.
# Answers have the same length in both, so ratios should be about 1.
#
#   go run ./bench/million -database sqlite:////tmp/small.db -servers 1000
#   go run ./bench/million -database sqlite:////tmp/large.db -servers 1000000
#   bench/scale.sh sqlite:////tmp/small.db 1000 sqlite:////tmp/large.db 1000000
#   ROUNDS=20     how often each call is made
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 4 ] || { sed -n '2,9s/^# \?//p' "$0" >&2; exit 2; }
work=$(mktemp -d)
pids=()
finish() {
  if [ ${#pids[@]} -gt 0 ]; then kill "${pids[@]}" 2>/dev/null || true; wait "${pids[@]}" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
go build -trimpath -o "$work/nova-api" ./cmd/nova-api
export NOVA_BOOTSTRAP_PASSWORD=bench

# start NAME DATABASE SERVERS: a process on a database; sets root to its address
start() {
  local port began
  port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
  root=http://127.0.0.1:$port
  began=$(date +%s%N)
  "$work/nova-api" serve --listen "127.0.0.1:$port" --state-dir "$work/$1" --set "database.connection=$2" \
    --set quota.instances=-1 --set quota.cores=-1 --set quota.ram=-1 --set nova_api.fake_host_vcpus=100000 >"$work/$1.log" 2>&1 &
  pids+=($!)
  until curl -fs -o /dev/null "$root/readyz"; do kill -0 "${pids[-1]}" || { tail -5 "$work/$1.log"; exit 1; }; done
  printf '%d servers: %d ms to /readyz\n' "$3" $((($(date +%s%N) - began) / 1000000))
}
start small "$1" "$2"; small=$root
start large "$3" "$4"; large=$root

python3 - "$small" "$2" "$large" "$4" <<'PY'
import datetime, json, os, statistics, sys, time, urllib.request

class Cloud:
    def __init__(self, root, servers):
        self.root, self.servers = root, int(servers)
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
            "name": "admin", "domain": {"id": "default"}, "password": "bench"}}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}
        r = urllib.request.Request(root + "/identity/v3/auth/tokens", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(r) as reply:
            self.token, self.admin = reply.headers["X-Subject-Token"], json.load(reply)["token"]["project"]["id"]
        newest = self.get("/servers/detail?all_tenants=1&limit=1")["servers"][0]["created"]
        self.since = (datetime.datetime.fromisoformat(newest) - datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.image = json.loads(self.read("GET", "/image/v2/images?name=cirros"))["images"][0]["id"]

    def read(self, method, path, body=None):
        r = urllib.request.Request(self.root + path, data=body, method=method, headers={
            "X-Auth-Token": self.token, "Content-Type": "application/json", "OpenStack-API-Version": "compute 2.90"})
        with urllib.request.urlopen(r) as reply:
            return reply.read()

    def get(self, path):
        return json.loads(self.read("GET", "/v2.1" + path))

    def server(self, number):  # as dbtest.ServerID numbers them
        return "00000000-0000-4000-8000-%012d" % (number * 618033989 % 999999999989)

    def timed(self, method, path, body):
        began = time.perf_counter()
        length = len(self.read(method, "/v2.1" + path, body))
        return 1000 * (time.perf_counter() - began), length

small, large = Cloud(*sys.argv[1:3]), Cloud(*sys.argv[3:5])
everybody, project = "/servers/detail?all_tenants=1", "project-1"
calls = [
    ("first page of 1,000", lambda c: everybody + "&limit=1000"),
    ("first page of 1,000 names", lambda c: "/servers?all_tenants=1&limit=1000"),
    ("last page of 100", lambda c: everybody + "&limit=100&marker=" + c.server(150)),
    *((f"100 by {key}", lambda c, key=key: everybody + "&limit=100&sort_key=" + key) for key in ("uuid", "host", "updated_at", "created_at")),
    ("100 of the last second's changes", lambda c: everybody + "&limit=100&changes-since=" + c.since),
    ("servers of a project (100)", lambda c: everybody + "&project_id=" + project),
    ("servers of a project by name", lambda c: everybody + "&sort_key=display_name&project_id=" + project),
    ("name=^server-12 in a project", lambda c: everybody + "&name=%5Eserver-12&project_id=" + project),
    ("servers of a host (100)", lambda c: everybody + "&host=host-3"),
    ("status=ERROR (10)", lambda c: everybody + "&status=ERROR"),
    ("status=ACTIVE, 100", lambda c: everybody + "&limit=100&status=ACTIVE"),
    ("deleted (none)", lambda c: everybody + "&deleted=true"),
    ("tags=rare (10)", lambda c: everybody + "&tags=rare"),
    ("show", lambda c: "/servers/" + c.server(7)),
    ("limits", lambda c: "/limits"),
    ("quota", lambda c: "/os-quota-sets/" + c.admin + "/detail"),
    ("usage of a project", lambda c: "/os-simple-tenant-usage/" + project),
    ("hypervisors, 10", lambda c: "/os-hypervisors/detail?limit=10"),
    ("create", None),
]
print("%-38s %10s %10s %8s" % ("", f"{small.servers:,}", f"{large.servers:,}", "ratio"))
for name, path in calls:
    times = {small: [], large: []}
    for _ in range(int(os.environ.get("ROUNDS", "10")) + 1):
        for cloud in times:
            if path is None:
                took, length = cloud.timed("POST", "/servers", json.dumps({"server": {
                    "name": "new", "flavorRef": "42", "imageRef": cloud.image, "networks": "none"}}).encode())
            else:
                took, length = cloud.timed("GET", path(cloud), None)
            times[cloud].append(took)
    a, b = (statistics.median(times[cloud][1:]) for cloud in (small, large))
    print("%-38s %7.1f ms %7.1f ms %8.2f" % (name, a, b, b / a), flush=True)
PY
