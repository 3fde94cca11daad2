"""The plays about servers, and the images and networks that they need."""

import time
import urllib.parse

from clouds import PERSONAS as LOGINS
from compare import put_names
from plays import BREAKS, FEW, KEY, NEWEST, NOWHERE, PERSONAS, boot, drop, flavor, play, purge_flavors, tick

QUOTA = {"instances": 200, "cores": 400, "ram": -1}


class Stage:
    """What the plays need beside users: images, networks, quota."""

    def __init__(self, pair, suffix, shared):
        self.pair, self.suffix, self.shared = pair, suffix, shared

    def set(self):
        """Make what the plays need."""
        for one in self.pair.both:
            if self.shared and one is self.pair.subject:
                one.names.update(self.pair.reference.names)
            else:
                self._make(one)
            for project in ("home", "abroad"):
                self.pair.ask(one, "PUT", f"/os-quota-sets/<{project}>", body={"quota_set": QUOTA})

    def _make(self, one):
        name = f"compare-{self.suffix}"
        one.bind("image", one.make_image(name, hw_rng_model="virtio", os_distro="none", own="property"))
        one.bind("queued image", one.make_image(name + "-queued", data=b""))
        one.bind("large image", one.make_image(name + "-large", min_disk=500, min_ram=0))
        one.bind("hungry image", one.make_image(name + "-hungry", min_disk=0, min_ram=500000))
        one.bind("private image", one.make_image(name + "-private", visibility="private"))
        one.bind("network", one.make_network(name, "10.77.0.0/16"))

    def strike(self):
        """Remove what is left."""
        for one in self.pair.both:
            for project in ("home", "abroad"):
                for server in self.pair.ask(one, "GET", f"/servers?all_tenants=1&project_id=<{project}>").json.get("servers", []):
                    self.pair.ask(one, "DELETE", "/servers/" + server["id"])
            for project in ("home", "abroad"):
                self.pair.ask(one, "DELETE", f"/os-quota-sets/<{project}>")
        time.sleep(2)
        for one in self.pair.both:
            if self.shared and one is self.pair.subject:
                continue
            for image in one.service("image", "GET", "/v2/images?limit=500")["images"]:
                if image["name"].startswith(f"compare-{self.suffix}") or image["owner"] in (one.names["home"], one.names["abroad"]):
                    one.remove("image", f"/v2/images/{image['id']}")
            for port in one.service("network", "GET", f"/v2.0/ports?network_id={one.names['network']}")["ports"]:
                one.remove("network", f"/v2.0/ports/{port['id']}")
            one.remove("network", f"/v2.0/networks/{one.names['network']}")
            for persona in LOGINS:
                one.remove("identity", f"/users/{one.names[persona]}")
            for project in ("home", "abroad"):
                one.remove("identity", f"/projects/{one.names[project]}")


def server(at="2.1", **change):
    """Give the body that creates a server; ... leaves a member out."""
    new = at and int(at.split(".")[1]) >= 37
    body = {"name": "compare form", "imageRef": "<image>", "flavorRef": "42", "networks": "none" if new else [{"uuid": "<network>"}]} | change
    return {"server": {key: value for key, value in body.items() if value is not ...}}


# ---------------------------------------------------------------- show and list


@play
def show(p):
    """Look at one server in every version, as everybody."""
    boot(p, "s", at="2.100", by="member", networks=[{"uuid": "<network>"}], metadata={"a": "b", "Z": "y"}, description="words",
         tags=["t1", "t2"], availability_zone="nova", user_data="aGVsbG8=", config_drive=True, accessIPv4="1.2.3.4", accessIPv6="fe80::1")
    for at in BREAKS:
        p("GET", "/servers/<s>", at=at)
        p("GET", "/servers/<s>", at=at, by="admin")
        p("GET", "/servers", at=at)
        p("GET", "/servers/detail", at=at)
        p("GET", "/servers/detail", at=at, by="admin")
        p("PUT", "/servers/<s>", {"server": {"name": "compare s"}}, at=at)
        p("PUT", "/servers/<s>", {"server": {"name": "compare s"}}, at=at, by="admin")
        p("GET", "/servers/<s>/ips", at=at)
        p("GET", "/servers/<s>/metadata", at=at)
        p("GET", "/servers/<s>/tags", at=at)
        p("GET", "/servers/<s>/os-instance-actions", at=at)
        p("GET", "/servers/<s>/os-instance-actions", at=at, by="admin")
    for root in ("/v2", "/v2/<home>", "/v2.1/<home>"):
        for path in ("/servers", "/servers/detail", "/servers/<s>", "/servers/<s>/ips", "/servers/<s>/metadata", "/servers?limit=1"):
            p("GET", path, root=root, at=None)
            p("GET", path, root=root, at=None, by="admin")
        p("PUT", "/servers/<s>", {"server": {"name": " compare s "}}, root=root, at=None)
    for by in PERSONAS:
        for at in ("2.1", "2.16", "2.96", NEWEST):
            p("GET", "/servers/<s>", at=at, by=by)
            p("GET", "/servers/detail", at=at, by=by)
            p("GET", "/servers/detail?all_tenants=1&project_id=<home>", at=at, by=by)
            p("GET", "/servers?all_tenants=1&project_id=<home>", at=at, by=by)
            p("GET", "/servers/<s>?nonesuch=1", at=at, by=by)
    for at in ("2.1", "2.74", "2.75", "2.101", "2.102", NEWEST):
        for path in ("", "/ips", "/metadata", "/tags", "/os-instance-actions", "/metadata/a", "/tags/t1", "/ips/x", "/os-instance-actions/req-x"):
            p("GET", f"/servers/<s>{path}?nonesuch=1", at=at)
        for path in ("/metadata/nonesuch", "/tags/nonesuch"):
            p("DELETE", f"/servers/<s>{path}?nonesuch=1", at=at)
        p("DELETE", f"{NOWHERE}?nonesuch=1", at=at)
        p("PUT", "/servers/<s>?nonesuch=1", {"server": {}}, at=at)
    for at in ("2.1", NEWEST):
        for address in ("/ips/nonesuch", "/ips/%00", "/ips/"):
            p("GET", f"/servers/<s>{address}", at=at)
    drop(p, "s")


@play
def deleted(p):
    """Look at a server that is gone."""
    boot(p, "s", at="2.100", metadata={"a": "b"}, tags=["t"], description="words", networks=[{"uuid": "<network>"}])
    drop(p, "s")
    time.sleep(2)
    for at in BREAKS:
        for path in ("?deleted=true", "?deleted=true&all_tenants=1&project_id=<home>", "?status=DELETED", "?changes-since=2020-01-01T00:00:00Z"):
            p("GET", f"/servers{path}", at=at, by="admin")
            p("GET", f"/servers/detail{path}", at=at, by="admin")
        p("GET", "/servers/detail?changes-since=2020-01-01T00:00:00Z", at=at)
        p("GET", "/servers/detail?changes-before=2099-01-01T00:00:00Z", at=at)
        p("GET", "/servers?status=deleted", at=at)
        p("GET", "/servers?deleted=true", at=at)
        p("GET", "/servers/<s>/os-instance-actions", at=at)
        p("GET", "/servers/<s>/os-instance-actions", at=at, by="admin")
    every_operation(p, "<s>")
    for at in ("2.1", "2.20", "2.21", "2.50", "2.51", "2.62", "2.84", NEWEST):
        for by in PERSONAS:
            p("GET", "/servers/<s>/os-instance-actions", at=at, by=by)


@play
def nowhere(p):
    """Do everything to a server that never was."""
    every_operation(p, "00000000-1111-2222-3333-444444444444")
    every_operation(p, "nonesuch", versions=("2.1", NEWEST))


@play
def strangers(p):
    """Do everything to another project's server, and to a locked one, as everybody, where it must not work."""
    boot(p, "s", metadata={"a": "b"})
    every_operation(p, "<s>", personas=("other", "reader"))
    p("POST", "/servers/<s>/action", {"lock": None}, by="admin")
    every_operation(p, "<s>", personas=("member", "manager"), versions=("2.1", NEWEST), only=LOCKED)
    p("POST", "/servers/<s>/action", {"unlock": None}, by="admin")
    drop(p, "s")


