"""Plays of the operator's side: aggregates, services, hosts, hypervisors and what moves servers between them."""

from plays import FEW, NEWEST, PERSONAS, boot, drop, play
from servers import events

NOBODY = "00000000-1111-2222-3333-444444444444"
NEW = [f"2.{minor}" for minor in (1, 11, 14, 23, 28, 32, 33, 52, 53, 58, 59, 65, 66, 68, 69, 74, 75, 79, 80, 87, 88, 101, 102, 104)]


def purge_aggregates(p):
    """Remove what a play that broke off has left."""
    for cloud in p.both:
        for one in p.ask(cloud, "GET", "/os-aggregates").json["aggregates"]:
            if one["name"].startswith("compare"):
                for host in one["hosts"]:
                    p.ask(cloud, "POST", f"/os-aggregates/{one['id']}/action", body={"remove_host": {"host": host}})
                p.ask(cloud, "DELETE", f"/os-aggregates/{one['id']}")


@play
def aggregates(p):
    """Make aggregates, change them, and put hosts into them."""
    purge_aggregates(p)
    boot(p, "s", by="admin", availability_zone="nova:fake1")
    path = "/os-aggregates/<aggregate>"
    for at in ("2.1", "2.40", "2.41", "2.80", "2.81", NEWEST):
        act = lambda name, body, **more: p("POST", path + "/action", {name: body}, at=at, by="admin", **more)  # noqa: B023, E731
        p("POST", "/os-aggregates", {"aggregate": {"name": "compare"}}, at=at, by="admin", save={"aggregate": "aggregate.id"})
        for cloud in p.both:  # numbers of one digit are not put in the place of a name
            cloud.bind("aggregate number", cloud.names["aggregate"])
        for body in ({"name": "compare"}, {"name": "compare zoned", "availability_zone": "nova"}, {"name": "compare colon", "availability_zone": "a:b"},
                     {"name": "compare zoned", "availability_zone": "compare-zone"}):
            p("POST", "/os-aggregates", {"aggregate": body}, at=at, by="admin", save={"second": "aggregate.id"})
            for by in PERSONAS:
                p("GET", "/os-aggregates", at=at, by=by)
        p("PUT", "/os-aggregates/<second>", {"aggregate": {"name": "compare"}}, at=at, by="admin", note="to a name that is taken")
        for body in ({"name": "compare other"}, {"availability_zone": "compare-zone"}, {"name": "compare", "availability_zone": "compare-az"}, {}):
            p("PUT", path, {"aggregate": body}, at=at, by="admin")
            p("GET", path, at=at, by="admin")
        for metadata in ({"a": "b"}, {"a": None}, {"a": "c", "availability_zone": "compare-az2"}, {"nonesuch": None}, {}, {"a": "x" * 255}, {"": "x"}, {"k" * 256: "x"}, {"ü": "x"}):
            act("set_metadata", {"metadata": metadata})
            p("GET", path, at=at, by="admin", note=f"after {str(metadata)[:30]}")
        act("add_host", {"host": "fake1"}, note="that has a server in another zone")
        p("PUT", path, {"aggregate": {"availability_zone": "nova"}}, at=at, by="admin", note="to the default zone")
        drop(p, "s")
        for by in PERSONAS:
            p("POST", path + "/action", {"add_host": {"host": "fake1"}}, at=at, by=by)
            p("GET", path, at=at, by=by)
        for host in ("fake1", "fake2", "nonesuch"):
            act("add_host", {"host": host})
        p("POST", "/os-aggregates/<second>/action", {"add_host": {"host": "fake1"}}, at=at, by="admin", note="that is in another zone")
        p("GET", "/os-availability-zone/detail", at=at, by="admin", note="with aggregates")
        p("GET", "/os-availability-zone", at=at, note="with aggregates")
        p("DELETE", path, at=at, by="admin", note="with a host")
        for by in PERSONAS:
            p("POST", path + "/images", {"cache": [{"id": "<image>"}]}, at=at, by=by)
        p("POST", path + "/images", {"cache": [{"id": NOBODY}]}, at=at, by="admin")
        p("POST", path + "/images", {"cache": [{"id": "<image>"}, {"id": "<image>"}]}, at=at, by="admin")
        boot(p, "s", by="admin", availability_zone="compare-az2:fake1")
        p("GET", "/servers/<s>", at=at, note="in the zone of an aggregate")
        p("PUT", path, {"aggregate": {"availability_zone": "compare-az3"}}, at=at, by="admin", note="of a host with a server")
        act("set_metadata", {"metadata": {"availability_zone": "compare-az4"}}, note="zone of a host with a server")
        act("remove_host", {"host": "fake1"}, note="with a server")
        drop(p, "s")
        for host in ("fake1", "fake2", "fake2", "nonesuch"):
            act("remove_host", {"host": host})
        for by in PERSONAS[::-1]:
            p("DELETE", "/os-aggregates/<second>", at=at, by=by)
        p("DELETE", path, at=at, by="admin")
        p("DELETE", path, at=at, by="admin", note="again")
        boot(p, "s", by="admin", availability_zone="nova:fake1")
    drop(p, "s")
    purge_aggregates(p)
    p("GET", "/os-aggregates", at=None, root="/v2", by="admin")


