"""Plays that walk all operations: those that Nova has removed, on what was never there, and with broken bodies and queries."""

from plays import FEW, NEWEST, boot, drop, play

NOBODY = "00000000-1111-2222-3333-444444444444"
CALLERS = ("admin", "member", "reader", "other")

# What Nova has removed: 410 wherever it was served.
GONE = """
GET,POST /os-agents | PUT,DELETE /os-agents/x | GET,POST /os-cells | GET /os-cells/capacities | GET /os-cells/detail | GET /os-cells/info
POST /os-cells/sync_instances | GET,PUT,DELETE /os-cells/x | GET /os-cells/x/capacities | POST /os-certificates | GET /os-certificates/root
GET,POST /os-cloudpipe | PUT /os-cloudpipe/configure-project | GET /os-fixed-ips/x | GET /os-floating-ip-dns | PUT,DELETE /os-floating-ip-dns/x
GET,PUT,DELETE /os-floating-ip-dns/x/entries/y | GET,POST /os-floating-ips-bulk | GET /os-floating-ips-bulk/x | PUT /os-floating-ips-bulk/delete
GET /os-fping | GET /os-fping/x | GET,POST /os-security-group-default-rules | GET,DELETE /os-security-group-default-rules/x
GET,POST /servers/x/consoles | GET,DELETE /servers/x/consoles/y | GET /servers/x/os-virtual-interfaces | POST /os-networks | POST /os-networks/add
DELETE /os-networks/x | POST /os-tenant-networks | DELETE /os-tenant-networks/x
"""
GONE_ACTIONS = [("/os-fixed-ips/x", ("reserve", "unreserve")), ("/servers/x", ("resetNetwork",)),
                ("/os-networks/x", ("disassociate", "associate_host", "disassociate_host", "disassociate_project"))]


@play
def gone(p):
    """Call what has been removed."""
    for at in FEW:
        for by in CALLERS:
            for line in GONE.replace("\n", "|").split("|"):
                for method in line.split()[0].split(",") if line.strip() else ():
                    p(method, line.split()[1], {} if method in ("POST", "PUT") else None, at=at, by=by)
            for path, actions in GONE_ACTIONS:
                for action in actions:
                    for value in (None, {}, "x"):
                        p("POST", path + "/action", {action: value}, at=at, by=by)
        p("POST", "/os-fixed-ips/x/action", {"nonesuch": None}, at=at)