ACTIONS = {
    "os-start": None, "os-stop": None, "reboot": {"type": "SOFT"}, "pause": None, "unpause": None, "lock": None, "unlock": None,
    "createImage": {"name": "compare image"}, "createBackup": {"name": "compare image", "backup_type": "daily", "rotation": 1},
    "os-getConsoleOutput": {}, "os-resetState": {"state": "active"}, "suspend": None, "resume": None, "rescue": None, "unrescue": None,
    "rebuild": {"imageRef": "<image>"}, "changePassword": {"adminPass": "secret"}, "trigger_crash_dump": None, "injectNetworkInfo": None,
    "resize": {"flavorRef": "1"}, "confirmResize": None, "revertResize": None, "shelve": None, "shelveOffload": None, "unshelve": None, "restore": None,
    "forceDelete": None, "addFixedIp": {"networkId": "<network>"}, "removeFixedIp": {"address": "10.77.0.3"}, "addFloatingIp": {"address": "192.0.2.7"},
    "removeFloatingIp": {"address": "192.0.2.7"}, "addSecurityGroup": {"name": "default"}, "removeSecurityGroup": {"name": "default"},
}
LOCKED = {
    "os-start", "os-stop", "reboot", "pause", "unpause", "PUT", "DELETE", "metadata", "tags", "suspend", "resume", "rescue", "unrescue", "rebuild", "changePassword",
    "trigger_crash_dump", "resize", "confirmResize", "revertResize", "shelve", "shelveOffload", "unshelve", "restore", "forceDelete",
}


def every_operation(p, who, personas=PERSONAS, versions=("2.1", "2.26", "2.73", NEWEST), only=None):
    """Send every operation on a server."""
    base = f"/servers/{who}"
    calls = [("GET", "", None), ("PUT", "", {"server": {"name": "compare s"}})]
    calls += [("POST", "/action", {name: body}) for name, body in ACTIONS.items() if only is None or name in only]
    calls += [
        ("GET", "/metadata", None), ("POST", "/metadata", {"metadata": {"a": "b"}}), ("PUT", "/metadata", {"metadata": {"a": "b"}}),
        ("GET", "/metadata/a", None), ("GET", "/metadata/nonesuch", None), ("PUT", "/metadata/a", {"meta": {"a": "b"}}),
        ("DELETE", "/metadata/nonesuch", None),
        ("GET", "/tags", None), ("PUT", "/tags", {"tags": []}), ("GET", "/tags/x", None), ("PUT", "/tags/x", None),
        ("DELETE", "/tags/x", None), ("DELETE", "/tags", None),
        ("GET", "/ips", None), ("GET", "/ips/nonesuch", None),
        ("GET", "/os-instance-actions", None), ("GET", "/os-instance-actions/req-nonesuch", None),
    ]
    for by in personas:
        for at in versions:
            for method, path, body in calls:
                if only is None or path in ("", "/action") or path.split("/")[1] in only:
                    p(method, base + path, body, at=at, by=by)
    if only is None and who != "<s>" or personas != PERSONAS:
        for by in personas:
            if by in ("other", "reader") or who != "<s>" or only:
                p("DELETE", base, by=by)


@play
def lists(p):
    """List servers by every filter, sorted by every key, page by page."""
    boot(p, "one", at="2.100", networks=[{"uuid": "<network>"}], metadata={"a": "b"}, tags=["t1", "t2"], availability_zone="nova",
         accessIPv4="1.2.3.4", description="first")
    tick()
    boot(p, "two", at="2.100", flavorRef="1", tags=["t2"], config_drive=True, hostname="second-host")
    tick()
    boot(p, "three", at="2.100", by="manager")
    p("POST", "/servers/<two>/action", {"os-stop": None})
    p("POST", "/servers/<three>/action", {"lock": None}, by="admin")
    p.wait("two", "SHUTOFF")
    tick()
    boot(p, "far", at="2.100", by="other")
    queries = [
        "limit=1", "limit=2", "limit=0", "limit=x", "limit=-1", "limit=", "limit=1&marker=<two>", "marker=<two>", "marker=nonesuch", "marker=",
        "marker=<far>", "limit=1001", "limit=1&limit=2", "limit=2&marker=<three>&name=compare", "limit=1&sort_key=display_name&a=b",
        "limit=1&status=ACTIVE&status=SHUTOFF", "limit=1&b=1&a=2", "limit=99999999999999999999", "offset=1", "limit=2.0", "limit=%201",
        "name=one", "name=compare", "name=^compare%20t", "name=nonesuch", "name=", "name=%5B", "name=(", "name=ONE", "name=one&name=two", "name=e$",
        "name=%ff", "name=%00", "display_name=one", "status=ACTIVE", "status=active", "status=SHUTOFF", "status=nonesuch", "status=",
        "status=ACTIVE&status=SHUTOFF", "status=ERROR", "status=DELETED", "status=BUILD", "status=ACTIVE&status=nonesuch", "status=REBOOT",
        "status=DELETED&status=ACTIVE", "status=PAUSED", "status=UNKNOWN", "status=SOFT_DELETED",
        "vm_state=active", "vm_state=stopped", "vm_state=nonesuch", "vm_state=ACTIVE", "task_state=nonesuch", "task_state=", "power_state=1",
        "power_state=4", "power_state=x", "power_state=", "flavor=42", "flavor=1", "flavor=nonesuch", "flavor=", "flavor=%5B", "image=<image>",
        "image=nonesuch", "image=", "image_ref=<image>", "host=nonesuch", "host=", "node=nonesuch", "uuid=<one>", "uuid=nonesuch", "uuid=",
        "tags=t2", "tags=t1,t2", "tags=t1", "tags=nonesuch", "tags=", "tags-any=t1,t2", "tags-any=nonesuch", "not-tags=t1,t2", "not-tags=t2",
        "not-tags-any=t1", "not-tags-any=t1,t2", "tags=t2&not-tags=t1", "tags=t1&tags=t2", "tags=%5B", "tags=t1,", "tags=,",
        "locked=true", "locked=false", "locked=x", "locked=", "locked=1", "locked=True", "locked_by=admin", "locked_by=owner", "locked_by=",
        "ip=10.77.", "ip=^10", "ip=nonesuch", "ip=", "ip=%5B", "ip6=fe80", "ip6=", "ip=192.0.2", "access_ip_v4=1.2.3.4", "access_ip_v4=nonesuch",
        "access_ip_v6=::", "all_tenants=1&project_id=<home>", "all_tenants=0", "all_tenants=x", "all_tenants=&project_id=<home>",
        "all_tenants=true&tenant_id=<home>", "all_tenants=false&tenant_id=<abroad>", "tenant_id=<abroad>", "project_id=<abroad>",
        "all_tenants=1&project_id=<abroad>", "all_tenants=1&tenant_id=<abroad>&project_id=<home>", "all_tenants=1&user_id=<manager>",
        "user_id=<manager>", "user_id=<member>", "user_id=nonesuch", "user_id=",
        "availability_zone=nova", "availability_zone=nonesuch", "availability_zone=", "config_drive=1", "config_drive=true", "config_drive=True",
        "config_drive=", "config_drive=0", "key_name=x", "key_name=", "created_at=20", "created_at=nonesuch", "launched_at=20", "terminated_at=20",
        "progress=0", "progress=100", "progress=x", "hostname=second", "hostname=compare", "hostname=nonesuch", "hostname=",
        "reservation_id=r-", "reservation_id=nonesuch", "launch_index=0", "launch_index=5", "launch_index=x", "kernel_id=x", "kernel_id=",
        "ramdisk_id=x", "root_device_name=/dev/vda", "root_device_name=x", "auto_disk_config=0", "auto_disk_config=1", "auto_disk_config=MANUAL",
        "description=first", "description=nonesuch", "display_description=first", "display_description=nonesuch",
        "deleted=false", "deleted=true", "deleted=x", "deleted=", "deleted=0", "soft_deleted=true", "soft_deleted=false", "soft_deleted=x",
        "changes-since=2020-01-01T00:00:00Z", "changes-since=2099-01-01T00:00:00Z", "changes-since=x", "changes-since=", "changes-since=2020-01-01",
        "changes-since=2020-01-01T00:00:00", "changes-since=2020-01-01T00:00:00%2B02:00", "changes-before=2020-01-01T00:00:00Z",
        "changes-before=2099-01-01T00:00:00Z", "changes-before=x", "changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z",
        "changes-since=2020-01-01T00:00:00Z&changes-before=2099-01-01T00:00:00Z", "changes-since=2020-01-01T00:00:00Z&deleted=false",
        "block_device_mapping=x", "services=x", "metadata=x", "system_metadata=x", "info_cache=x", "security_groups=x", "pci_devices=x", "_x=1",
        "nonesuch=1", "not_a_filter=1&limit=1", "metadata=%7B%22a%22:%22b%22%7D", "id=<one>", "tag=t1", "fixed_ip=1", "instance_type_id=1",
        "sort_key=nonesuch", "sort_key=", "sort_dir=up", "sort_dir=asc", "sort_dir=desc", "sort_dir=", "sort_dir=ASC", "sort_key=display_name&sort_dir=asc",
        "sort_key=display_name&sort_dir=desc", "sort_key=vm_state&sort_key=display_name&sort_dir=asc&sort_dir=desc", "sort_key=display_name&sort_dir=asc&sort_dir=desc",
        "sort_key=display_name&sort_dir=asc&limit=1", "sort_key=uuid&sort_dir=asc&limit=1&name=nonesuch", "sort_key=display_name&limit=1&marker=<two>",
        "sort_key=%20display_name",
    ]
    keys = ["access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive", "created_at", "display_description",
            "display_name", "hostname", "image_ref", "instance_type_id", "kernel_id", "key_name", "launch_index", "launched_at", "locked_by",
            "power_state", "progress", "project_id", "ramdisk_id", "root_device_name", "task_state", "terminated_at", "updated_at",
            "user_id", "vm_state", "locked", "architecture", "cell_name", "cleaned", "deleted", "deleted_at", "id", "key_data", "memory_mb",
            "reservation_id", "vcpus", "vm_mode", "user_data", "root_gb", "name", "description", "status", "host_status", "flavor"]
    queries += [f"sort_key={key}&sort_dir={direction}" for key in keys for direction in ("asc", "desc")]
    queries += ["sort_key=host", "sort_key=node", "sort_key=uuid&limit=0"]
    for query in queries:
        for at in ("2.1", "2.25", "2.26", "2.37", "2.38", "2.66", "2.73", "2.75", "2.83", NEWEST):
            if at in ("2.25", "2.37") and not any(word in query for word in ("tags", "status")):
                continue
            if at in ("2.66", "2.83") and "sort_key" in query:
                continue
            for by in ("member", "admin"):
                p("GET", f"/servers?{query}", at=at, by=by)
        p("GET", f"/servers/detail?{query}", at=NEWEST)
        p("GET", f"/servers?{query}", at=None, root="/v2")
        p("GET", f"/servers?{query}", at=None, root="/v2", by="admin")
    for by in PERSONAS:
        for at in ("2.1", NEWEST):
            for query in ("", "all_tenants=1&project_id=<home>", "all_tenants=1&project_id=<abroad>", "deleted=true", "status=deleted", "sort_key=host",
                          "host=fake1&project_id=<home>", "vm_state=active", "changes-since=2020-01-01T00:00:00Z"):
                p("GET", f"/servers?{query}", at=at, by=by)
                p("GET", f"/servers/detail?{query}", at=at, by=by)
    drop(p, "one", "two", "three", "far")