def service(cloud, p, host="fake2"):
    """Find a host's service, at the newest version and at the oldest."""
    found = []
    for at in (NEWEST, "2.1"):
        reply = p.ask(cloud, "GET", f"/os-services?host={host}&binary=nova-compute", at=at)
        found.append(reply.json["services"][0]["id"])
    return found


@play
def services(p):
    """List services, disable and enable one, and declare it to be down."""
    for cloud in p.both:
        uuid, number = service(cloud, p)
        cloud.bind("service", uuid)
        cloud.bind("service number", number)
    for at in NEW:
        for by in PERSONAS if at in FEW else ("admin",):
            for query in ("", "?host=fake1", "?host=nonesuch", "?binary=nova-compute", "?binary=nonesuch", "?host=fake1&binary=nova-compute", "?x=1", "?host=fake1&host=fake2", "?host="):
                p("GET", "/os-services" + (query or "?binary=nova-compute"), at=at, by=by)
    for at in ("2.1", "2.10", "2.11", "2.52"):
        for by in PERSONAS:
            for verb, more in (("disable", {}), ("enable", {}), ("disable-log-reason", {"disabled_reason": "why"}), ("force-down", {"forced_down": True}),
                               ("force-down", {"forced_down": False}), ("disable-log-reason", {"disabled_reason": ""}), ("disable-log-reason", {"disabled_reason": " a "}),
                               ("disable-log-reason", {}), ("enable", {"disabled_reason": "x"}), ("nonesuch", {})):
                p("PUT", f"/os-services/{verb}", {"host": "fake2", "binary": "nova-compute"} | more, at=at, by=by)
                p("GET", "/os-services?host=fake2&binary=nova-compute", at=at, by="admin", note=f"after {verb} {more} by {by}")
        p("PUT", "/os-services/enable", {"host": "fake2", "binary": "nova-compute"}, at=at, by="admin")
        for binary in ("nova-scheduler", "nova-conductor", "nonesuch"):
            p("PUT", "/os-services/disable", {"host": "fake2", "binary": binary}, at=at, by="admin")
    for at in ("2.53", "2.69", NEWEST):
        for by in PERSONAS:
            for body in ({"status": "disabled"}, {"status": "disabled", "disabled_reason": "why"}, {"status": "enabled", "disabled_reason": "x"}, {"status": "enabled"}, {"forced_down": True},
                         {"forced_down": False}, {"status": "disabled", "forced_down": True}, {"status": "enabled", "forced_down": False}, {"disabled_reason": "x"}, {},
                         {"status": "x"}, {"status": "ENABLED"}, {"forced_down": "true"}, {"forced_down": "false"}):
                p("PUT", "/os-services/<service>", body, at=at, by=by)
                p("GET", "/os-services?host=fake2&binary=nova-compute", at=at, by="admin", note=f"after {body} by {by}")
            for which in ("99999", "x", NOBODY):
                p("PUT", f"/os-services/{which}", {"status": "enabled"}, at=at, by=by)
        p("PUT", "/os-services/<service>", {"status": "enabled", "forced_down": False}, at=at, by="admin")
    p("PUT", "/os-services/<service>", {"status": "disabled", "disabled_reason": "full"}, at=NEWEST, by="admin")
    for at in FEW:
        p("GET", "/os-services?binary=nova-compute", at=at, by="admin", note="with one that is disabled")
        p("GET", "/os-availability-zone/detail", at=at, by="admin", note="with a service that is disabled")
    p("PUT", "/os-services/<service>", {"status": "enabled"}, at=NEWEST, by="admin")
    boot(p, "s")
    boot(p, "t")
    for host in ("fake1", "fake2"):
        for cloud in p.both:
            for name, value in zip(("service", "service number"), service(cloud, p, host)):
                cloud.bind(name, value)
        for by in PERSONAS[1:]:
            p("DELETE", "/os-services/<service>", at=NEWEST, by=by)
            p("DELETE", "/os-services/<service number>", at="2.52", by=by)
    for query in ("", "?x=1"):
        p("DELETE", f"/os-services/99999{query}", at="2.1", by="admin")
        p("DELETE", f"/os-services/{NOBODY}{query}", at=NEWEST, by="admin")
    drop(p, "s", "t")


