"""Plays of what servers have of the network, and of what Nova hands on to it."""

from clouds import eventually
from plays import FEW, NEWEST, PERSONAS, boot, drop, play
from servers import bring, events

NOBODY = "00000000-1111-2222-3333-444444444444"


def make_port(p, name, network="network", **more):
    """Make a port in each cloud, of the project home."""
    def make(cloud):
        return cloud.service("network", "POST", "/v2.0/ports", {"port": {
            "name": "compare", "network_id": cloud.names[network], "tenant_id": cloud.names["home"]} | more})["port"]["id"]
    p.bind(name, make)


@play
def interfaces(p):
    """Attach interfaces, look at them, and detach them."""
    base = "/servers/<s>/os-interface"
    boot(p, "s", networks=[{"uuid": "<network>"}])
    boot(p, "refusing", networks=[{"uuid": "<network>"}])
    make_port(p, "port")
    make_port(p, "far port", tenant_id=p.reference.names["abroad"])
    for body in ({}, None, [], {"x": 1}, {"interfaceAttachment": None}, {"interfaceAttachment": []}, {"interfaceAttachment": {"x": 1}},
                 *({"interfaceAttachment": form} for form in (
                     {"net_id": "x"}, {"net_id": NOBODY}, {"port_id": "x"}, {"port_id": NOBODY}, {"net_id": "<network>", "port_id": "<port>"}, {"net_id": None},
                     {"fixed_ips": [{"ip_address": "10.77.99.8"}]}, {"net_id": "<network>", "fixed_ips": [{"ip_address": "192.0.2.1"}]},
                     {"net_id": "<network>", "fixed_ips": [{"ip_address": "x"}]}, {"net_id": "<network>", "fixed_ips": []}, {"port_id": "<port>", "fixed_ips": [{"ip_address": "10.77.99.8"}]},
                     {"net_id": "<network>", "fixed_ips": [{"ip_address": "10.77.99.8"}, {"ip_address": "10.77.0.10"}]}, {"net_id": "<network>", "tag": ""},
                     {"net_id": "<network>", "tag": "a,b"}, {"net_id": "<network>", "tag": "t" * 61}, {"port_id": "<far port>"}))):
        for at in ("2.1", "2.48", "2.49", NEWEST) if body else (NEWEST,):
            p("POST", "/servers/<refusing>/os-interface", body, at=at)
    for by in PERSONAS:
        for path in ("", "/<port>", f"/{NOBODY}", "/x", "?x=1"):
            p("GET", base + path, by=by, at=NEWEST)
        p("POST", "/servers/<refusing>/os-interface", {"interfaceAttachment": {"net_id": NOBODY}}, by=by, at=NEWEST)
        p("DELETE", f"{base}/{NOBODY}", by=by, at=NEWEST)
    for cloud, address in zip(p.both, ("10.77.9.9", "10.77.9.8")):  # which may be on one network
        cloud.bind("chosen", address)
    for at, form in (("2.1", {"port_id": "<port>"}), (NEWEST, {"net_id": "<network>", "tag": "t"}), (NEWEST, {"net_id": "<network>", "fixed_ips": [{"ip_address": "<chosen>"}]}),
                     (NEWEST, {}), ("2.70", {"net_id": "<network>"})):
        for cloud in p.both:
            cloud.names.pop("new", None)
        by = "admin" if "fixed_ips" in form else "member"  # a member may not choose an address on a shared network
        p("POST", base, {"interfaceAttachment": form}, at=at, by=by, save={"new": "interfaceAttachment.port_id"})
        for version in ("2.1", "2.69", "2.70", NEWEST):
            p("GET", base, at=version, note=f"after {form}")
            p("GET", base + "/<new>", at=version, note=f"after {form}")
        p("GET", "/servers/<s>", at=NEWEST, note=f"after {form}")
        if "port_id" in form:
            p("POST", "/servers/<refusing>/os-interface", {"interfaceAttachment": form}, at=at, note="in use")
        p("DELETE", base + "/<new>", at=at, by="reader")
        p("DELETE", base + "/<new>", at=at)
        p.settled("s")
        wait_for_ports(p, "s", 1)
        p("GET", base, at=NEWEST, note=f"after {form} and off again")
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin")
    events(p, "of interfaces")
    p("GET", base, at=None, root="/v2")
    drop(p, "s", "refusing")
    for status in ("SHUTOFF", "PAUSED", "SUSPENDED", "RESCUE", "VERIFY_RESIZE", "SHELVED_OFFLOADED", "ERROR"):
        bring(p, status)
        p("POST", base, {"interfaceAttachment": {"net_id": "<network>"}}, at=NEWEST, note=status)
        p("DELETE", f"{base}/{NOBODY}", at=NEWEST, note=status)
        p("GET", base, at=NEWEST, note=status)
        drop(p, "s")