# ---------------------------------------------------------------- create


NETWORKS = [
    [], "auto", "none", "x", None, {}, [{}], [{"uuid": "x"}], [{"uuid": "<uuid of nothing>"}], [{"uuid": None}], [{"port": "x"}],
    [{"port": "00000000-1111-2222-3333-444444444444"}], [{"uuid": "00000000-1111-2222-3333-444444444444"}],
    [{"uuid": "<network>", "port": "00000000-1111-2222-3333-444444444444"}], [{"fixed_ip": "10.77.0.9"}], [{"uuid": "<network>", "fixed_ip": "x"}],
    [{"uuid": "<network>", "fixed_ip": "192.0.2.1"}], [{"uuid": "<network>", "nonesuch": 1}], [{"uuid": "<network>", "tag": "t"}],
    [{"uuid": "<network>", "tag": ""}], [{"uuid": "<network>", "tag": "a,b"}], [{"uuid": "<network>", "tag": "t" * 61}],
    [{"port": "00000000-1111-2222-3333-444444444444", "fixed_ip": "10.77.0.9"}],
    [{"port": "00000000-1111-2222-3333-444444444444"}, {"port": "00000000-1111-2222-3333-444444444444"}], ["x"], [None], 1,
]

BAD = [
    dict(name=...), dict(name=""), dict(name=None), dict(name=1), dict(name=" "), dict(name=" a"), dict(name="a "), dict(name="a" * 256), dict(name="a\x00"),
    dict(name=[]), dict(name="\u200b"), dict(imageRef=...), dict(imageRef=""), dict(imageRef="x"), dict(imageRef=None), dict(imageRef=1),
    dict(imageRef="00000000-1111-2222-3333-444444444444"), dict(imageRef="<queued image>"), dict(imageRef="<large image>"), dict(imageRef="<hungry image>"),
    dict(imageRef="<private image>"), dict(imageRef="http://127.0.0.1:9292/images/<image>"), dict(flavorRef=...), dict(flavorRef=""), dict(flavorRef=None),
    dict(flavorRef="nonesuch"), dict(flavorRef=99999), dict(flavorRef=-1), dict(flavorRef=1.5), dict(flavorRef="http://x/flavors/nonesuch"), dict(flavorRef={}),
    dict(flavorRef="a/"), dict(metadata=None), dict(metadata=[]), dict(metadata="x"), dict(metadata={"a": 1}), dict(metadata={"": "x"}),
    dict(metadata={"a" * 256: "x"}), dict(metadata={"a": "x" * 256}), dict(metadata={"a$": "x"}), dict(metadata={"a": None}),
    dict(metadata={str(i): "x" for i in range(129)}), dict(metadata={"ü": "x"}), dict(adminPass=1), dict(adminPass=None), dict(adminPass=[]),
    dict(accessIPv4="x"), dict(accessIPv4="fe80::1"), dict(accessIPv4=1), dict(accessIPv4=None), dict(accessIPv6="1.2.3.4"), dict(accessIPv6="x"),
    dict(accessIPv4="1.2.3.4/24"), dict(accessIPv4="1.2.3"), dict(accessIPv4="01.2.3.4"), dict(accessIPv6="::ffff:1.2.3.4x"),
    {"OS-DCF:diskConfig": "x"}, {"OS-DCF:diskConfig": "auto"}, {"OS-DCF:diskConfig": None}, {"OS-DCF:diskConfig": 1},
    dict(availability_zone="nonesuch"), dict(availability_zone=""), dict(availability_zone=" "), dict(availability_zone=None), dict(availability_zone=1),
    dict(availability_zone="nova:"), dict(availability_zone="nova:nonesuch"), dict(availability_zone="nova:a:b:c"), dict(availability_zone="a" * 256),
    dict(availability_zone=":x"), dict(availability_zone="::x"), dict(availability_zone="nova:fake1:nonesuch"), dict(availability_zone="internal"),
    dict(key_name="nonesuch"), dict(key_name=""), dict(key_name=1), dict(key_name=None), dict(key_name=" "), dict(key_name="a" * 256),
    dict(user_data="x"), dict(user_data="x\u20ac"), dict(user_data=1), dict(user_data=None), dict(user_data=""), dict(user_data="!" * 65536),
    dict(user_data="aGVsbG8"), dict(user_data="aGVs bG8="), dict(user_data="aGVsbG8=\n"), dict(user_data="A" * 65536),
    dict(config_drive="x"), dict(config_drive=1), dict(config_drive=None), dict(config_drive="yes"), dict(config_drive=[]), dict(config_drive=""),
    dict(min_count=0), dict(min_count="x"), dict(min_count=2, max_count=1), dict(max_count=0), dict(max_count=-1), dict(min_count=1.5),
    dict(min_count=""), dict(min_count=None), dict(min_count=True), dict(min_count="0"), dict(min_count=10**9),
    dict(return_reservation_id="x"), dict(return_reservation_id=1), dict(return_reservation_id=None),
    dict(security_groups=[{"name": "nonesuch"}]), dict(security_groups=[]), dict(security_groups=None), dict(security_groups="x"),
    dict(security_groups=[{}]), dict(security_groups=[{"name": ""}]), dict(security_groups=[{"name": 1}]), dict(security_groups=[{"id": "x"}]),
    dict(security_groups=["default"]), dict(security_groups=[{"name": "default"}, {"name": "default"}]), dict(security_groups=[{"name": "a" * 256}]),
    dict(personality=[]), dict(personality=[{"path": "/a", "contents": "eA=="}]), dict(personality=[{"path": "/a"}]), dict(personality=[{"contents": "eA=="}]),
    dict(personality=[{"path": "/a", "contents": "!"}]), dict(personality=None), dict(personality=[{"path": "/" + "a" * 255, "contents": "eA=="}]),
    dict(personality=[{"path": "/a", "contents": "eA=="}] * 6), dict(personality=[{"path": "", "contents": "eA=="}]), dict(personality=[{"path": 1, "contents": 1}]),
    dict(personality=[{"path": "/a", "contents": "A" * 10244}]),
    dict(description="x"), dict(description=None), dict(description=""), dict(description="a" * 256), dict(description=1), dict(description="a\n"), dict(description="\x00"),
    dict(tags=["a"]), dict(tags=[]), dict(tags=["a", "a"]), dict(tags=[""]), dict(tags=["a,b"]), dict(tags=["a/b"]), dict(tags=["a" * 61]), dict(tags=[1]),
    dict(tags=[str(i) for i in range(51)]), dict(tags=None), dict(tags="x"), dict(tags=["ü"]), dict(tags=[" "]),
    dict(trusted_image_certificates=["x"]), dict(trusted_image_certificates=[]), dict(trusted_image_certificates=None),
    dict(trusted_image_certificates=["x"] * 51), dict(trusted_image_certificates=["x", "x"]), dict(trusted_image_certificates=[""]),
    dict(host="nonesuch"), dict(host=""), dict(host=1), dict(hypervisor_hostname="nonesuch"), dict(hypervisor_hostname=""), dict(host="fake1", availability_zone="nova:fake1"),
    dict(host="a b"), dict(host="fake1", hypervisor_hostname="nonesuch"),
    dict(hostname="a.b"), dict(hostname=""), dict(hostname=None), dict(hostname="-a"), dict(hostname="a_b"), dict(hostname="a" * 64), dict(hostname="A"),
    dict(hostname="a", max_count=2), dict(hostname="a.b.c", max_count=2), dict(hostname="1"), dict(hostname="a" * 256), dict(hostname="a..b"), dict(hostname="a."),
    dict(block_device_mapping_v2=[]), dict(block_device_mapping_v2=[{}]), dict(block_device_mapping_v2=None), dict(block_device_mapping_v2="x"),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "nonesuch"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "x", "source_type": "nonesuch"}]),
    dict(block_device_mapping_v2=[{"boot_index": 1, "uuid": "<image>", "source_type": "image", "destination_type": "local"}]),
    dict(block_device_mapping_v2=[{"boot_index": -1, "source_type": "blank", "destination_type": "local", "volume_size": 1}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "00000000-1111-2222-3333-444444444444", "source_type": "image", "destination_type": "local"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"},
                                  {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"},
                                  {"boot_index": -1, "source_type": "blank", "destination_type": "local", "guest_format": "swap", "volume_size": 99999}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "nonesuch": 1}]),
    dict(block_device_mapping_v2=[{"boot_index": "x", "uuid": "<image>", "source_type": "image", "destination_type": "local"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "tag": "a,b"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "volume_type": "x"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "disk_bus": "x y"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "device_name": "a b"}]),
    dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "delete_on_termination": "x"}]),
    dict(imageRef="", block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"}]),
    dict(block_device_mapping=[]), dict(block_device_mapping=[{}]), dict(block_device_mapping=[{"device_name": "vda"}]),
    dict(block_device_mapping=[{"device_name": "vda", "volume_id": "x"}]), dict(block_device_mapping=[{"device_name": ""}]),
    dict(block_device_mapping=[{"virtual_name": "root", "device_name": "vda", "no_device": ""}]),
    dict(block_device_mapping=[{"device_name": "vda", "no_device": True}], block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"}]),
    dict(nonesuch=1), dict(z=1, a=2), {"os:scheduler_hints": {}}, {"OS-EXT-AZ:availability_zone": "nova"},
]
HINTS = [{}, None, [], "x", {"group": "x"}, {"group": "00000000-1111-2222-3333-444444444444"}, {"same_host": "x"}, {"same_host": ["x"]}, {"same_host": []},
         {"different_host": 1}, {"query": 1}, {"query": "x"}, {"build_near_host_ip": "x"}, {"cidr": "x"}, {"cidr": "/24"}, {"target_cell": "x"},
         {"different_cell": ["x"]}, {"k": "v"}, {"k": ["v", "w"]}, {"k": {"a": "b"}}, {"k": None}, {"k": 1}, {"k": True}, {"_nova_x": "y"}]


@play
def create_forms(p):
    """Ask for servers in every form; what is accepted is shown, and deleted."""
    p("POST", "/os-keypairs", {"keypair": {"name": "compare", "public_key": KEY}}, at=NEWEST, compare=False)
    for at in ("2.1", "2.37", "2.52", "2.57", "2.63", "2.90", NEWEST):
        made = []
        forms = [server(at, **form) for form in BAD]
        forms += [server(at, networks=networks) for networks in NETWORKS] + [server(at, networks=...)]
        for key in ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"):
            forms += [server(at) | {key: hints} for hints in HINTS]
        forms += [server(at) | {"nonesuch": 1}, {}, [], {"server": []}, {"server": None}, {"server": {}}, {"servers": {}}]
        for i, form in enumerate(forms):
            name = f"made{i}"
            for cloud in p.both:
                cloud.names.pop(name, None)
            replies = p("POST", "/servers", form, at=at, save={name: "server.id"})
            made += [(name, form)] if all(r.status == 202 for r in replies) and name in p.reference.names else []
            if any(r.status == 202 for r in replies) and (name, form) not in made:
                for cloud in p.both:
                    if name in cloud.names:
                        p.ask(cloud, "DELETE", f"/servers/<{name}>")
        settle(p, made, at)


@play
def create_good(p):
    """Ask for servers in forms that are good."""
    p("POST", "/os-keypairs", {"keypair": {"name": "compare", "public_key": KEY}}, at=NEWEST, compare=False)
    forms = [
        dict(), dict(name="compare ü€"), dict(name="Compare_UPPER.dots and spaces"), dict(name="compare " + "x" * 247), dict(name="1.2.3.4"), dict(name="---"),
        dict(name="\u65e5\u672c"), dict(metadata={"a": "b", "B": "c"}), dict(accessIPv4="1.2.3.4"), dict(accessIPv6="FE80:0:0::1"), dict(accessIPv4=""),
        {"OS-DCF:diskConfig": "AUTO"}, {"OS-DCF:diskConfig": "MANUAL"}, dict(availability_zone="nova"), dict(key_name="compare"), dict(user_data="aGVsbG8="),
        dict(config_drive=True), dict(config_drive="false"), dict(min_count=1, max_count=2), dict(min_count="2"), dict(return_reservation_id=True),
        dict(return_reservation_id=True, min_count=2), dict(security_groups=[{"name": "default"}]), dict(security_groups=[]), dict(adminPass="secret"), dict(adminPass=""),
        dict(networks=[{"uuid": "<network>"}]), dict(networks=[{"uuid": "<network>"}], security_groups=[{"name": "default"}]),
        dict(flavorRef=42), dict(flavorRef="http://x/flavors/42"), dict(flavorRef="1"),
        dict(block_device_mapping_v2=[{"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local", "delete_on_termination": True}]),
        dict(description="words"), dict(tags=["b", "a"]), dict(hostname="chosen"), dict(hostname="chosen.example.org"), dict(trusted_image_certificates=["a", "b"]),
    ]
    for at in ("2.1", "2.63", NEWEST):
        made = []
        for i, form in enumerate(forms):
            name = f"made{i}"
            for cloud in p.both:
                cloud.names.pop(name, None)
            replies = p("POST", "/servers", server(at, **form), at=at, save={name: "server.id"})
            if all(r.status == 202 for r in replies) and name in p.reference.names:
                made.append((name, form))
        settle(p, made, at)


@play
def create_by(p):
    """Ask for servers as everybody, on hosts of their choice."""
    p("POST", "/os-keypairs", {"keypair": {"name": "compare", "public_key": KEY}}, at=NEWEST, compare=False)
    for by in PERSONAS:
        made = []
        for i, form in enumerate((dict(), dict(availability_zone="nova:fake1"), dict(availability_zone="nova:fake1:fake1"), dict(availability_zone="nova::fake1"),
                                  dict(host="fake1"), dict(hypervisor_hostname="fake1"), dict(host="fake1", hypervisor_hostname="fake1"), dict(host="fake1", availability_zone="nova"),
                                  dict(availability_zone="nonesuch:fake1"), dict(host="nonesuch"), dict(hypervisor_hostname="nonesuch"), dict(availability_zone="nova:nonesuch"),
                                  dict(availability_zone="internal"), dict(trusted_image_certificates=["a"]), dict(key_name="compare"), dict(imageRef="<private image>"))):
            for at in ("2.73", NEWEST):
                name = f"made{i}{at.replace('.', '')}"
                replies = p("POST", "/servers", server(at, **form), at=at, by=by, save={name: "server.id"})
                if all(r.status == 202 for r in replies):
                    made.append((name, form))
        settle(p, made, NEWEST, by=by)


@play
def hints(p):
    """Ask for servers with hints, and in the legacy API."""
    hints = [{"k": "v"}, {"k": ["v", "w"]}, {"k": []}, {"a": "1", "b": ["2"]}, {"k": 1}, {"k": True}, {"k": None}, {"k": {"a": "b"}}, {"query": ["=", "a"]},
             {"query": '["=", "$free_ram_mb", 1]'}, {"build_near_host_ip": "10.0.0.1", "cidr": "/24"}, {"same_host": []}, {"_nova_x": "y", "k": "v"}, {}]
    for at in ("2.1", "2.100"):
        made = []
        for i, hint in enumerate(hints):
            for j, key in enumerate(("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints")[: 1 + (i < 2)]):
                name = f"hint{i}{j}"
                replies = p("POST", "/servers", server(at) | {key: hint}, at=at, save={name: "server.id"})
                if all(r.status == 202 for r in replies):
                    made.append((name, {key: hint}))
        settle(p, made, "2.100")
    for body in (server(None), server(None, nonesuch=1), server(None, name="  compare v2  "), server(None, description="x"), server(None, tags=["a"]), server(None, user_data=None),
                 server(None, min_count=1, max_count=2), server(None, name=""), server(None, metadata={"a$": "b"}), server(None, flavorRef="nonesuch"), {"nonesuch": 1}):
        p("POST", "/servers", body, at=None, root="/v2", save={"v2": "server.id"})
        p("GET", "/servers/<v2>", at=None, root="/v2", compare=False)
        p("DELETE", "/servers/<v2>", at=None, root="/v2", compare=False)


def settle(p, made, at, by="member"):
    """Wait for servers, look at them, and delete them."""
    made = made[:40]
    for name, form in made:
        p.settled(name)
    for name, form in made:
        own = form.get("server", form)  # what is the same in all forms is not told
        own = {key: value for key, value in own.items() if key not in ("name", "imageRef", "flavorRef", "networks")} | {k: v for k, v in form.items() if k != "server"}
        note = urllib.parse.quote(repr(own)[:90], safe="{}':, []()_-")
        p("GET", f"/servers/<{name}>", at=NEWEST, by="admin", note=f"made at {at} with {note}")
        p("GET", f"/servers/<{name}>", at=at, by=by, note=f"made at {at} with {note}")
    for cloud in p.both:
        for name, form in made:
            p.ask(cloud, "DELETE", f"/servers/<{name}>")
        for one in p.ask(cloud, "GET", "/servers?all_tenants=1&project_id=<home>").json.get("servers", []):
            p.ask(cloud, "DELETE", "/servers/" + one["id"])


@play
def over_quota(p):
    """Ask for more than a project may have."""
    for quota, form in (({"instances": 1}, dict(min_count=2)), ({"cores": 1}, dict(min_count=2)), ({"ram": 64}, dict(min_count=2)),
                        ({"instances": 0}, dict()), ({"cores": 0}, dict()), ({"ram": 63}, dict()), ({"instances": 0, "cores": 0, "ram": 0}, dict()),
                        ({"instances": 2, "cores": 2}, dict(min_count=3, max_count=5)), ({"metadata_items": 1}, dict(metadata={"a": "b", "c": "d"})),
                        ({"injected_files": 0}, dict(personality=[{"path": "/a", "contents": "eA=="}]))):
        for at in ("2.1", "2.36", NEWEST):
            p("PUT", "/os-quota-sets/<home>", {"quota_set": QUOTA | {"metadata_items": 128} | quota}, by="admin", at="2.1", compare=False)
            p("POST", "/servers", server(at, **form), at=at)
            p("POST", "/servers", server(at, **form), at=at, by="admin")
    p("DELETE", "/os-quota-sets/<home>", by="admin", compare=False)
    p("PUT", "/os-quota-sets/<home>", {"quota_set": QUOTA}, by="admin", compare=False)
    p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"instances": 1}}, by="admin", compare=False)
    boot(p, "s")
    p("POST", "/servers", server())
    for by in ("member", "manager", "admin"):
        for at in ("2.1", NEWEST):
            p("GET", "/limits", at=at, by=by)
            p("GET", "/os-quota-sets/<home>/detail", at=at, by=by)
            p("GET", "/os-quota-sets/<home>/detail?user_id=<member>", at=at, by=by)
    p("PUT", "/os-quota-sets/<home>", {"quota_set": {"instances": 0}}, by="admin")
    p("PUT", "/os-quota-sets/<home>", {"quota_set": {"instances": 0, "force": True}}, by="admin")
    p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"instances": 0}}, by="admin")
    drop(p, "s")
    p("DELETE", "/os-quota-sets/<home>?user_id=<member>", by="admin", compare=False)
    p("PUT", "/os-quota-sets/<home>", {"quota_set": QUOTA}, by="admin", compare=False)


