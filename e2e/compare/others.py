"""Plays of what a project has beside servers, and of parts of servers."""

from plays import BREAKS, FEW, NEWEST, PERSONAS, boot, drop, play

NOBODY = "00000000-1111-2222-3333-444444444444"


@play
def server_groups(p):
    policies = (["affinity"], ["anti-affinity"], ["soft-affinity"], ["soft-anti-affinity"], ["nonesuch"], [], ["affinity", "anti-affinity"],
                ["affinity", "affinity"], "affinity", None, [1], ["legacy"])
    for at in ("2.1", "2.14", "2.15", "2.63", "2.64", NEWEST):
        for name in ("g", "", " ", "x" * 255, "x" * 256, None, 1, " g", "ü"):
            form = {"policy": "affinity"} if at in ("2.64", NEWEST) else {"policies": ["affinity"]}
            p("POST", "/os-server-groups", {"server_group": {"name": name} | form}, at=at, save={"g": "server_group.id"})
            p("DELETE", "/os-server-groups/<g>", compare=False)
        for value in policies:
            for key in ("policies", "policy"):
                one = value[0] if key == "policy" and isinstance(value, list) and value else value
                p("POST", "/os-server-groups", {"server_group": {"name": "g", key: one}}, at=at, save={"g": "server_group.id"})
                p("DELETE", "/os-server-groups/<g>", compare=False)
        for rules in ({}, {"max_server_per_host": 3}, {"max_server_per_host": "3"}, {"max_server_per_host": 0}, {"max_server_per_host": "x"}, {"x": 1}, None, []):
            for policy in ("anti-affinity", "affinity"):
                p("POST", "/os-server-groups", {"server_group": {"name": "g", "policy": policy, "rules": rules}}, at=at, save={"g": "server_group.id"})
                p("DELETE", "/os-server-groups/<g>", compare=False)
        for body in ({}, {"server_group": None}, {"server_group": {}}, {"server_group": []}, {"x": 1}, None, [], {"server_group": {"name": "g"}},
                     {"server_group": {"name": "g", "policies": ["affinity"], "x": 1}}, {"server_group": {"name": "g", "policies": ["affinity"]}, "x": 1}):
            p("POST", "/os-server-groups", body, at=at, save={"g": "server_group.id"})
            p("DELETE", "/os-server-groups/<g>", compare=False)
    p("POST", "/os-server-groups", {"server_group": {"name": "one", "policies": ["anti-affinity"]}}, save={"one": "server_group.id"})
    p("POST", "/os-server-groups", {"server_group": {"name": "two", "policy": "soft-affinity"}}, at=NEWEST, save={"two": "server_group.id"})
    p("POST", "/os-server-groups", {"server_group": {"name": "far", "policy": "affinity"}}, at=NEWEST, by="other", save={"far": "server_group.id"})
    p("POST", "/servers", {"server": {"name": "compare s", "imageRef": "<image>", "flavorRef": "42", "networks": "none"},
                           "os:scheduler_hints": {"group": "<one>"}}, at="2.37", save={"s": "server.id"})
    p.wait("s")
    for at in BREAKS:
        p("GET", "/os-server-groups", at=at)
        p("GET", "/os-server-groups/<one>", at=at)
        p("GET", "/os-server-groups/<two>", at=at)
    for by in PERSONAS:
        for at in FEW:
            for path in ("", "?all_projects", "?all_projects=1", "?all_projects=x", "?limit=1", "?limit=1&offset=1", "?offset=5", "?limit=-1", "?limit=x",
                         "?limit=0", "?nonesuch=1", "?limit=1&limit=2", "/<one>", "/<far>", f"/{NOBODY}", "/x", "/<one>?x=1"):
                p("GET", f"/os-server-groups{path}", at=at, by=by)
            p("DELETE", f"/os-server-groups/{NOBODY}", at=at, by=by)
            p("DELETE", "/os-server-groups/x", at=at, by=by)
            p("PUT", "/os-server-groups/<one>", {}, at=at, by=by)
    for by in ("reader", "other", "member"):
        p("DELETE", "/os-server-groups/<one>", by=by, at=NEWEST)
    p("GET", "/servers/<s>", at=NEWEST, note="whose group is gone")
    p("DELETE", "/os-server-groups/<two>", at=NEWEST, by="admin")
    p("DELETE", "/os-server-groups/<far>", at=NEWEST, by="stranger")
    p("GET", "/os-server-groups", at=None, root="/v2")
    drop(p, "s")