def wait_for_ports(p, name, count):
    """Wait until a server has so many ports."""
    for cloud in p.both:
        def reached(cloud=cloud):
            reply = p.ask(cloud, "GET", f"/servers/<{name}>/os-interface")
            shown = p.ask(cloud, "GET", f"/servers/<{name}>").json["server"]["addresses"]
            return len(reply.json["interfaceAttachments"]) == count == sum(map(len, shown.values()))
        eventually(reached, f"{name} has {count} ports in {cloud.name}")


@play
def fixed_ips(p):
    """Give servers fixed and floating addresses by actions."""
    boot(p, "s", networks=[{"uuid": "<network>"}])
    for name, forms in {
        "addFixedIp": (None, {}, {"networkId": ""}, {"networkId": None}, {"networkId": NOBODY}, {"networkId": "x"}, {"networkId": 1}, {"networkId": "<network>", "x": 1}),
        "removeFixedIp": (None, {}, {"address": ""}, {"address": "x"}, {"address": "192.0.2.9"}, {"address": 1}, {"address": "192.0.2.9", "x": 1}, {"address": "fe80::9"}),
        "addFloatingIp": (None, {}, {"address": "x"}, {"address": "192.0.2.9"}, {"address": "192.0.2.9", "fixed_address": "10.77.99.9"}, {"address": "192.0.2.9", "fixed_address": "x"},
                          {"address": "192.0.2.9", "x": 1}),
        "removeFloatingIp": (None, {}, {"address": "x"}, {"address": "192.0.2.9"}, {"address": "192.0.2.9", "x": 1}),
    }.items():
        for at in ("2.1", "2.43", "2.44", NEWEST):
            for form in forms:
                p("POST", "/servers/<s>/action", {name: form}, at=at)
        for by in PERSONAS:
            p("POST", "/servers/<s>/action", {name: forms[4]}, by=by)
    # Of a member, Neutron takes no change of an address on a shared network, and nothing comes of what Nova has accepted.
    p("POST", "/servers/<s>/action", {"addFixedIp": {"networkId": "<network>"}}, by="admin")
    wait_for_addresses(p, 2)
    p("GET", "/servers/<s>", note="with two addresses")
    p("GET", "/servers/<s>/os-interface", note="with two addresses")
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST)
    drop(p, "s")


def wait_for_addresses(p, count):
    """Wait until the server s shows so many addresses."""
    for cloud in p.both:
        eventually(lambda cloud=cloud: sum(map(len, p.ask(cloud, "GET", "/servers/<s>").json["server"]["addresses"].values())) == count, f"{count} addresses")


@play
def server_groups_of_security(p):
    """Put servers into security groups, and take them out."""
    boot(p, "s", networks=[{"uuid": "<network>"}])
    boot(p, "bare")
    p("POST", "/os-security-groups", {"security_group": {"name": "compare group", "description": "d"}}, save={"group": "security_group.id"}, compare=False)
    names = ("default", "compare group", "<group>", "nonesuch", NOBODY)
    for at in ("2.1", NEWEST):
        for name in ("addSecurityGroup", "removeSecurityGroup"):
            for form in (None, {}, [], "x", {"name": ""}, {"name": None}, {"name": 1}, {"name": "nonesuch", "x": 1}):
                p("POST", "/servers/<s>/action", {name: form}, at=at)
            p("POST", "/servers/<s>/action", {name: {"name": "nonesuch"}, "x": 1}, at=at)
            for by in PERSONAS:
                p("POST", "/servers/<s>/action", {name: {"name": "nonesuch"}}, at=at, by=by)
            for group in names:
                p("POST", "/servers/<bare>/action", {name: {"name": group}}, at=at, note=f"{name} {group} without a port")
        for group in names[:3]:
            for name in ("addSecurityGroup", "addSecurityGroup", "removeSecurityGroup", "removeSecurityGroup"):
                p("POST", "/servers/<s>/action", {name: {"name": group}}, at=at)
                p("GET", "/servers/<s>", at=at, note=f"after {name} {group}")
                p("GET", "/servers/<s>/os-security-groups", at=at, note=f"after {name} {group}")
            p("POST", "/servers/<s>/action", {"addSecurityGroup": {"name": "default"}}, compare=False)
        for by in PERSONAS:
            p("GET", "/servers/<s>/os-security-groups", at=at, by=by)
        for path in (f"/servers/{NOBODY}/os-security-groups", "/servers/<bare>/os-security-groups", "/servers/<s>/os-security-groups?x=1"):
            p("GET", path, at=at)
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST)
    drop(p, "s", "bare")
    p("DELETE", "/os-security-groups/<group>", compare=False)