# ---------------------------------------------------------------- change


@play
def updates(p):
    boot(p, "s", at="2.96", availability_zone="nova")
    boot(p, "free", at="2.96")
    forms = [
        {"name": "compare new"}, {"name": ""}, {"name": " "}, {"name": " a"}, {"name": None}, {"name": 1}, {"name": "a" * 256}, {"name": "ü"}, {"name": "a\x00"}, {},
        {"description": "x"}, {"description": None}, {"description": ""}, {"description": "a" * 256}, {"description": 1}, {"accessIPv4": "5.6.7.8"},
        {"accessIPv4": ""}, {"accessIPv4": "x"}, {"accessIPv4": None}, {"accessIPv4": "fe80::1"}, {"accessIPv6": "FE80::2"}, {"accessIPv6": "x"}, {"accessIPv6": ""},
        {"OS-DCF:diskConfig": "AUTO"}, {"OS-DCF:diskConfig": "MANUAL"}, {"OS-DCF:diskConfig": "x"}, {"hostname": "new-host"}, {"hostname": "a.b"}, {"hostname": "A"},
        {"hostname": ""}, {"hostname": None}, {"hostname": "-"}, {"nonesuch": 1}, {"name": "compare s", "nonesuch": 1}, {"metadata": {}}, {"personality": []},
        {"pinned_availability_zone": "nova"}, {"pinned_availability_zone": "nonesuch"}, {"pinned_availability_zone": None}, {"pinned_availability_zone": "nova"},
        {"pinned_availability_zone": ""}, {"pinned_availability_zone": 1}, {"adminPass": "x"}, {"name": "compare s", "accessIPv4": "1.1.1.1", "description": "d"},
        {"pinned_availability_zone": "internal"}, {"pinned_availability_zone": "nova", "name": "x"},
    ]
    for at in ("2.1", "2.18", "2.19", "2.74", "2.75", "2.89", "2.90", "2.93", "2.94", "2.103", NEWEST):
        for form in forms:
            p("PUT", "/servers/<s>", {"server": form}, at=at)
            p("PUT", "/servers/<free>", {"server": form}, at=at, by="admin")
        for body in ({}, [], None, {"server": []}, {"server": None}, {"server": {"name": "x"}, "x": 1}, {"x": {}}):
            p("PUT", "/servers/<s>", body, at=at)
        p("GET", "/servers/<s>", at=at)
        p("GET", "/servers/<free>", at=at, by="admin")
    for form in forms:
        p("PUT", "/servers/<s>", {"server": form}, at=None, root="/v2")
    for by in PERSONAS:
        for at in ("2.1", "2.75", NEWEST):
            p("PUT", "/servers/<s>", {"server": {"name": "compare by " + by}}, at=at, by=by)
            p("PUT", "/servers/<s>", {"server": {"nonesuch": 1}}, at=at, by=by)
    drop(p, "s", "free")