# What there is, on things that there aren't: first and last version (0: still there), method, path, body.
OPERATIONS = [
    (1, 35, "GET", "/images", None), (1, 35, "GET", "/images/detail", None), (1, 35, "GET", "/images/<none>", None), (1, 35, "DELETE", "/images/<none>", None),
    (1, 38, "GET", "/images/<none>/metadata", None), (1, 38, "POST", "/images/<none>/metadata", {"metadata": {"a": "b"}}),
    (1, 38, "PUT", "/images/<none>/metadata", {"metadata": {"a": "b"}}), (1, 38, "GET", "/images/<none>/metadata/a", None),
    (1, 38, "PUT", "/images/<none>/metadata/a", {"meta": {"a": "b"}}), (1, 38, "DELETE", "/images/<none>/metadata/a", None),
    (1, 0, "GET", "/os-aggregates", None), (1, 0, "POST", "/os-aggregates", {"aggregate": {"name": ""}}), (1, 35, "GET", "/os-baremetal-nodes", None),
    (1, 0, "GET", "/os-aggregates/99999", None), (1, 0, "PUT", "/os-aggregates/99999", {"aggregate": {"name": "x"}}), (1, 0, "DELETE", "/os-aggregates/99999", None),
    (1, 0, "POST", "/os-aggregates/99999/action", {"add_host": {"host": "nonesuch"}}), (1, 0, "POST", "/os-aggregates/99999/action", {"remove_host": {"host": "nonesuch"}}),
    (1, 0, "POST", "/os-aggregates/99999/action", {"set_metadata": {"metadata": {"a": "b"}}}), (1, 0, "POST", "/os-aggregates/99999/action", {"nonesuch": {}}),
    (81, 0, "POST", "/os-aggregates/99999/images", {"cache": [{"id": NOBODY}]}), (1, 0, "GET", "/os-aggregates/x", None), (1, 0, "DELETE", "/os-aggregates/x", None),
    (1, 0, "POST", "/os-assisted-volume-snapshots", {"snapshot": {"volume_id": NOBODY, "create_info": {"snapshot_id": NOBODY, "type": "qcow2", "new_file": "x"}}}),
    (1, 0, "DELETE", f"/os-assisted-volume-snapshots/{NOBODY}?delete_info={{\"volume_id\":\"{NOBODY}\"}}", None), (1, 0, "DELETE", f"/os-assisted-volume-snapshots/{NOBODY}", None),
    (1, 35, "GET", "/os-baremetal-nodes/x", None), (1, 35, "POST", "/os-baremetal-nodes", {}), (1, 35, "DELETE", "/os-baremetal-nodes/x", None),
    (1, 35, "POST", "/os-baremetal-nodes/x/action", {"add_interface": {}}), (1, 35, "POST", "/os-baremetal-nodes/x/action", {"remove_interface": {}}),
    (1, 30, "GET", "/os-console-auth-tokens/x", None), (31, 0, "GET", "/os-console-auth-tokens/x", None),
    (1, 42, "GET", "/os-hosts/nonesuch", None), (1, 42, "PUT", "/os-hosts/nonesuch", {"status": "enable"}), (1, 42, "GET", "/os-hosts/nonesuch/reboot", None),
    (1, 42, "GET", "/os-hosts/nonesuch/shutdown", None), (1, 42, "GET", "/os-hosts/nonesuch/startup", None),
    (1, 52, "GET", "/os-hypervisors/99999", None), (53, 0, "GET", f"/os-hypervisors/{NOBODY}", None), (1, 52, "GET", "/os-hypervisors/nonesuch/search", None),
    (1, 52, "GET", "/os-hypervisors/nonesuch/servers", None), (1, 52, "GET", "/os-hypervisors/99999/uptime", None), (53, 87, "GET", f"/os-hypervisors/{NOBODY}/uptime", None),
    (1, 0, "GET", "/os-hypervisors/x", None), (1, 87, "GET", "/os-hypervisors/statistics", None),
    (1, 0, "GET", "/os-instance_usage_audit_log", None), (1, 0, "GET", "/os-instance_usage_audit_log/2012-07-05%2010:00:00", None), (1, 0, "GET", "/os-instance_usage_audit_log/x", None),
    (1, 0, "GET", "/os-services?binary=nonesuch", None), (1, 52, "PUT", "/os-services/enable", {"host": "nonesuch", "binary": "nova-compute"}),
    (1, 52, "PUT", "/os-services/disable", {"host": "nonesuch", "binary": "nova-compute"}),
    (1, 52, "PUT", "/os-services/disable-log-reason", {"host": "nonesuch", "binary": "nova-compute", "disabled_reason": "x"}),
    (11, 52, "PUT", "/os-services/force-down", {"host": "nonesuch", "binary": "nova-compute", "forced_down": False}), (1, 0, "PUT", "/os-services/x", {}),
    (53, 0, "PUT", f"/os-services/{NOBODY}", {"status": "enabled"}), (1, 0, "DELETE", "/os-services/99999", None), (1, 0, "DELETE", f"/os-services/{NOBODY}", None),
    (1, 0, "DELETE", "/os-services/x", None), (1, 0, "GET", "/os-migrations?status=nonesuch", None),
    (1, 35, "GET", "/os-snapshots", None), (1, 35, "GET", "/os-snapshots/detail", None), (1, 35, "GET", "/os-snapshots/<none>", None), (1, 35, "DELETE", "/os-snapshots/<none>", None),
    (1, 35, "POST", "/os-snapshots", {"snapshot": {"volume_id": NOBODY}}),
    (1, 35, "GET", "/os-volumes", None), (1, 35, "GET", "/os-volumes/detail", None), (1, 35, "GET", "/os-volumes/<none>", None), (1, 35, "DELETE", "/os-volumes/<none>", None),
    (1, 35, "POST", "/os-volumes", {"volume": {"size": 0}}),
    (1, 102, "GET", "/os-volumes_boot", None), (1, 102, "GET", "/os-volumes_boot/detail", None), (1, 102, "GET", "/os-volumes_boot/<none>", None),
    (1, 102, "PUT", "/os-volumes_boot/<none>", {"server": {"name": "compare x"}}), (1, 102, "DELETE", "/os-volumes_boot/<none>", None),
    (1, 102, "POST", "/os-volumes_boot", {"server": {"name": "compare x", "flavorRef": "nonesuch"}}),
    *((1, 102, "POST", "/os-volumes_boot/<none>/action", body) for body in (
        {"confirmResize": None}, {"createImage": {"name": "x"}}, {"os-start": None}, {"os-stop": None}, {"reboot": {"type": "SOFT"}}, {"rebuild": {"imageRef": NOBODY}},
        {"resize": {"flavorRef": "1"}}, {"revertResize": None}, {"pause": None}, {"nonesuch": None})),
    (17, 102, "POST", "/os-volumes_boot/<none>/action", {"trigger_crash_dump": None}),
    (1, 0, "GET", "/servers/<none>/diagnostics", None), (23, 0, "GET", "/servers/<none>/migrations", None), (23, 0, "GET", "/servers/<none>/migrations/1", None),
    (23, 0, "GET", "/servers/<none>/migrations/x", None), (24, 0, "DELETE", "/servers/<none>/migrations/1", None), (24, 0, "DELETE", "/servers/<none>/migrations/x", None),
    (22, 0, "POST", "/servers/<none>/migrations/1/action", {"force_complete": None}), (22, 0, "POST", "/servers/<none>/migrations/x/action", {"force_complete": None}),
    (22, 0, "POST", "/servers/<none>/migrations/1/action", {"nonesuch": None}),
    (1, 0, "GET", "/servers/<none>/os-server-password", None), (1, 0, "DELETE", "/servers/<none>/os-server-password", None),
    (1, 0, "GET", "/servers/<none>/os-volume_attachments", None), (1, 100, "POST", "/servers/<none>/os-volume_attachments", {"volumeAttachment": {"volumeId": NOBODY}}),
    (101, 0, "POST", "/servers/<none>/os-volume_attachments", {"volumeAttachment": {"volumeId": NOBODY}}), (1, 0, "GET", f"/servers/<none>/os-volume_attachments/{NOBODY}", None),
    (1, 84, "PUT", f"/servers/<none>/os-volume_attachments/{NOBODY}", {"volumeAttachment": {"volumeId": NOBODY[:-1] + "5"}}),
    (85, 0, "PUT", f"/servers/<none>/os-volume_attachments/{NOBODY}", {"volumeAttachment": {"volumeId": NOBODY, "delete_on_termination": True}}),
    (1, 0, "DELETE", f"/servers/<none>/os-volume_attachments/{NOBODY}", None), (1, 0, "DELETE", "/servers/<none>/os-volume_attachments/x", None),
    (97, 0, "GET", "/servers/<none>/shares", None), (97, 0, "POST", "/servers/<none>/shares", {"share": {"share_id": NOBODY}}), (97, 0, "GET", f"/servers/<none>/shares/{NOBODY}", None),
    (97, 0, "DELETE", f"/servers/<none>/shares/{NOBODY}", None), (97, 0, "GET", "/servers/<none>/shares/x", None), (78, 0, "GET", "/servers/<none>/topology", None),
    (1, 0, "POST", "/servers/<none>/action", {"migrate": None}), (56, 0, "POST", "/servers/<none>/action", {"migrate": {"host": "nonesuch"}}),
    (1, 24, "POST", "/servers/<none>/action", {"os-migrateLive": {"host": None, "block_migration": False, "disk_over_commit": False}}),
    (25, 0, "POST", "/servers/<none>/action", {"os-migrateLive": {"host": None, "block_migration": "auto"}}),
    (1, 13, "POST", "/servers/<none>/action", {"evacuate": {"onSharedStorage": "False"}}), (14, 0, "POST", "/servers/<none>/action", {"evacuate": {}}),
    *((1, 5, "POST", "/servers/<none>/action", {f"os-get{kind}Console": {"type": word}})
      for kind, word in (("RDP", "rdp-html5"), ("Serial", "serial"), ("SPICE", "spice-html5"), ("VNC", "novnc"))),
    (1, 35, "POST", "/os-floating-ips", {"pool": "nonesuch"}), (1, 35, "DELETE", "/os-floating-ips/<none>", None), (1, 35, "GET", "/os-floating-ips/<none>", None),
    (1, 35, "POST", "/os-security-groups", {"security_group": {"name": "x"}}), (1, 35, "PUT", "/os-security-groups/<none>", {"security_group": {"name": "x", "description": ""}}),
    (1, 35, "DELETE", "/os-security-groups/<none>", None), (1, 35, "GET", "/os-security-groups/<none>", None),
    (1, 35, "POST", "/os-security-group-rules", {"security_group_rule": {"parent_group_id": NOBODY, "ip_protocol": "tcp", "from_port": 1, "to_port": 2}}),
    (1, 35, "DELETE", "/os-security-group-rules/<none>", None), (1, 35, "GET", "/os-networks/<none>", None), (1, 35, "GET", "/os-tenant-networks/<none>", None),
    (1, 1, "POST", "/os-keypairs", {"keypair": {"name": ""}}), (2, 0, "POST", "/os-keypairs", {"keypair": {"name": ""}}), (1, 0, "POST", "/os-server-groups", {"server_group": {"name": ""}}),
    (1, 0, "GET", "/", None), (1, 0, "GET", "/versions/v2.1", None), (1, 0, "GET", "/os-keypairs/nonesuch", None), (1, 0, "DELETE", "/os-keypairs/nonesuch", None),
]