@play
def external_events(p):
    """Tell servers what has happened to their ports, volumes and power."""
    path = "/os-server-external-events"
    boot(p, "s", networks=[{"uuid": "<network>"}])
    names = ("network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted", "volume-extended", "power-update", "accelerator-request-bound",
             "volume-reimaged", "nonesuch")
    for at in ("2.1", "2.50", "2.51", "2.75", "2.76", "2.81", "2.82", "2.92", "2.93", NEWEST):
        for name in names:
            for more in ({}, {"tag": NOBODY}):
                for uuid in (NOBODY, "<s>"):
                    if not (name == "network-vif-deleted" and "tag" in more) and name != "power-update":
                        p("POST", path, {"events": [{"name": name, "server_uuid": uuid} | more]}, at=at, by="admin")
    for form in ({}, None, {"events": []}, {"events": None}, {"events": [{}]}, {"events": [{"name": "network-changed"}]}, {"events": [{"server_uuid": NOBODY}]},
                 {"events": [{"name": "network-changed", "server_uuid": "x"}]}, {"events": [{"name": "network-changed", "server_uuid": "<s>", "status": "x"}]},
                 {"events": [{"name": "network-changed", "server_uuid": "<s>", "status": "failed"}]}, {"events": [{"name": "network-changed", "server_uuid": "<s>", "x": 1}]},
                 {"events": [{"name": "network-changed", "server_uuid": "<s>"}], "x": 1}, {"events": [{"name": "network-changed", "server_uuid": "<s>", "tag": "t" * 256}]},
                 {"events": [{"name": "network-changed", "server_uuid": "<s>", "tag": ""}]}, {"events": [{"name": "network-changed", "server_uuid": NOBODY}] * 2},
                 {"events": [{"name": "network-changed", "server_uuid": NOBODY}, {"name": "network-changed", "server_uuid": "<s>"}]},
                 {"events": [{"name": "power-update", "server_uuid": "<s>", "tag": "x"}]}, {"events": [{"name": "power-update", "server_uuid": "<s>"}]}):
        for at in ("2.1", NEWEST):
            p("POST", path, form, at=at, by="admin")
    for by in PERSONAS:
        p("POST", path, {"events": [{"name": "network-changed", "server_uuid": "<s>"}]}, at=NEWEST, by=by)
    boot(p, "lost")
    p("POST", "/servers/<lost>/action", {"shelve": None}, compare=False)
    p.wait("lost", "SHELVED_OFFLOADED")
    for events_ in ([{"name": "network-changed", "server_uuid": "<lost>"}], [{"name": "network-changed", "server_uuid": "<lost>"}, {"name": "network-changed", "server_uuid": "<s>"}]):
        p("POST", path, {"events": events_}, at=NEWEST, by="admin", note="without a host")
    drop(p, "s", "lost")