@play
def metadata(p):
    boot(p, "s", metadata={"a": "b", "c": "d"})
    base = "/servers/<s>/metadata"
    for at in ("2.1", NEWEST):
        for body in ({"metadata": {"a": "x"}}, {"metadata": {}}, {"metadata": {"new": "n"}}, {"metadata": None}, {"metadata": []}, {"metadata": "x"}, {}, None,
                     {"metadata": {"a": 1}}, {"metadata": {"a": None}}, {"metadata": {"a": ""}}, {"metadata": {"": "x"}}, {"metadata": {"a" * 255: "x" * 255}},
                     {"metadata": {"a" * 256: "x"}}, {"metadata": {"a": "x" * 256}}, {"metadata": {"a b:c.d-e_f": "x"}}, {"metadata": {"ü": "x"}}, {"metadata": {"a": "ü"}},
                     {"metadata": {"a/b": "x"}}, {"metadata": {"a": "x"}, "x": 1}, {"meta": {"a": "x"}}, {"metadata": {"z": "1", "$": "x", "b$": "y"}},
                     {"metadata": {str(i): "x" for i in range(128)}}, {"metadata": {str(i): "x" for i in range(129)}}, {"metadata": {"one more": "x"}},
                     {"metadata": {"a": "b", "c": "d"}}):
            p("PUT", base, body, at=at)
            p("GET", base, at=at)
            p("POST", base, body, at=at)
            p("GET", base, at=at)
        p("PUT", base, {"metadata": {"a": "b", "c": "d"}}, at=at)
        for key, body in (("a", {"meta": {"a": "z"}}), ("a", {"meta": {"b": "z"}}), ("a", {"meta": {"a": "1", "b": "2"}}), ("a", {"meta": {}}), ("a", {"meta": None}),
                          ("a", {"meta": {"a": 1}}), ("a", {}), ("a", {"metadata": {"a": "z"}}), ("new", {"meta": {"new": "n"}}), ("a", {"meta": {"a": "x" * 256}}),
                          ("a%20b", {"meta": {"a b": "n"}}), ("%24", {"meta": {"$": "n"}}), ("a", {"meta": {"a": "z"}, "x": 1}), ("%E2%82%AC", {"meta": {"\u20ac": "n"}})):
            p("PUT", f"{base}/{key}", body, at=at)
            p("GET", f"{base}/{key}", at=at)
            p("DELETE", f"{base}/{key}", at=at)
            p("DELETE", f"{base}/{key}", at=at)
        p("PUT", base, {"metadata": {"a": "b"}}, at=at)
        for by in PERSONAS:
            for method, path, body in (("GET", "", None), ("GET", "/a", None), ("GET", "/zz", None), ("POST", "", {"metadata": {"a": "b"}}), ("PUT", "", {"metadata": {"a": "b"}}),
                                       ("PUT", "/a", {"meta": {"a": "b"}}), ("DELETE", "/zz", None), ("PUT", "/a", {"meta": {"b": "b"}})):
                p(method, base + path, body, at=at, by=by)
    for method, path, body in (("GET", "", None), ("POST", "", {"metadata": {"a": "b"}, "x": 1}), ("PUT", "", {"metadata": {"$": "b"}}), ("PUT", "/a", {"meta": {"a": "b"}})):
        p(method, base + path, body, at=None, root="/v2")
    drop(p, "s")