@play
def hosts(p):
    """Look at hosts, as it was done of old, and switch them off and on."""
    boot(p, "s", networks=[{"uuid": "<network>"}])
    for at in ("2.1", "2.42", "2.43", NEWEST):
        for by in PERSONAS:
            for query in ("", "?zone=nova", "?zone=internal", "?zone=nonesuch", "?service=compute", "?x=1", "?zone=nova&zone=internal"):
                p("GET", "/os-hosts" + query, at=at, by=by)
            for path in ("/fake1", "/nonesuch", "/fake1?x=1", "/fake1/reboot", "/fake1/shutdown", "/fake1/startup", "/nonesuch/startup", "/fake1/nonesuch", "/fake1/startup?x=1"):
                p("GET", "/os-hosts" + path, at=at, by=by)
            for body in ({"status": "disable"}, {"status": "enable"}, {"maintenance_mode": "enable"}, {"maintenance_mode": "disable"}, {"status": "disable", "maintenance_mode": "enable"},
                         {"status": "Disable"}, {"status": " enable "}, {"status": "x"}, {}, {"x": 1}, {"status": "enable", "x": 1}):
                p("PUT", "/os-hosts/fake2", body, at=at, by=by)
                if by == "admin":
                    p("GET", "/os-services?host=fake2&binary=nova-compute", at=NEWEST, by="admin", note=f"after {body} at {at}")
    p("PUT", "/os-hosts/fake2", {"status": "enable"}, by="admin")
    p("GET", "/os-hosts", at=None, root="/v2", by="admin")
    drop(p, "s")


@play
def hypervisors(p):
    """Look at hypervisors, with and without servers."""
    boot(p, "s")
    for cloud in p.both:
        for name, at in (("hypervisor", NEWEST), ("hypervisor number", "2.1")):
            host = p.ask(cloud, "GET", "/servers/<s>").json["server"]["OS-EXT-SRV-ATTR:hypervisor_hostname"]
            cloud.bind("hypervisor host", host)
            cloud.bind(name, next(one["id"] for one in p.ask(cloud, "GET", "/os-hypervisors", at=at).json["hypervisors"] if one["hypervisor_hostname"] == host))
    paths = ("", "/detail", "/statistics", "/<hypervisor>", "/<hypervisor number>", "/<hypervisor>/uptime", "/<hypervisor number>/uptime", "/<hypervisor host>/search", "/fake/search",
             "/nonesuch/search", "/<hypervisor host>/servers", "/fake/servers", "/nonesuch/servers", "/x", "/x/uptime", "/99999", f"/{NOBODY}", "/x/nonesuch")
    for at in NEW:
        for by in PERSONAS if at in (*FEW, "2.52", "2.53", "2.87", "2.88") else ("admin",):
            for path in paths:
                p("GET", f"/os-hypervisors{path}", at=at, by=by)
        for query in ("limit=1", "limit=0", "limit=x", "limit=1&marker=<hypervisor>", "limit=1&marker=<hypervisor number>", "marker=nonesuch", "marker=99999", "hypervisor_hostname_pattern=fake",
                      "hypervisor_hostname_pattern=nonesuch", "hypervisor_hostname_pattern=", "with_servers=true", "with_servers=x", "with_servers=false", "x=1", "limit=1&limit=2",
                      "hypervisor_hostname_pattern=fake&limit=1", "with_servers=true&hypervisor_hostname_pattern=fake", "with_servers=", "hypervisor_hostname_pattern=%25", "hypervisor_hostname_pattern=_"):
            for path in ("", "/detail", "/<hypervisor>", "/<hypervisor number>", "/statistics"):
                p("GET", f"/os-hypervisors{path}?{query}", at=at, by="admin")
    p("GET", "/os-hypervisors", at=None, root="/v2", by="admin")
    p("GET", "/os-hypervisors/detail", at=None, root="/v2", by="admin")
    drop(p, "s")


def look(p, note, at=NEWEST):
    """Look at what was made of a move."""
    p("GET", "/servers/<s>", at=at, by="admin", note=note)
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note=note)
    for version in ("2.1", "2.23", "2.58", "2.59", "2.79", "2.80", NEWEST):
        p("GET", "/os-migrations?instance_uuid=<s>", at=version, by="admin", note=note)
    p("GET", "/servers/<s>/migrations", at=NEWEST, by="admin", note=note)
    events(p, note)