def ends(first, last):
    """Give the versions at both ends of a span, and beyond."""
    last = last or 104
    minors = {max(first - 1, 1), first, last, min(last + 1, 104)}
    return [f"2.{minor}" for minor in sorted(minors)]


@play
def missing(p):
    """Call every operation on what was never there, at both ends of its versions and beyond."""
    p.bind("none", lambda cloud: NOBODY)
    for first, last, method, path, body in OPERATIONS:
        for at in ends(first, last):
            for by in CALLERS:
                p(method, path, body, at=at, by=by)
        p(method, path, body, at=None, root="/v2", by="admin")


@play
def missing_below(p):
    """Call what is below a server that is there: on parts of it that aren't, as everybody."""
    boot(p, "none")
    try:
        for first, last, method, path, body in OPERATIONS:
            if path.startswith("/servers/<none>") and "action" not in path or path.startswith("/os-volumes_boot/<none>/action") and body in ({"confirmResize": None}, {"revertResize": None}):
                for at in ends(first, last):
                    for by in CALLERS:
                        p(method, path, body, at=at, by=by, note="of a server that is there")
    finally:
        drop(p, "none")
        p.bind("none", lambda cloud: NOBODY)


# Bodies that are accepted, of which each member is broken in turn: versions, who, method, path, body.
GOOD = [
    ((1, NEWEST), "admin", "POST", "/os-aggregates", {"aggregate": {"name": "", "availability_zone": "compare-zone"}}),
    ((1, NEWEST), "admin", "PUT", "/os-aggregates/99999", {"aggregate": {"name": "compare", "availability_zone": "compare-zone"}}),
    ((1, NEWEST), "admin", "POST", "/os-aggregates/99999/action", {"add_host": {"host": "nonesuch"}}),
    ((1, NEWEST), "admin", "POST", "/os-aggregates/99999/action", {"remove_host": {"host": "nonesuch"}}),
    ((1, NEWEST), "admin", "POST", "/os-aggregates/99999/action", {"set_metadata": {"metadata": {"a": "b"}}}),
    ((81, NEWEST), "admin", "POST", "/os-aggregates/99999/images", {"cache": [{"id": NOBODY}]}),
    ((1, NEWEST), "admin", "POST", "/os-assisted-volume-snapshots", {"snapshot": {"volume_id": NOBODY, "create_info": {
        "snapshot_id": NOBODY, "type": "qcow2", "new_file": "x", "id": NOBODY}}}),
    ((1, 42), "admin", "PUT", "/os-hosts/nonesuch", {"status": "enable", "maintenance_mode": "disable"}),
    ((1, 52), "admin", "PUT", "/os-services/enable", {"host": "nonesuch", "binary": "nova-compute"}),
    ((1, 52), "admin", "PUT", "/os-services/disable-log-reason", {"host": "nonesuch", "binary": "nova-compute", "disabled_reason": "x"}),
    ((11, 52), "admin", "PUT", "/os-services/force-down", {"host": "nonesuch", "binary": "nova-compute", "forced_down": False}),
    ((53, NEWEST), "admin", "PUT", f"/os-services/{NOBODY}", {"status": "disabled", "disabled_reason": "x", "forced_down": False}),
    ((1, 35), "member", "POST", "/os-snapshots", {"snapshot": {"volume_id": NOBODY, "force": False, "display_name": "x", "display_description": "y"}}),
    ((1, 35), "member", "POST", "/os-volumes", {"volume": {"size": 1, "snapshot_id": NOBODY, "display_name": "x", "display_description": "y",
                                                             "volume_type": "nonesuch", "metadata": {"a": "b"}, "availability_zone": "nova"}}),
    ((1, 48, 49, 78, 79, 100, 101, NEWEST), "member", "POST", "/servers/<s>/os-volume_attachments",
     {"volumeAttachment": {"volumeId": NOBODY, "device": "/dev/vdz", "tag": "t", "delete_on_termination": True}}),
    ((1, 84, 85, NEWEST), "admin", "PUT", f"/servers/<s>/os-volume_attachments/{NOBODY}", {"volumeAttachment": {
        "volumeId": NOBODY, "id": NOBODY, "serverId": NOBODY, "device": "/dev/vdz", "tag": "t", "delete_on_termination": True}}),
    ((97, NEWEST), "member", "POST", "/servers/<s>/shares", {"share": {"share_id": NOBODY, "tag": "t"}}),
    ((1, 55, 56, NEWEST), "admin", "POST", f"/servers/{NOBODY}/action", {"migrate": {"host": "nonesuch"}}),
    ((1, 24, 25, 29, 30, 67, 68, NEWEST), "admin", "POST", f"/servers/{NOBODY}/action",
     {"os-migrateLive": {"host": "nonesuch", "block_migration": False, "disk_over_commit": False, "force": False}}),
    ((1, 13, 14, 28, 29, 67, 68, 94, 95, NEWEST), "admin", "POST", f"/servers/{NOBODY}/action",
     {"evacuate": {"host": "nonesuch", "onSharedStorage": "False", "adminPass": "x", "force": False}}),
    ((22, NEWEST), "admin", "POST", f"/servers/{NOBODY}/migrations/1/action", {"force_complete": None}),
    ((1, 38), "member", "POST", "/images/<none>/metadata", {"metadata": {"a": "b"}}), ((1, 38), "member", "PUT", "/images/<none>/metadata", {"metadata": {"a": "b"}}),
    ((1, 38), "member", "PUT", "/images/<none>/metadata/a", {"meta": {"a": "b"}}),
    ((1, 35), "member", "POST", "/os-floating-ips", {"pool": "nonesuch"}),
    ((1, 18, 19, 74, 90, NEWEST), "member", "PUT", "/servers/<s>", {"server": {"name": "compare s", "description": "x", "accessIPv4": "1.2.3.4", "accessIPv6": "fe80::1",
                                                                             "OS-DCF:diskConfig": "AUTO", "hostname": "h"}}),
    ((1, NEWEST), "member", "POST", "/servers/<s>/action", {"changePassword": {"adminPass": ""}}),
    ((1, NEWEST), "member", "POST", "/servers/<s>/metadata", {"metadata": {"a": "b"}}), ((1, NEWEST), "member", "PUT", "/servers/<s>/metadata/a", {"meta": {"a": "b"}}),
    ((26, NEWEST), "member", "PUT", "/servers/<s>/tags", {"tags": ["a"]}),
    ((1, 48, 49, NEWEST), "member", "POST", "/servers/<s>/os-interface", {"interfaceAttachment": {"net_id": NOBODY, "port_id": NOBODY, "fixed_ips": [{"ip_address": "10.0.0.1"}], "tag": "t"}}),
    ((6, NEWEST), "member", "POST", f"/servers/{NOBODY}/remote-consoles", {"remote_console": {"protocol": "vnc", "type": "novnc"}}),
    ((1, 50, 51, NEWEST), "admin", "POST", "/os-server-external-events", {"events": [{"name": "network-changed", "server_uuid": NOBODY, "status": "completed", "tag": "t"}]}),
    ((1, 14, 15, 63, 64, NEWEST), "reader", "POST", "/os-server-groups", {"server_group": {"name": "g", "policies": ["affinity"], "policy": "affinity", "rules": {"max_server_per_host": 1}}}),
    ((1, 41, 42, 56, 57, 66, 67, 73, 74, 89, 90, 93, 94, NEWEST), "reader", "POST", "/servers", {"server": {
        "name": "compare x", "flavorRef": "42", "imageRef": NOBODY, "networks": [{"uuid": NOBODY, "port": NOBODY, "fixed_ip": "10.0.0.1", "tag": "t"}], "min_count": 1, "max_count": 1,
        "metadata": {"a": "b"}, "key_name": "k", "config_drive": True, "security_groups": [{"name": "default"}], "availability_zone": "nova", "user_data": "", "adminPass": "x",
        "accessIPv4": "1.2.3.4", "accessIPv6": "fe80::1", "OS-DCF:diskConfig": "AUTO", "return_reservation_id": False, "description": "d", "tags": ["a"], "host": "h",
        "hypervisor_hostname": "h", "hostname": "h", "trusted_image_certificates": ["a"], "personality": [{"path": "/a", "contents": ""}],
        "block_device_mapping_v2": [{"boot_index": 0, "uuid": NOBODY, "source_type": "image", "destination_type": "local", "device_name": "vda", "volume_size": 1, "delete_on_termination": True,
                                     "disk_bus": "virtio", "device_type": "disk", "guest_format": "ext4", "no_device": False, "tag": "t", "volume_type": "x"}],
        "block_device_mapping": [{"device_name": "vda", "volume_id": NOBODY, "volume_size": 1, "delete_on_termination": True, "no_device": False}]}}),
]