@play
def tags(p):
    boot(p, "s")
    base = "/servers/<s>/tags"
    for at in ("2.25", "2.26", NEWEST):
        for body in ({"tags": ["b", "a"]}, {"tags": []}, {"tags": ["a", "a"]}, {"tags": [""]}, {"tags": ["a,b"]}, {"tags": ["a/b"]}, {"tags": ["a" * 60]}, {"tags": ["a" * 61]},
                     {"tags": [1]}, {"tags": None}, {"tags": "x"}, {}, None, {"tags": [], "x": 1}, {"tags": [str(i) for i in range(50)]}, {"tags": [str(i) for i in range(51)]},
                     {"tags": ["ü", " ", "A", "a"]}, {"tags": [None]}):
            p("PUT", base, body, at=at)
            p("GET", base, at=at)
        p("PUT", base, {"tags": [str(i) for i in range(50)]}, at=at)
        p("PUT", base + "/more", at=at)
        p("PUT", base + "/1", at=at)
        p("PUT", base, {"tags": ["t"]}, at=at)
        for tag in ("t", "new", "new", "a,b", "a%2Fb", "a" * 60, "a" * 61, "a%20b", "%20", "x", "T", "a:b"):
            p("PUT", f"{base}/{tag}", at=at)
            p("GET", f"{base}/{tag}", at=at)
            p("GET", base, at=at)
        for body in ({}, {"x": 1}, None, []):
            p("PUT", f"{base}/x", body, at=at)
        p("PUT", f"{base}/x", raw="", at=at)
        p("PUT", f"{base}/x", raw="x", at=at)
        for tag in ("t", "t", "nonesuch"):
            p("DELETE", f"{base}/{tag}", at=at)
        p("DELETE", base, at=at)
        p("GET", base, at=at)
        for by in PERSONAS:
            for method, path, body in (("GET", "", None), ("PUT", "", {"tags": ["t"]}), ("GET", "/t", None), ("GET", "/zz", None), ("PUT", "/t", None), ("PUT", "/a,b", None),
                                       ("DELETE", "/zz", None), ("DELETE", "/t", None), ("DELETE", "", None)):
                p(method, base + path, body, at=at, by=by)
    p("GET", base, at=None, root="/v2")
    drop(p, "s")


# ---------------------------------------------------------------- actions