@play
def migrations(p):
    """Move servers to another host, cold and alive, and look at the record."""
    for path in ("", "?limit=1", "?limit=0", "?limit=x", "?marker=nonesuch", f"?marker={NOBODY}", "?status=x", "?host=fake1&status=nonesuch", "?migration_type=x", "?migration_type=resize&status=x",
                 "?changes-since=x", "?changes-since=2099-01-01T00:00:00Z", "?changes-before=2000-01-01T00:00:00Z", "?changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z",
                 "?user_id=x", "?project_id=x", "?hidden=x&status=x", "?hidden=true&status=x", "?x=1&status=x", "?source_compute=x", "?instance_uuid=x", f"?instance_uuid={NOBODY}",
                 "?status=a&status=b", "?limit=1&limit=2", "?limit=-1", "?user_id=x&user_id=y"):
        for at in NEW:
            for by in PERSONAS if at in (*FEW, "2.58", "2.59", "2.79", "2.80") else ("admin",):
                if path not in ("", "?limit=1", "?limit=0", "?x=1") or by != "admin":  # those that find what was before
                    p("GET", f"/os-migrations{path}", at=at, by=by)
    boot(p, "s", networks=[{"uuid": "<network>"}])
    for by in PERSONAS:
        for body in ({"migrate": {"host": "nonesuch"}}, {"os-migrateLive": {"host": "nonesuch", "block_migration": "auto"}}, {"evacuate": {"host": "nonesuch"}}, {"evacuate": {}}):
            p("POST", "/servers/<s>/action", body, at=NEWEST, by=by)
        for path in ("", "/1", "/99999", "/x"):
            for at in ("2.22", "2.23", "2.79", "2.80", NEWEST):
                p("GET", f"/servers/<s>/migrations{path}", at=at, by=by)
        for path in ("99999", "x"):
            p("DELETE", f"/servers/<s>/migrations/{path}", at=NEWEST, by=by)
            p("POST", f"/servers/<s>/migrations/{path}/action", {"force_complete": None}, at=NEWEST, by=by)
    for at, body in (("2.1", {"migrate": None}), ("2.55", {"migrate": {}}), ("2.56", {"migrate": {"host": None}}), (NEWEST, {"migrate": {}})):
        for end in ("confirmResize", "revertResize"):
            replies = p("POST", "/servers/<s>/action", body, at=at, by="admin")
            if any(reply.status >= 400 for reply in replies):
                continue
            p.wait("s", "VERIFY_RESIZE")
            look(p, f"after {body} at {at}")
            p("POST", "/servers/<s>/action", {end: None})
            p.wait("s")
            look(p, f"{end} after {body} at {at}")
    for host in ("fake1", "fake2"):
        for by in ("admin", "manager"):
            p("POST", "/servers/<s>/action", {"migrate": {"host": host}}, at=NEWEST, by=by, note=f"migrate to {host}, one of which it is on", compare=False)
            p.settled("s")
            p("POST", "/servers/<s>/action", {"confirmResize": None}, compare=False)
            p.wait("s")
    drop(p, "s")
    for at, body in (("2.1", {"host": None, "block_migration": True, "disk_over_commit": False}), ("2.24", {"host": None, "block_migration": False, "disk_over_commit": True}),
                     ("2.25", {"host": None, "block_migration": "auto"}), ("2.30", {"host": None, "block_migration": "auto", "force": False}),
                     ("2.30", {"host": None, "block_migration": "auto", "force": True}), ("2.67", {"host": "fake1", "block_migration": "auto", "force": "x"}), (NEWEST, {"host": None, "block_migration": "auto"})):
        boot(p, "s", networks=[{"uuid": "<network>"}])
        replies = p("POST", "/servers/<s>/action", {"os-migrateLive": body}, at=at, by="admin")
        p.settled("s")
        look(p, f"after os-migrateLive {body} at {at}")
        drop(p, "s")
    for status, step in (("SHUTOFF", {"os-stop": None}), ("PAUSED", {"pause": None}), ("SUSPENDED", {"suspend": None}), ("RESCUE", {"rescue": None}), ("SHELVED_OFFLOADED", {"shelve": None}),
                         ("ERROR", {"os-resetState": {"state": "error"}})):
        boot(p, "s")
        p("POST", "/servers/<s>/action", step, by="admin", compare=False)
        p.wait("s", status)
        for body in ({"evacuate": {}}, {"evacuate": {"host": "nonesuch"}}, {"os-migrateLive": {"host": None, "block_migration": "auto"}}, {"migrate": None}):
            replies = p("POST", "/servers/<s>/action", body, at=NEWEST, by="admin", note=f"{next(iter(body))} when {status}")
            if any(reply.status < 400 for reply in replies):
                p.settled("s")
                look(p, f"after {next(iter(body))} when {status}")
        drop(p, "s")