def broken(value):
    """Give what a value can be instead: of another type, empty, too long, null, with a key more, or with a member that is broken."""
    others = [None, {}, [], "", "x" * 300, 1, -1, 1.5, True, " ", "ü", ["x"], {"x": 1}]
    yield from (other for other in others if other != value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from (value | {key: other} for other in broken(inner))
        yield value | {"nonesuch": 1}
    if isinstance(value, list) and value:
        yield value * 2
        yield from ([other] for other in broken(value[0]))


@play
def broken_bodies(p):
    """Send bodies of which one member is broken, to every operation that takes one."""
    p.bind("none", lambda cloud: NOBODY)
    boot(p, "s")
    for versions, by, method, path, body in GOOD:
        for version in versions:
            at = version if isinstance(version, str) else f"2.{version}"
            few = at not in ("2.1", NEWEST) and path == "/servers"  # between the ends, only what is there at all
            p(method, path, body, at=at, by=by)
            p(method, path, at=at, by=by)
            for one in member_by_member(body) if few else broken(body):
                p(method, path, one, at=at, by=by)
    drop(p, "s")


def member_by_member(body):
    """Send each member of a body's object alone, and of a wrong type."""
    (key, inner), = body.items()
    needed = {k: v for k, v in inner.items() if k in ("name", "flavorRef", "imageRef")}
    for name, value in inner.items():
        yield {key: needed | {name: value}}
        yield {key: needed | {name: 1}}
        yield {key: needed | {name: None}}