STATES = {
    "ACTIVE": [], "SHUTOFF": [{"os-stop": None}], "PAUSED": [{"pause": None}], "SUSPENDED": [{"suspend": None}], "RESCUE": [{"rescue": None}],
    "VERIFY_RESIZE": [{"resize": {"flavorRef": "1"}}], "SHELVED_OFFLOADED": [{"shelve": None}], "ERROR": [{"os-resetState": {"state": "error"}}],
}
DEEDS = [
    {"os-start": None}, {"os-stop": None}, {"reboot": {"type": "SOFT"}}, {"reboot": {"type": "HARD"}}, {"pause": None}, {"unpause": None}, {"lock": None},
    {"unlock": None}, {"createImage": {"name": "compare image"}}, {"createBackup": {"name": "compare image", "backup_type": "daily", "rotation": 1}},
    {"os-getConsoleOutput": {"length": 5}}, {"suspend": None}, {"resume": None}, {"rescue": None}, {"unrescue": None}, {"rebuild": {"imageRef": "<image>"}},
    {"changePassword": {"adminPass": "secret"}}, {"trigger_crash_dump": None}, {"injectNetworkInfo": None}, {"resize": {"flavorRef": "2"}}, {"confirmResize": None},
    {"revertResize": None}, {"shelve": None}, {"shelveOffload": None}, {"unshelve": None}, {"restore": None}, {"addFixedIp": {"networkId": "<network>"}},
    {"removeFixedIp": {"address": "10.77.0.3"}}, {"addFloatingIp": {"address": "192.0.2.7"}}, {"removeFloatingIp": {"address": "192.0.2.7"}},
    {"addSecurityGroup": {"name": "nonesuch"}}, {"removeSecurityGroup": {"name": "nonesuch"}}, {"os-getVNCConsole": {"type": "novnc"}}, {"forceDelete": None},
]


def bring(p, status):
    """Boot the server s, and bring it into a status."""
    boot(p, "s", at="2.37")
    for step in STATES[status]:
        p("POST", "/servers/<s>/action", step, by="admin", compare=False)
        p.wait("s", status)


def deeds_when(status):
    """Make the play that does everything in a state, and looks at what comes of it.

    A server that refuses a deed is there for the next one.
    """
    def deeds(p):
        for at in ("2.1", "2.17", NEWEST):
            there = False
            for deed in DEEDS if at != "2.17" else [{"trigger_crash_dump": None}]:
                if not there:
                    bring(p, status)
                note = f"{next(iter(deed))} when {status}"
                by = "admin" if "injectNetworkInfo" in deed or "shelveOffload" in deed else "member"
                replies = p("POST", "/servers/<s>/action", deed, at=at, by=by, note=note)
                there = all(reply.status >= 400 for reply in replies)
                if not there:
                    look_after(p, note, at)
            if there:
                drop(p, "s")
    deeds.__name__ = "deeds_" + status.lower()
    return play(deeds)


def look_after(p, note, at):
    """Look at a server to which something was done, and delete it."""
    if note.startswith("confirmResize"):  # which no task state tells of
        p.wait("s")
    elif note.startswith("forceDelete"):
        p.gone("s")
    p.settled("s")
    p("GET", "/servers/<s>", at=at, note=f"after {note}")
    p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"after {note}")
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, note=f"after {note}")
    events(p, f"after {note}")
    drop(p, "s")


for each in STATES:
    deeds_when(each)


def events(p, note, versions=(NEWEST,), personas=("member", "admin")):
    """Look at each action of a server with its events."""
    ids = [[a["request_id"] for a in p.ask(c, "GET", "/servers/<s>/os-instance-actions").json.get("instanceActions", [])] for c in p.both]
    if len(ids[0]) != len(ids[1]):
        return
    for i, pair in enumerate(zip(*ids, strict=True)):
        for cloud, request in zip(p.both, pair, strict=True):
            cloud.bind(f"request {i}", request)
        for at in versions:
            for by in personas:
                p("GET", f"/servers/<s>/os-instance-actions/<request {i}>", at=at, by=by, note=note)


@play
def action_bodies(p):
    """Send actions with bodies of every kind."""
    boot(p, "s")
    bodies = [
        {"os-start": {}}, {"os-start": "x"}, {"os-start": []}, {"os-start": 1}, {"os-stop": {"x": 1}}, {"pause": {}}, {"pause": {"x": 1}}, {"unpause": "x"}, {"pause": None, "x": 1},
        {"reboot": None}, {"reboot": {}}, {"reboot": {"type": "x"}}, {"reboot": {"type": "soft", "x": 1}}, {"reboot": {"type": 1}}, {"reboot": {"type": "Soft"}}, {"reboot": []},
        {"reboot": {"type": None}}, {"reboot": {"type": ""}},
        {"lock": {}}, {"lock": {"locked_reason": "why"}}, {"lock": {"locked_reason": ""}}, {"lock": {"locked_reason": "a" * 256}}, {"lock": {"locked_reason": 1}}, {"lock": {"x": 1}},
        {"lock": "x"}, {"lock": None}, {"lock": {"locked_reason": None}}, {"unlock": {}}, {"unlock": "x"}, {"unlock": None}, {"unlock": {"x": 1}},
        {"createImage": None}, {"createImage": {}}, {"createImage": {"name": ""}}, {"createImage": {"name": " a"}}, {"createImage": {"name": 1}}, {"createImage": {"name": "a" * 256}},
        {"createImage": {"name": "compare image", "metadata": None}}, {"createImage": {"name": "compare image", "metadata": {"a": 1}}},
        {"createImage": {"name": "compare image", "metadata": {"": "x"}}}, {"createImage": {"name": "compare image", "metadata": {"a$": "x"}}},
        {"createImage": {"name": "compare image", "metadata": {"a": "x" * 256}}}, {"createImage": {"name": "compare image", "x": 1}},
        {"createImage": {"name": "compare image", "metadata": {str(i): "x" for i in range(129)}}},
        {"createBackup": None}, {"createBackup": {}}, {"createBackup": {"name": "a"}}, {"createBackup": {"name": "a", "backup_type": "daily"}},
        {"createBackup": {"name": "a", "backup_type": "daily", "rotation": -1}}, {"createBackup": {"name": "a", "backup_type": "daily", "rotation": "x"}},
        {"createBackup": {"name": "a", "backup_type": "", "rotation": 1}}, {"createBackup": {"name": "", "backup_type": "daily", "rotation": 1}},
        {"createBackup": {"name": "a", "backup_type": 1, "rotation": 1}}, {"createBackup": {"name": "a", "backup_type": "d", "rotation": 1, "x": 1}},
        {"createBackup": {"name": "a", "backup_type": "d", "rotation": 1, "metadata": {"a": 1}}}, {"createBackup": {"name": "a", "backup_type": "d", "rotation": 1.5}},
        {"createBackup": {"name": "a", "backup_type": "d", "rotation": None}}, {"createBackup": {"name": "a", "backup_type": "d", "rotation": 2**31}},
        {"os-getConsoleOutput": None}, {"os-getConsoleOutput": {}}, {"os-getConsoleOutput": {"length": 0}}, {"os-getConsoleOutput": {"length": "3"}}, {"os-getConsoleOutput": {"length": -1}},
        {"os-getConsoleOutput": {"length": -2}}, {"os-getConsoleOutput": {"length": "x"}}, {"os-getConsoleOutput": {"length": None}}, {"os-getConsoleOutput": {"length": 1.5}},
        {"os-getConsoleOutput": {"x": 1}}, {"os-getConsoleOutput": {"length": ""}}, {"os-getConsoleOutput": {"length": True}}, {"os-getConsoleOutput": "x"},
        {"os-getConsoleOutput": {"length": 10**20}}, {"os-getConsoleOutput": {"length": 1}},
        {"os-resetState": None}, {"os-resetState": {}}, {"os-resetState": {"state": "x"}}, {"os-resetState": {"state": 1}}, {"os-resetState": {"state": "ACTIVE"}},
        {"os-resetState": {"state": "active", "x": 1}}, {"os-resetState": "active"}, {"os-resetState": {"state": None}},
        {"os-start": None, "os-stop": None}, {}, {"nonesuch": None}, {"Reboot": None}, {"os-start": None, "x": None}, {"": None}, {"backup_instance": {}},
    ]
    for at in ("2.1", "2.38", "2.39", "2.44", "2.45", "2.72", "2.73", NEWEST):
        for body in bodies:
            for by in ("member", "admin"):
                if by == "admin" and at not in ("2.1", NEWEST):
                    continue
                p("POST", "/servers/<s>/action", body, at=at, by=by)
                if next(iter(body), "") in ("createImage", "createBackup", "reboot"):
                    p.settled("s")
        p("GET", "/servers/<s>", at=NEWEST)
        p("POST", "/servers/<s>/action", {"unlock": None}, by="admin", compare=False)
    for body in bodies:
        p("POST", "/servers/<s>/action", body, at=None, root="/v2")
        p.settled("s")
    p("POST", "/servers/<s>/action", {"unlock": None}, by="admin", compare=False)
    drop(p, "s")