@play
def usages(p):
    boot(p, "s")
    ask = "/os-simple-tenant-usage"
    now = "start=2026-01-01T00:00:00"
    for at in BREAKS:
        p("GET", f"{ask}/<home>?start=1999-01-01T00:00:00&end=1999-02-01T00:00:00", at=at)
        p("GET", f"{ask}?start=1999-01-01T00:00:00&end=1999-02-01T00:00:00", at=at, by="admin")
    for by in PERSONAS:
        for at in ("2.1", "2.39", "2.40", "2.74", "2.75", NEWEST):
            for path in ("", "?detailed=1", "/<home>", "/<abroad>", "/nonesuch"):
                p("GET", f"{ask}{path}{'&' if '?' in path else '?'}start=1999-01-01T00:00:00&end=1999-02-01T00:00:00", at=at, by=by)
    queries = ("start=x", "end=x", "start=", "end=", "start=2030-01-01T00:00:00", "start=2020-01-01T00:00:00&end=2019-01-01T00:00:00",
               "start=2020-01-01&end=2020-01-02", "start=2020-01-01 00:00:00.0&end=2020-01-02T00:00:00.5", "start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00",
               "start=2020-01-01T00:00:00&end=2020-01-01T00:00:00", "detailed=x&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00",
               "detailed=1&detailed=0&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00", "nonesuch=1&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00",
               "limit=0&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00", "limit=-1", "limit=x", f"marker={NOBODY}&{now}", f"marker=&{now}", f"marker=x&{now}",
               "start=2020-1-1T0:0:0&end=2020-01-02T00:00:00", "start=2020-13-01T00:00:00", "start=2020-01-01T00:00:00&start=x&end=2020-01-02T00:00:00")
    for at in ("2.1", "2.39", "2.40", "2.74", "2.75", NEWEST):
        for query in queries:
            for path, by in (("/<home>", "member"), ("", "admin")):
                p("GET", f"{ask}{path}?{query.replace(' ', '%20')}", at=at, by=by)
    for at in ("2.1", "2.40", NEWEST):
        p("GET", f"{ask}/<home>?{now}", at=at)
        p("GET", f"{ask}/<home>?{now}&limit=1", at=at)
    p("GET", f"{ask}/<home>?{now}&end=2026-01-02T00:00:00", at=None, root="/v2")
    drop(p, "s")


@play
def addresses(p):
    boot(p, "s", networks=[{"uuid": "<network>"}])
    for at in FEW:
        for by in PERSONAS:
            for path in ("", "/compare-net", "/nonesuch", "?x=1", "/x?x=1", "/%00"):
                p("GET", f"/servers/<s>/ips{path}", at=at, by=by)
        for method in ("POST", "PUT", "DELETE"):
            p(method, "/servers/<s>/ips", {} if method != "DELETE" else None, at=at)
    p("GET", f"/servers/{NOBODY}/ips", at=NEWEST)
    p("GET", "/servers/<s>/ips", at=None, root="/v2")
    drop(p, "s")


@play
def consoles(p):
    kinds = {"os-getVNCConsole": ("novnc", "xvpvnc", "nonesuch"), "os-getSPICEConsole": ("spice-html5", "nonesuch"),
             "os-getRDPConsole": ("rdp-html5", "nonesuch"), "os-getSerialConsole": ("serial", "nonesuch")}
    boot(p, "s")
    for way in ([], [{"os-stop": None}]):
        for step in way:
            p("POST", "/servers/<s>/action", step, compare=False)
            p.wait("s", "SHUTOFF")
        for at in ("2.1", "2.5", "2.6", NEWEST):
            for action, types in kinds.items():
                for kind in types:
                    p("POST", "/servers/<s>/action", {action: {"type": kind}}, at=at)
                for body in (None, {}, {"type": None}, {"type": 1}, {"type": types[0], "x": 1}, "x"):
                    p("POST", "/servers/<s>/action", {action: body}, at=at)
        for at in ("2.5", "2.6", "2.7", "2.8", "2.98", "2.99", NEWEST):
            for protocol, kind in (("vnc", "novnc"), ("vnc", "xvpvnc"), ("vnc", "serial"), ("serial", "serial"), ("spice", "spice-html5"), ("spice", "spice-direct"),
                                   ("rdp", "rdp-html5"), ("mks", "webmks"), ("x", "novnc"), ("vnc", "x"), (None, "novnc"), ("vnc", None)):
                p("POST", "/servers/<s>/remote-consoles", {"remote_console": {"protocol": protocol, "type": kind}}, at=at)
            for body in (None, {}, {"remote_console": None}, {"remote_console": {}}, {"remote_console": {"protocol": "vnc", "type": "novnc", "x": 1}},
                         {"remote_console": {"protocol": "vnc", "type": "novnc"}, "x": 1}, {"remote_console": {"protocol": "vnc"}}):
                p("POST", "/servers/<s>/remote-consoles", body, at=at)
        for by in PERSONAS:
            p("POST", "/servers/<s>/remote-consoles", {"remote_console": {"protocol": "vnc", "type": "novnc"}}, at=NEWEST, by=by)
            p("POST", "/servers/<s>/action", {"os-getVNCConsole": {"type": "novnc"}}, by=by)
            p("POST", "/servers/<s>/action", {"os-getConsoleOutput": {"length": 1}}, by=by)
    p("POST", f"/servers/{NOBODY}/remote-consoles", {"remote_console": {"protocol": "vnc", "type": "novnc"}}, at=NEWEST)
    for at in ("2.1", NEWEST):
        for length in (0, 1, "1", -1, -2, None, "x", 1.5, True, 2**31):
            p("POST", "/servers/<s>/action", {"os-getConsoleOutput": {"length": length}}, at=at)
        for body in (None, {}, {"x": 1}, [], "x", {"length": 1, "x": 1}):
            p("POST", "/servers/<s>/action", {"os-getConsoleOutput": body}, at=at)
    drop(p, "s")