@play
def proxies(p):
    """Ask for networks, floating addresses and security groups, as it was done of old."""
    for at in ("2.1", "2.35", "2.36", NEWEST):
        for path in ("/os-networks", "/os-networks/<network>", f"/os-networks/{NOBODY}", "/os-tenant-networks", "/os-tenant-networks/<network>", f"/os-tenant-networks/{NOBODY}",
                     "/os-floating-ips", f"/os-floating-ips/{NOBODY}", "/os-floating-ips/x", "/os-floating-ip-pools", "/os-security-groups", f"/os-security-groups/{NOBODY}",
                     "/os-security-groups/x", "/os-networks/x", "/os-tenant-networks/x", "/os-networks?x=1", "/os-floating-ips?x=1", "/os-security-groups?x=1",
                     "/os-security-groups?limit=1", "/os-security-groups?limit=x", "/os-security-groups?offset=1", "/os-security-groups?all_tenants=1"):
            for by in PERSONAS:
                p("GET", path, at=at, by=by)
    forms = ({}, None, {"security_group": None}, {"security_group": {}}, {"security_group": {"name": "x"}}, {"security_group": {"name": "", "description": ""}},
             {"security_group": {"name": "x" * 256, "description": "d"}}, {"security_group": {"name": 1, "description": "d"}}, {"security_group": {"name": "default", "description": "d"}},
             {"security_group": {"name": "compare", "description": None}}, {"security_group": {"name": "compare", "description": "d", "x": 1}}, {"security_group": {"name": " ", "description": "d"}},
             {"security_group": {"name": "compare", "description": "d"}, "x": 1}, {"security_group": {"name": "a\x00", "description": "d"}})
    for form in forms:
        for cloud in p.both:
            cloud.names.pop("group", None)
        p("POST", "/os-security-groups", form, save={"group": "security_group.id"})
        p("DELETE", "/os-security-groups/<group>", compare=False)
    p("POST", "/os-security-groups", {"security_group": {"name": "compare", "description": "d"}}, save={"group": "security_group.id"})
    for by in PERSONAS:
        p("GET", "/os-security-groups/<group>", by=by)
        p("PUT", "/os-security-groups/<group>", {"security_group": {"name": "compare", "description": "by " + by}}, by=by)
        p("DELETE", f"/os-security-groups/{NOBODY}", by=by)
    for form in forms:
        p("PUT", "/os-security-groups/<group>", form)
    good = {"parent_group_id": "<group>", "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
    for change in ({}, {"ip_protocol": "udp"}, {"ip_protocol": "icmp", "from_port": -1, "to_port": -1}, {"ip_protocol": "icmp", "from_port": 8, "to_port": 0}, {"ip_protocol": "x"},
                   {"ip_protocol": None}, {"ip_protocol": ...}, {"ip_protocol": "TCP", "from_port": 23, "to_port": 23}, {"from_port": 30, "to_port": 20}, {"from_port": "x"}, {"from_port": ...},
                   {"from_port": 0}, {"to_port": 65536}, {"to_port": None, "from_port": None}, {"from_port": -1, "to_port": -1}, {"cidr": ...}, {"cidr": "x"}, {"cidr": ""}, {"cidr": None},
                   {"cidr": "::/0", "from_port": 40, "to_port": 40}, {"cidr": "10.1.2.3/8", "from_port": 41, "to_port": 41}, {"cidr": "10.0.0.1", "from_port": 42, "to_port": 42},
                   {"group_id": "<group>", "cidr": ...}, {"group_id": "<group>"}, {"group_id": NOBODY, "cidr": ...}, {"group_id": "x"}, {"parent_group_id": NOBODY}, {"parent_group_id": "x"},
                   {"parent_group_id": ...}, {"x": 1, "from_port": 50, "to_port": 50}, {"from_port": "60", "to_port": "60"}, {"from_port": 70.5, "to_port": 71}):
        body = {k: v for k, v in (good | change).items() if v is not ...}
        for cloud in p.both:
            cloud.names.pop("rule", None)
        p("POST", "/os-security-group-rules", {"security_group_rule": body}, save={"rule": "security_group_rule.id"})
        if "rule" in p.subject.names and change not in ({}, {"ip_protocol": "udp"}):
            p("DELETE", "/os-security-group-rules/<rule>")
    p("GET", "/os-security-groups/<group>")
    p("GET", "/os-security-groups")
    for body in ({}, None, {"security_group_rule": None}, {"security_group_rule": []}, {"x": 1}):
        p("POST", "/os-security-group-rules", body)
    for path in (NOBODY, "x"):
        p("DELETE", f"/os-security-group-rules/{path}")
        p("DELETE", f"/os-security-groups/{path}")
    p("GET", f"/os-security-group-rules/{NOBODY}")
    for by in PERSONAS:
        p("POST", "/os-security-group-rules", {"security_group_rule": good}, by=by)
    p("DELETE", "/os-security-groups/<group>")
    for form in ({}, None, {"pool": None}, {"pool": "nonesuch"}, {"pool": "public"}, {"pool": ""}, {"pool": 1}, {"x": 1}):
        for cloud in p.both:
            cloud.names.pop("fip", None)
        p("POST", "/os-floating-ips", form, save={"fip": "floating_ip.id"})
        p("GET", "/os-floating-ips/<fip>", note=f"made with {form}")
        p("DELETE", "/os-floating-ips/<fip>")
    for by in PERSONAS:
        p("DELETE", f"/os-floating-ips/{NOBODY}", by=by)
    for path in ("/os-networks", "/os-security-groups", "/os-floating-ip-pools"):
        p("GET", path, at=None, root="/v2")
    for at in FEW:
        for method, path, body in (("POST", "/os-networks", {"network": {"label": "x"}}), ("DELETE", "/os-networks/<network>", None), ("POST", "/os-tenant-networks", {"network": {}}),
                                   ("DELETE", f"/os-tenant-networks/{NOBODY}", None), ("POST", "/os-networks/add", {}), ("POST", "/os-networks/<network>/action", {"disassociate": None})):
            p(method, path, body, at=at, by="admin")