@play
def locks(p):
    """Lock and unlock as everybody, with the other's lock in place."""
    boot(p, "s")
    for at in ("2.1", "2.9", "2.72", "2.73", NEWEST):
        for locker in ("member", "admin", "manager", "stranger"):
            for by in PERSONAS:
                p("POST", "/servers/<s>/action", {"lock": {"locked_reason": "because"} if at in ("2.73", NEWEST) else None}, at=at, by=locker)
                p("GET", "/servers/<s>", at=at, by=by)
                p("GET", "/servers?locked=true", at=at, by=by)
                for deed in ({"os-stop": None}, {"reboot": {"type": "SOFT"}}, {"lock": None}, {"unlock": None}):
                    p("POST", "/servers/<s>/action", deed, at=at, by=by, note=f"{next(iter(deed))} locked by {locker}")
                    p.settled("s")
                p("POST", "/servers/<s>/action", {"unlock": None}, by="admin", compare=False)
                p("POST", "/servers/<s>/action", {"os-start": None}, by="admin", compare=False)
                p.settled("s")
    drop(p, "s")


@play
def resets(p):
    boot(p, "s")
    for at in ("2.1", NEWEST):
        for state in ("error", "active", "error"):
            for by in PERSONAS:
                p("POST", "/servers/<s>/action", {"os-resetState": {"state": state}}, at=at, by=by)
                p("GET", "/servers/<s>", at=at, by=by, note=f"after os-resetState {state}")
    p("POST", "/servers/<s>/action", {"os-resetState": {"state": "active"}}, by="admin")
    drop(p, "s")


@play
def images(p):
    """Take images and backups, and look at them in the image service and below the server."""
    boot(p, "s", at="2.52", metadata={"a": "b"})
    for at in ("2.1", "2.44", "2.45", NEWEST):
        for by in ("member", "manager", "admin", "reader"):
            for deed in ({"createImage": {"name": "compare image"}}, {"createImage": {"name": "compare image", "metadata": {"mine": "yes", "image_type": "own", "os_distro": "x"}}},
                         {"createBackup": {"name": "compare image", "backup_type": "daily", "rotation": 1}},
                         {"createBackup": {"name": "compare image", "backup_type": "weekly", "rotation": 0}}):
                for cloud in p.both:
                    cloud.names.pop("snapshot", None)
                replies = p("POST", "/servers/<s>/action", deed, at=at, by=by, save={"snapshot": "image_id"})
                if all(r.status == 202 for r in replies):
                    p.settled("s")
                    if at in ("2.45", NEWEST) and deed.get("createBackup", {}).get("rotation") != 0:
                        look = "/v2/images/<snapshot>"
                        p.beside(f"image of {deed} by {by}", lambda cloud: cloud.service("image", "GET", put_names(look, cloud)))
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST)
    events(p, "of images")
    drop(p, "s")


@play
def actions(p):
    """Look at the record of actions, in pages, and since when, as everybody."""
    boot(p, "s")
    for deed, status in (({"os-stop": None}, "SHUTOFF"), ({"os-start": None}, "ACTIVE"), ({"pause": None}, "PAUSED"), ({"unpause": None}, "ACTIVE"), ({"lock": None}, "ACTIVE")):
        p("POST", "/servers/<s>/action", deed)
        p.wait("s", status)
        tick()
    p("POST", "/servers/<s>/action", {"unpause": None})
    p("PUT", "/servers/<s>", {"server": {"name": "compare renamed"}})
    events(p, "", versions=("2.1", "2.50", "2.51", "2.58", "2.61", "2.62", "2.83", "2.84", NEWEST), personas=PERSONAS)
    for query in ("", "limit=2", "limit=0", "limit=x", "limit=-1", "limit=2&marker=<request 1>", "marker=nonesuch", "marker=<request 2>", "marker=", "limit=2&x=1",
                  "changes-since=2020-01-01T00:00:00Z", "changes-since=2099-01-01T00:00:00Z", "changes-since=x", "changes-before=2099-01-01T00:00:00Z", "changes-before=2020-01-01T00:00:00Z",
                  "changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z", "limit=1&limit=2", "limit=1&changes-since=2020-01-01T00:00:00Z", "sort_key=x"):
        for at in ("2.1", "2.57", "2.58", "2.65", "2.66", "2.75", NEWEST):
            for by in ("member", "admin"):
                p("GET", f"/servers/<s>/os-instance-actions?{query}", at=at, by=by)
    for by in PERSONAS:
        for at in ("2.1", "2.20", "2.21", "2.51", "2.58", "2.62", "2.84", NEWEST):
            p("GET", "/servers/<s>/os-instance-actions", at=at, by=by)
            p("GET", "/servers/<s>/os-instance-actions/nonesuch", at=at, by=by)
    drop(p, "s")


@play
def faults(p):
    """Look at a server that no host has room for."""
    purge_flavors(p)
    p("POST", "/flavors", flavor(vcpus=100000, ram=64), by="admin", compare=False)
    p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": -1}}, by="admin", compare=False)
    p("POST", "/servers", server("2.37", flavorRef="compare-1", tags=...), at="2.37", save={"s": "server.id"})
    p.settled("s")
    for at in BREAKS:
        for by in ("member", "admin"):
            p("GET", "/servers/<s>", at=at, by=by)
            p("GET", "/servers/detail", at=at, by=by)
    for by in PERSONAS:
        for at in ("2.1", NEWEST):
            p("GET", "/servers/<s>", at=at, by=by)
            p("GET", "/servers?status=ERROR", at=at, by=by)
            p("GET", "/servers/<s>/os-instance-actions", at=at, by=by)
    events(p, "of a server without a host", versions=("2.1", "2.51", "2.62", "2.84", NEWEST), personas=PERSONAS)
    for name, body in ACTIONS.items():
        if name not in ("os-resetState", "lock", "unlock", "forceDelete"):
            for by in ("member", "admin"):
                p("POST", "/servers/<s>/action", {name: body}, by=by)
    p("PUT", "/servers/<s>", {"server": {"name": "compare failed"}})
    p("POST", "/servers/<s>/metadata", {"metadata": {"a": "b"}})
    p("PUT", "/servers/<s>/tags/a", at="2.26")
    p("GET", "/servers/<s>/ips")
    p("POST", "/servers/<s>/action", {"os-resetState": {"state": "active"}}, by="admin")
    p("GET", "/servers/<s>")
    p("POST", "/servers/<s>/action", {"os-stop": None})
    p("DELETE", "/servers/<s>")
    p.gone("s")
    purge_flavors(p)


@play
def deletes(p):
    for by in PERSONAS:
        boot(p, "s")
        p("DELETE", "/servers/<s>", by=by)
        p("DELETE", "/servers/<s>", by="admin", compare=False)
        p.gone("s")
        p("DELETE", "/servers/<s>", by=by)
        p("GET", "/servers/<s>", by=by)
    for at in FEW:
        boot(p, "s")
        p("DELETE", "/servers/<s>", at=at)
        p.gone("s")
    boot(p, "s")
    p("DELETE", "/servers/<s>", at=None, root="/v2")
    p.gone("s")
