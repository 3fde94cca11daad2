"""The calls that are compared: a play for each resource.

A play is a function of a Pair. It leaves nothing behind that another play
would see, but images and networks, which __main__ makes and removes.
"""

import itertools
import time

PLAYS = []

# The versions at which something changes in what is compared, and all of the
# newest ones.
BREAKS = [f"2.{minor}" for minor in (
    1, 2, 3, 5, 7, 9, 10, 11, 13, 16, 18, 19, 21, 25, 26, 32, 33, 35, 36, 37, 38, 39, 42, 44, 45, 46, 47, 50, 51, 52,
    54, 55, 57, 58, 60, 61, 62, 63, 66, 67, 69, 71, 72, 73, 74, 75, 79, 83, 84, 86, 87, 89, 90, 92, 93,
    *range(94, 105),
)]
NEWEST = "2.104"
FEW = ["2.1", "2.46", "2.74", "2.93", "2.104"]
PERSONAS = ["admin", "manager", "member", "reader", "other", "stranger"]
NOWHERE = "/servers/00000000-1111-2222-3333-444444444444"
KEY = ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDx8nkQv/zgGgB4rMYmIf+6A4l6Rr+o/6lHBQdW5aYd44bd8JttDCE/F/pNRr0l"
       "RE+PiqSPO8nDPHw0010JeMH9gYgnnFlyY3/OcJ02RhIPyyxYpv9FhY+2YiUkpwFOcLImyrxEsYXpD/0d3ac30bNH6Sw9JD9UZHYc"
       "pSxsIbECHw== me@example")


def play(function):
    """Add a function to the plays."""
    PLAYS.append(function)
    return function


# ---------------------------------------------------------------- versions


@play
def versions(p):
    for path in ("/", "", "/v2", "/v2/", "/v2.1", "/v2.1/", "/v3", "/v1.1/servers", "/v2.1x", "/serv", "/v2.1//",
                 "//v2.1", "/v2.0", "/index.html", "/favicon.ico", "/v2.1/?a=b", "/v2.2/servers?x=y"):
        for headers in ((), (("Accept", "text/html"),), (("Accept", "application/xml"),), (("Accept", None),)):
            p("GET", path, root="", at=None, by=None, headers=headers, note=str(headers))
    for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
        for path in ("/", "/v2.1", "/v2.1/", "/v3"):
            p(method, path, root="", at=None, by=None)
    for at in ("2.1", "2.104", "2.105", "2.0", "3.0", "latest", "2.01", "abc", "2", "1.9"):
        for path in ("/", "/v2.1", "/v2.1/", "/v2", "/v2/", "/v3"):
            p("GET", path, root="", at=at, by=None)
    for by in (None, "member"):
        for path in ("/<home>", "/<home>/", "/<abroad>/", "/versions", "/versions/v2.1", "/versions/v2.0", "/versions/v3",
                     "/<home>/versions/v2.1", "/nonesuch", "/<home>/nonesuch"):
            p("GET", path, at="2.104", by=by)
            p("GET", path, at=None, by=by, root="/v2")


@play
def negotiation(p):
    new, old = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"
    for headers in (
        [], [(new, "compute 2.53")], [(new, "compute latest")], [(new, "compute LATEST")], [(new, "2.53")], [(new, "volume 3.1")],
        [(new, "volume 3.1, compute 2.53")], [(new, "compute 2.1, compute 2.53")], [(new, "compute 2.53,compute 2.4")],
        [(new, "Compute 2.53")], [(new, "compute  2.53")], [(new, " compute 2.53 ")], [(new, "compute")], [(new, "compute ")],
        [(new, "")], [(new, "compute 2.53 extra")], [(new, "nova 2.53")], [(old, "2.53")], [(old, "latest")], [(old, "2.1, 2.53")],
        [(old, "")], [(old, "compute 2.53")], [(new, "volume 3.1"), (old, "2.53")], [(new, "compute 2.60"), (old, "2.53")],
        [(new, "compute 2.0")], [(new, "compute 2.105")], [(new, "compute 3.0")], [(new, "compute 2.01")], [(new, "compute 02.1")],
        [(new, "compute 2")], [(new, "compute 2.1.1")], [(new, "compute -2.1")], [(new, "compute two")], [(new, "compute 2.9999999")],
        [(old, "2.0")], [(old, "9.9")], [(old, "x")], [(old, "2.00")],
    ):
        for path in ("/flavors", "/nonesuch", "/servers/x", "/flavors/x"):
            p("GET", path, at=None, headers=headers, note=str(headers))
        p("GET", "/flavors", at=None, headers=headers, note=str(headers), root="/v2")
    for accept in ("*/*", "application/json", "text/html", "text/plain", "application/vnd.openstack.compute+json",
                   "application/vnd.openstack.compute+json;q=0.5, application/json;q=0.4", "application/xml", "",
                   "application/json;version=2.1", "image/png, */*;q=0.1", None):
        for path in ("/flavors/42", "/flavors/nonesuch", "/nonesuch", "/os-keypairs"):
            p("GET", path, headers=[("Accept", accept)], note=f"Accept: {accept}")
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", "application/xml", "text/html", "",
                 "application/vnd.openstack.compute+json", "multipart/form-data", "application/JSON", "nonsense"):
        for method, path, raw in (("GET", "/flavors/42", None), ("DELETE", "/os-keypairs/none", None),
                                  ("POST", "/os-keypairs", '{"keypair": {}}'), ("POST", "/servers/x/action", '{"os-stop": null}'),
                                  ("POST", "/nonesuch", "{}"), ("PUT", "/servers/x", '{"server": {"name": "x"}}')):
            p(method, path, raw=raw, headers=[("Content-Type", kind)], note=f"{kind!r} {raw}")


@play
def routing(p):
    for method, path in (
        ("HEAD", "/flavors"), ("HEAD", "/servers"), ("PATCH", "/servers"), ("PUT", "/servers"), ("DELETE", "/servers"),
        ("POST", "/servers/detail"), ("GET", "/servers/"), ("GET", "/flavors/"), ("GET", "/flavors/42/"), ("POST", "/flavors/42"),
        ("OPTIONS", "/servers"), ("GET", "/servers/x/action"), ("PUT", "/servers/x/action"), ("GET", "/servers/x/nonesuch"),
        ("GET", "/nonesuch"), ("GET", "/servers.json"), ("GET", "/servers/x.json"), ("GET", "/flavors.json"), ("GET", "/Servers"),
        ("GET", "/<home>/servers"), ("GET", "/<abroad>/servers"), ("GET", "/<home>/flavors/42"), ("GET", "/xyz/servers"),
        ("GET", "/ABC/servers"), ("GET", "/123/servers"), ("GET", "/123-abc/servers"), ("GET", "/<home>/servers/"),
        ("GET", "/servers//detail"), ("GET", "//servers"), ("GET", "/servers%2Fdetail"), ("GET", "/servers/%00"),
        ("GET", "/servers/%ff"), ("GET", "/servers/a%2Fb"), ("GET", "/servers/a%20b"), ("GET", "/servers/a+b"),
        ("GET", "/servers/%E2%82%AC"), ("GET", "/flavors/%E2%82%AC"), ("GET", "/servers/zzz%zz"), ("GET", "/flavors/%zz"),
        ("GET", "/servers?limit=1&limit=2"), ("GET", "/servers/edit"), ("GET", "/servers/new"), ("GET", "/servers/x/edit"),
        ("GET", "/flavors/new"), ("GET", "/flavors/x/edit"), ("GET", "/os-keypairs/new"), ("GET", "/os-keypairs/x/edit"),
        ("GET", "/limits/x"), ("POST", "/limits"), ("GET", "/os-quota-sets"), ("POST", "/os-quota-sets"), ("GET", "/os-quota-class-sets"),
        ("GET", "/os-availability-zone/x"), ("GET", "/extensions/x/y"), ("POST", "/extensions"), ("PUT", "/os-keypairs/x"),
        ("PUT", "/os-keypairs"), ("PUT", "/flavors"), ("DELETE", "/flavors"), ("GET", "/flavors/42/action"),
        ("GET", "/servers/x/tags/y/z"), ("POST", "/servers/x/tags"), ("POST", "/servers/x/ips"), ("DELETE", "/servers/x/metadata"),
        ("POST", "/servers/x/os-instance-actions"),
    ):
        for by in ("member", None):
            for root in ("/v2.1", "/v2"):
                p(method, path, by=by, root=root, at=NEWEST if root != "/v2" else None,
                  raw="{}" if method in ("POST", "PUT", "PATCH") else None)
    for body in ("", "x", "{", "[]", "null", "1", '"a"', '["a"]', "[1,2]", '{"a": 1, "b": 2}', "{}", "true", '{"nonesuch": null}',
                 '{"": null}', '{"os-stop": null, "os-stop": null}', '{"a": NaN}', "\ufeff{}", '{"\\ud800": 1}', "[[]]", "[[],[]]",
                 '{"os-stop": 1e400}', '{"Os-Stop": null}', '{"os-stop": null} x', ' {"os-stop": null}', '"ab"', "1.5"):
        for path in ("/servers/x/action", "/servers", "/os-keypairs", "/flavors/42/action", "/<abroad>/servers/x/action"):
            p("POST", path, raw=body)
        p("PUT", "/servers/x", raw=body)
    for at in ("2.1", NEWEST):
        p("POST", "/servers", raw=b'{"server": "\xff"}', at=at)
        p("POST", "/servers", raw="{" + " " * 114687 + "}", at=at, note="114689 bytes")
        p("POST", "/servers", raw="{" + " " * 114686 + "}", at=at, note="114688 bytes")
        p("POST", "/nonesuch", raw="{" + " " * 114687 + "}", at=at, by=None, note="114689 bytes")
        p("POST", "/servers", raw="[" * 50000, at=at, note="50000 brackets")
        p("POST", "/servers", raw="[" * 400 + "]" * 400, at=at, note="400 deep")
    for by in (None, "member"):
        for path in ("/servers", "/flavors/42", "/<home>/servers", "/nonesuch"):
            p("GET", path, by=by)
    for token in ("", "nonsense", "x" * 300, "gAAAAA", "a b", "ü"):
        p("GET", "/servers", by=None, headers=[("X-Auth-Token", token)], note=f"token {token[:8]!r}")
        p("GET", "/servers", by=None, root="/v2", headers=[("X-Auth-Token", token)], note=f"token {token[:8]!r}")


@play
def request_ids(p):
    for value in ("req-12345678-1234-1234-1234-123456789abc", "nonsense", "req-1"):
        for name in ("X-Openstack-Request-Id", "X-Compute-Request-Id"):
            p("GET", "/flavors/42", headers=[(name, value)], note=f"{name}: {value}")
            p("GET", "/flavors/x", headers=[(name, value)], note=f"{name}: {value}")


# ---------------------------------------------------------------- flavors

FLAVOR = {"id": "compare-1", "name": "compare one", "vcpus": 1, "ram": 64, "disk": 1}


def flavor(**change):
    """Give the body that creates a flavor."""
    body = FLAVOR | change
    return {"flavor": {k: v for k, v in body.items() if v is not ...}}


@play
def flavors(p):
    for at in BREAKS:
        for path in ("/flavors", "/flavors/detail", "/flavors/42", "/flavors/nonesuch"):
            p("GET", path, at=at)
    for by in PERSONAS:
        for path in ("/flavors", "/flavors/detail", "/flavors/42", "/flavors/42/os-extra_specs", "/flavors/42/os-extra_specs/x",
                     "/flavors/42/os-flavor-access"):
            for at in FEW:
                p("GET", path, at=at, by=by)
    for query in (
        "limit=2", "limit=0", "limit=1000", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=%202", "limit=2&limit=3",
        "limit=2&marker=2", "marker=2", "marker=nonesuch", "marker=", "sort_key=name", "sort_key=name&sort_dir=desc",
        "sort_key=memory_mb", "sort_key=memory_mb&sort_dir=desc", "sort_key=vcpus", "sort_key=root_gb", "sort_key=swap",
        "sort_key=vcpu_weight", "sort_key=rxtx_factor", "sort_key=flavorid", "sort_key=id", "sort_key=created_at",
        "sort_key=updated_at", "sort_key=ephemeral_gb", "sort_key=is_public", "sort_key=disabled", "sort_key=nonesuch", "sort_key=",
        "sort_dir=up", "sort_dir=desc", "sort_dir=DESC", "sort_dir=", "sort_key=name&sort_key=id", "sort_dir=asc&sort_dir=desc",
        "minRam=2048", "minRam=x", "minRam=", "minRam=-1", "minRam=1.5", "minDisk=40", "minDisk=x", "minDisk=", "minRam=2048&minDisk=80",
        "minRam=1&minRam=9999999", "is_public=true", "is_public=false", "is_public=none", "is_public=None", "is_public=x", "is_public=",
        "is_public=1", "is_public=t", "is_public=True", "nonesuch=1", "name=m1.tiny", "name=", "name=m1", "name=m1.*", "name=%5B",
        "name=M1.TINY", "name=m1.tiny&name=m1.small", "name=nonesuch", "limit=2&name=m1&sort_key=name", "limit=2&b=c&a=d",
        "limit=2&sort_key=name&marker=42&minRam=10&is_public=true", "%ff=1", "limit=%ff", "limit=99999999999999999999", "offset=2",
        "limit=3&sort_key=name&sort_dir=desc&z=%20%26", "id=1", "disabled=true",
    ):
        for path in ("/flavors", "/flavors/detail"):
            for at in ("2.1", "2.74", "2.75", "2.101", "2.102", NEWEST):
                for by in ("member", "admin"):
                    p("GET", f"{path}?{query}", at=at, by=by)
            p("GET", f"{path}?{query}", at=None, root="/v2")
    for at in ("2.1", "2.75", "2.101", "2.102", NEWEST):
        for path in ("/flavors/42", "/flavors/42/os-extra_specs", "/flavors/42/os-extra_specs/a", "/flavors/42/os-flavor-access"):
            p("GET", path + "?nonesuch=1", at=at, by="admin")
            p("DELETE", "/flavors/nonesuch?nonesuch=1", at=at, by="admin")
    p("GET", "/<home>/flavors?limit=2", at=NEWEST)
    p("GET", "/<home>/flavors/detail?limit=2&sort_key=name", at=NEWEST)


def purge_flavors(p):
    """Remove what a play that broke off has left."""
    for cloud in p.both:
        for path in ("/flavors?is_public=none",):
            for one in p.ask(cloud, "GET", path).json["flavors"]:
                if one["id"] not in ("1", "2", "3", "4", "5", "42"):
                    p.ask(cloud, "DELETE", "/flavors/" + one["id"])


@play
def flavor_changes(p):
    purge_flavors(p)
    for by in PERSONAS:
        p("POST", "/flavors", flavor(id="compare-by-" + by, name="compare by " + by), by=by)
        p("PUT", "/flavors/42", {"flavor": {"description": None}}, by=by, at="2.55")
        p("PUT", "/flavors/nonesuch", {"flavor": {"description": None}}, by=by, at="2.55")
        p("DELETE", "/flavors/nonesuch", by=by)
        p("DELETE", f"/flavors/compare-by-{by}", by=by)
        for who in ("admin",):
            p("DELETE", f"/flavors/compare-by-{by}", by=who)
    for at in BREAKS:
        p("POST", "/flavors", flavor(), by="admin", at=at)
        p("POST", "/flavors", flavor(), by="admin", at=at, note="again")
        p("POST", "/flavors", flavor(id="compare-2"), by="admin", at=at, note="same name")
        p("GET", "/flavors/compare-1", at=at)
        p("PUT", "/flavors/compare-1", {"flavor": {"description": "changed"}}, by="admin", at=at)
        p("DELETE", "/flavors/compare-1", by="admin", at=at)
        p("DELETE", "/flavors/compare-1", by="admin", at=at)
    forms = [
        dict(id=...), dict(id=None), dict(id="auto"), dict(id=""), dict(id=7777), dict(id=" x"), dict(id="x "), dict(id="a/b"), dict(id="a b"),
        dict(id="a" * 255), dict(id="a" * 256), dict(id=1.5), dict(id=True), dict(id="ü"), dict(id="a\n"), dict(id="a.b-c_d"),
        dict(name=...), dict(name=""), dict(name=None), dict(name=1), dict(name=" x"), dict(name="x "), dict(name="a" * 255), dict(name="a" * 256),
        dict(name="ü \u20ac"), dict(name="a\x00"), dict(name="a\n"), dict(name="   "), dict(name="\U0001f600"),
        dict(vcpus=...), dict(vcpus=0), dict(vcpus=-1), dict(vcpus="2"), dict(vcpus="x"), dict(vcpus=1.5), dict(vcpus=1.0), dict(vcpus=2**31 - 1),
        dict(vcpus=2**31), dict(vcpus=None), dict(vcpus=True), dict(vcpus=""), dict(vcpus=" 2"), dict(vcpus="0"), dict(vcpus="-1"), dict(vcpus=1e400),
        dict(ram=...), dict(ram=0), dict(ram="512"), dict(ram=2**31 - 1), dict(ram=2**31), dict(ram=-1),
        dict(disk=...), dict(disk=0), dict(disk="0"), dict(disk=-1), dict(disk=2**31), dict(disk="x"),
        dict(swap=1), dict(swap=0), dict(swap="7"), dict(swap=-1), dict(swap=""), dict(swap=None), dict(swap=2**31),
        {"OS-FLV-EXT-DATA:ephemeral": 1}, {"OS-FLV-EXT-DATA:ephemeral": "2"}, {"OS-FLV-EXT-DATA:ephemeral": -1},
        {"OS-FLV-EXT-DATA:ephemeral": None}, {"os-flavor-access:is_public": False}, {"os-flavor-access:is_public": "false"},
        {"os-flavor-access:is_public": "no"}, {"os-flavor-access:is_public": "x"}, {"os-flavor-access:is_public": 0},
        {"os-flavor-access:is_public": 1}, {"os-flavor-access:is_public": None}, {"os-flavor-access:is_public": 2},
        dict(rxtx_factor=2), dict(rxtx_factor=2.5), dict(rxtx_factor="2.5"), dict(rxtx_factor=0), dict(rxtx_factor="0.0"), dict(rxtx_factor=-1),
        dict(rxtx_factor="x"), dict(rxtx_factor=3.5e38), dict(rxtx_factor=3.40282e38), dict(rxtx_factor=None), dict(rxtx_factor=""),
        dict(rxtx_factor=1e-3), dict(rxtx_factor="1e3"), dict(rxtx_factor=2**40),
        dict(description="text"), dict(description=None), dict(description=""), dict(description="a" * 65535), dict(description="a" * 65536),
        dict(description=1), dict(description="ü\n\t"), dict(description="a\x00"), dict(nonesuch=1), {"OS-FLV-DISABLED:disabled": True},
        dict(a=1, b=2),
    ]
    for at in ("2.1", "2.54", "2.55", "2.61", "2.75", "2.101", "2.102", NEWEST):
        for form in forms:
            replies = p("POST", "/flavors", flavor(**form), by="admin", at=at, save={"made": "flavor.id"})
            if replies[0].status == 200 or replies[1].status == 200:
                p("GET", "/flavors/<made>", by="admin", at=at, note=f"made with {form}"[:80])
                p("DELETE", "/flavors/<made>", by="admin", compare=False)
    for form in forms:
        replies = p("POST", "/flavors", flavor(**form), by="admin", at=None, root="/v2", save={"made": "flavor.id"})
        if replies[0].status == 200 or replies[1].status == 200:
            p("DELETE", "/flavors/<made>", by="admin", compare=False)
    for body in ({}, {"flavor": None}, {"flavor": []}, {"flavor": "x"}, {"flavor": {}}, {"x": {}}, [], {"flavor": FLAVOR, "x": 1}):
        for at in ("2.1", NEWEST):
            p("POST", "/flavors", body, by="admin", at=at)
            p("PUT", "/flavors/42", body, by="admin", at=at)
        p("POST", "/flavors", body, by="admin", at=None, root="/v2")
    p("DELETE", "/flavors/compare-1", by="admin", compare=False)
    for at in ("2.54", "2.55", "2.61", NEWEST):
        for value in ("x", None, "", "a" * 65536, 1, "ü", "a\x00"):
            p("PUT", "/flavors/42", {"flavor": {"description": value}}, by="admin", at=at)
        p("PUT", "/flavors/42", {"flavor": {"description": "x", "name": "y"}}, by="admin", at=at)
        p("PUT", "/flavors/nonesuch", {"flavor": {"description": "x"}}, by="admin", at=at)
        p("PUT", "/flavors/42", {"flavor": {"description": None}}, by="admin", at="2.55")


@play
def extra_specs(p):
    purge_flavors(p)
    p("POST", "/flavors", flavor(), by="admin", at="2.55")
    base = "/flavors/compare-1/os-extra_specs"
    for at in ("2.1", "2.61", "2.85", "2.86", NEWEST):
        for specs in (
            {"a": "b"}, {"a": "c", "d": "e"}, {"a": 1}, {"a": 1.5}, {"a": True}, {"a": None}, {"a": []}, {"a": ""}, {"": "x"}, {"a" * 255: "x"},
            {"a" * 256: "x"}, {"a": "x" * 255}, {"a": "x" * 256}, {"a b": "x"}, {"ü": "x"}, {"a:b_c-d.e": "x"}, {"a/b": "x"}, {"a$": "x"}, {},
            {"hw:cpu_policy": "dedicated"}, {"hw:cpu_policy": "x"}, {"hw:nonesuch": "x"}, {"hw:mem_page_size": "large"},
            {"hw:mem_page_size": "2MB"}, {"hw:mem_page_size": "nonsense"}, {"hw:numa_nodes": "1"}, {"hw:numa_nodes": "x"}, {"hw:numa_nodes": "0"},
            {"resources:VCPU": "1"}, {"resources:VCPU": "x"}, {"resources:NONESUCH": "1"}, {"resources:CUSTOM_X": "1"}, {"resources1:VCPU": "1"},
            {"trait:HW_CPU_X86_AVX": "required"}, {"trait:HW_CPU_X86_AVX": "x"}, {"trait:NONESUCH": "required"}, {"trait:CUSTOM_X": "forbidden"},
            {"quota:cpu_shares": "1"}, {"quota:cpu_shares": "x"}, {"quota:nonesuch": "1"}, {"hw:cpu_max_sockets": "-1"},
            {"hw:watchdog_action": "reset"}, {"hw:watchdog_action": "x"}, {"hw_rng:allowed": "true"}, {"hw_rng:allowed": "x"},
            {"hw_rng:rate_bytes": "1"}, {"os:secure_boot": "required"}, {"os:secure_boot": "x"}, {"aggregate_instance_extra_specs:x": "y"},
            {"capabilities:x": "y"}, {"accel:device_profile": "x"}, {"group_policy": "none"}, {"group_policy": "x"}, {"hide_hypervisor_id": "true"},
            {"hw:cpu_realtime_mask": "^0"}, {"hw:cpu_realtime_mask": "x"}, {"hw:numa_cpus.0": "0-1"}, {"hw:numa_mem.0": "512"},
            {"hw:numa_mem.x": "512"}, {"hw:pci_numa_affinity_policy": "socket"}, {"hw:pci_numa_affinity_policy": "x"},
            {"hw:mem_encryption": "true"}, {"hw:mem_encryption_model": "amd-sev"}, {"hw:tpm_version": "2.0"}, {"hw:tpm_version": "3"},
            {"hw:tpm_secret_security": "host"}, {"hw:viommu_model": "virtio"}, {"hw:locked_memory": "true"}, {"hw:maxphysaddr_mode": "emulate"},
            {"hw:ephemeral_encryption": "true"}, {"hw:sound_model": "ich6"}, {"hw:usb_model": "qemu-xhci"}, {"hw:vif_multiqueue_enabled": "x"},
            {"pci_passthrough:alias": "a:1"}, {"pci_passthrough:alias": "x"}, {"powervm:min_mem": "1"}, {"vmware:hw_version": "x"},
            {"hw:boot_menu": "yes"}, {"hw:cpu_max_threads": "x"}, {"hw:serial_port_count": "9"}, {"hw:pmem": "x"}, {"quota:disk_read_bytes_sec": "5"},
            {"quota:vif_outbound_average": "5"}, {"hw:virtio_packed_ring": "true"}, {"hw:redirected_usb_ports": "17"}, {"hw:spice_direct": "x"},
            {"traits:x": "required"}, {"trait1:HW_CPU_X86_AVX": "required"}, {"x:y": "z"}, {"hw:cpu_dedicated_mask": "2-4"},
            {"hw:emulator_threads_policy": "share"}, {"hw:cpu_thread_policy": "isolate"}, {"hw:input_bus": "usb"}, {"hw:video_ram": "x"},
            {"hw_video:ram_max_mb": "64"}, {"os_compute:x": "y"}, {"hw:cpu_sockets": "0"}, {"hw:stateless_firmware": "true"},
        ):
            p("POST", base, {"extra_specs": specs}, by="admin", at=at)
            p("GET", base, at=at)
        for key, body in (("a", {"a": "z"}), ("a", {"b": "z"}), ("a", {"a": "1", "b": "2"}), ("a", {}), ("a", {"a": 5}), ("a", {"a": None}),
                          ("hw:cpu_policy", {"hw:cpu_policy": "x"}), ("new", {"new": "n"}), ("a b", {"a b": "n"})):
            p("PUT", f"{base}/{key.replace(' ', '%20')}", body, by="admin", at=at)
        for key in ("a", "nonesuch", "hw:cpu_policy", "%E2%82%AC"):
            p("GET", f"{base}/{key}", at=at)
            p("DELETE", f"{base}/{key}", by="admin", at=at)
            p("DELETE", f"{base}/{key}", by="admin", at=at)
        for body in ({}, {"extra_specs": None}, {"extra_specs": []}, {"extra_specs": {"a": "b"}, "x": 1}, {"x": {}}, [], None):
            p("POST", base, body, by="admin", at=at)
        for method, path, body in (("GET", "", None), ("POST", "", {"extra_specs": {"a": "b"}}), ("GET", "/a", None), ("PUT", "/a", {"a": "b"}),
                                   ("DELETE", "/a", None)):
            p(method, f"/flavors/nonesuch/os-extra_specs{path}", body, by="admin", at=at)
    for by in PERSONAS:
        for method, path, body in (("GET", "", None), ("POST", "", {"extra_specs": {"a": "b"}}), ("GET", "/a", None), ("PUT", "/a", {"a": "b"}),
                                   ("GET", "/zz", None), ("DELETE", "/zz", None), ("DELETE", "/a", None)):
            p(method, base + path, body, by=by)
            p(method, base + path, body, by=by, at=NEWEST)
        p("GET", "/flavors/compare-1", by=by, at=NEWEST)
        p("GET", "/flavors/detail?minRam=64&limit=1", by=by, at=NEWEST)
    p("DELETE", "/flavors/compare-1", by="admin", compare=False)


@play
def flavor_access(p):
    purge_flavors(p)
    p("POST", "/flavors", flavor(**{"os-flavor-access:is_public": False}), by="admin")
    base = "/flavors/compare-1"
    add = {"addTenantAccess": {"tenant": "<home>"}}
    remove = {"removeTenantAccess": {"tenant": "<home>"}}
    for at in ("2.1", "2.6", "2.7", "2.46", "2.101", NEWEST):
        for step in (add, add, remove, remove):
            p("POST", base + "/action", step, by="admin", at=at)
            for by in PERSONAS:
                p("GET", base, by=by, at=at)
                p("GET", base + "/os-flavor-access", by=by, at=at)
                p("GET", base + "/os-extra_specs", by=by, at=at)
                p("GET", "/flavors", by=by, at=at)
                p("GET", "/flavors?is_public=none", by=by, at=at)
                p("GET", "/flavors/detail?is_public=false", by=by, at=at)
        for where in ("42", "nonesuch", "compare-1"):
            for body in (add, remove, {"addTenantAccess": {"tenant": "nonesuch"}}, {"addTenantAccess": {"tenant": ""}},
                         {"removeTenantAccess": {"tenant": "nonesuch"}}, {"addTenantAccess": {}}, {"addTenantAccess": None},
                         {"addTenantAccess": {"tenant": 1}}, {"addTenantAccess": {"tenant": "<home>", "x": 1}}, {"nonesuch": {}},
                         {"addTenantAccess": {"tenant": "<home>"}, "removeTenantAccess": {"tenant": "<home>"}}):
                p("POST", f"/flavors/{where}/action", body, by="admin", at=at)
        p("POST", base + "/action", remove, by="admin", compare=False)
        for by in PERSONAS:
            for where in ("42", "nonesuch", "compare-1"):
                p("POST", f"/flavors/{where}/action", add, by=by, at=at)
                p("POST", f"/flavors/{where}/action", remove, by=by, at=at)
    for body in (add, remove):
        p("POST", base + "/action", body, by="admin", at=None, root="/v2")
    p("DELETE", "/flavors/compare-1", by="admin", compare=False)


# ---------------------------------------------------------------- key pairs


@play
def keypairs(p):
    for at in BREAKS:
        created = {"keypair": {"name": "compare", "public_key": KEY}}
        p("POST", "/os-keypairs", created, at=at)
        p("POST", "/os-keypairs", created, at=at, note="again")
        p("GET", "/os-keypairs", at=at)
        p("GET", "/os-keypairs/compare", at=at)
        p("GET", "/os-keypairs/nonesuch", at=at)
        p("GET", "/os-keypairs?limit=1", at=at)
        p("DELETE", "/os-keypairs/compare", at=at)
        p("DELETE", "/os-keypairs/compare", at=at)
    x509 = ("-----BEGIN CERTIFICATE-----\nMIIBdTCCAR+gAwIBAgIJAL0U5H8V5XrjMA0GCSqGSIb3DQEBBQUAMBYxFDASBgNV\n-----END CERTIFICATE-----")
    forms = [
        {"name": "a"}, {"name": ""}, {"name": " "}, {"name": " a"}, {"name": "a "}, {"name": "a" * 255}, {"name": "a" * 256}, {"name": 1}, {"name": None},
        {}, {"name": "a@b.c"}, {"name": "a b"}, {"name": "a-b_c"}, {"name": "ü"}, {"name": "a/b"}, {"name": "a\n"}, {"name": "\u20ac"}, {"name": "a.b"},
        {"name": "a", "public_key": KEY}, {"name": "a", "public_key": ""}, {"name": "a", "public_key": "nonsense"}, {"name": "a", "public_key": None},
        {"name": "a", "public_key": 1}, {"name": "a", "public_key": KEY + "\n"}, {"name": "a", "public_key": KEY[:-30]}, {"name": "a", "public_key": KEY[:100]},
        {"name": "a", "public_key": "ssh-rsa"}, {"name": "a", "public_key": "ssh-rsa AAAA"}, {"name": "a", "public_key": KEY.replace("AAAAB3", "!!!!B3")},
        {"name": "a", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVeQBrqBRbVb3qmzFxgq5ZpQd1o0dJTpNvGQaKwqPtL me"},
        {"name": "a", "type": "ssh", "public_key": KEY}, {"name": "a", "type": "x509"}, {"name": "a", "type": "x509", "public_key": x509},
        {"name": "a", "type": "x509", "public_key": KEY}, {"name": "a", "type": "nonsense"}, {"name": "a", "type": None}, {"name": "a", "type": "SSH"},
        {"name": "a", "user_id": "<reader>", "public_key": KEY}, {"name": "a", "user_id": "", "public_key": KEY}, {"name": "a", "user_id": 1},
        {"name": "a", "nonesuch": 1}, {"name": "a", "public_key": KEY + " \u20ac"}, {"name": "a", "public_key": KEY * 20},
        {"name": "a", "user_id": "<member>", "public_key": KEY},
    ]
    for at in ("2.1", "2.2", "2.9", "2.10", "2.91", "2.92", NEWEST):
        for form in forms:
            for by in ("member", "admin"):
                replies = p("POST", "/os-keypairs", {"keypair": form}, at=at, by=by, save={"made": "keypair.name"})
                if any(r.status < 300 for r in replies):
                    name = str(form.get("name")).replace(" ", "%20").replace("\n", "%0A").replace("/", "%2F").replace("@", "%40")
                    name = name.encode().decode("latin-1") if not name.isascii() else name
                    name = "".join(c if c.isascii() else f"%{ord(c):02X}" for c in name)
                    p("GET", f"/os-keypairs/{name}", at=at, by=by)
                    p("DELETE", f"/os-keypairs/{name}", by=by, compare=False)
                    p("DELETE", f"/os-keypairs/{name}?user_id=<reader>", by="admin", at="2.10", compare=False)
        for body in ({}, {"keypair": None}, {"keypair": []}, {"keypair": {"name": "a"}, "x": 1}, [], None, {"x": 1}):
            p("POST", "/os-keypairs", body, at=at)
    for form in forms:
        replies = p("POST", "/os-keypairs", {"keypair": form}, at=None, root="/v2")
        p("DELETE", "/os-keypairs/a", compare=False)
    for name in "abcde":
        p("POST", "/os-keypairs", {"keypair": {"name": name, "public_key": KEY}}, at=NEWEST)
    p("POST", "/os-keypairs", {"keypair": {"name": "r", "public_key": KEY}}, at=NEWEST, by="reader")
    for query in ("limit=2", "limit=0", "limit=x", "limit=-1", "limit=", "limit=2&marker=b", "marker=b", "marker=nonesuch", "marker=", "nonesuch=1",
                  "user_id=<reader>", "user_id=<member>", "user_id=nonesuch", "user_id=", "limit=2&user_id=<member>", "limit=5", "limit=2&x=1",
                  "user_id=<reader>&limit=1", "limit=1&limit=2", "user_id=<reader>&user_id=<member>", "offset=1", "limit=2&marker=b&user_id=<member>"):
        for at in ("2.1", "2.9", "2.10", "2.34", "2.35", "2.74", "2.75", "2.101", "2.102", NEWEST):
            for by in ("member", "admin", "reader"):
                p("GET", f"/os-keypairs?{query}", at=at, by=by)
        p("GET", f"/os-keypairs?{query}", at=None, root="/v2")
    for query in ("", "?user_id=<member>", "?user_id=nonesuch", "?nonesuch=1", "?user_id=<member>&x=1", "?user_id="):
        for at in ("2.1", "2.9", "2.10", "2.74", "2.75", "2.101", "2.102", NEWEST):
            for by in PERSONAS:
                p("GET", f"/os-keypairs/a{query}", at=at, by=by)
                p("DELETE", f"/os-keypairs/zz{query}", at=at, by=by)
    for by in PERSONAS:
        for at in ("2.1", "2.10", NEWEST):
            p("GET", "/os-keypairs", at=at, by=by)
            p("DELETE", "/os-keypairs/a?user_id=<member>", at=at, by=by)
            p("POST", "/os-keypairs", {"keypair": {"name": "a", "public_key": KEY}}, at=NEWEST, compare=False)
    for by, names in (("member", "abcde"), ("reader", "r")):
        for name in names:
            p("DELETE", f"/os-keypairs/{name}", by=by, compare=False)
    p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"key_pairs": 1}}, by="admin", compare=False)
    p("POST", "/os-keypairs", {"keypair": {"name": "one", "public_key": KEY}})
    p("POST", "/os-keypairs", {"keypair": {"name": "two", "public_key": KEY}})
    p("POST", "/os-keypairs", {"keypair": {"name": "one", "public_key": KEY}})
    p("DELETE", "/os-keypairs/one")
    p("DELETE", "/os-quota-sets/<home>?user_id=<member>", by="admin", compare=False)


# ---------------------------------------------------------------- quotas


@play
def limits(p):
    for at in BREAKS:
        p("GET", "/limits", at=at)
    for by in PERSONAS:
        for query in ("", "?tenant_id=<abroad>", "?tenant_id=<home>", "?tenant_id=nonesuch", "?tenant_id=", "?reserved=1", "?nonesuch=1",
                      "?tenant_id=<home>&nonesuch=1", "?tenant_id=<home>&tenant_id=<abroad>", "?reserved=x"):
            for at in ("2.1", "2.35", "2.36", "2.56", "2.57", "2.74", "2.75", "2.101", "2.102", NEWEST):
                p("GET", f"/limits{query}", at=at, by=by)
    p("GET", "/limits", at=None, root="/v2")


@play
def quotas(p):
    for at in BREAKS:
        for path in ("", "/detail", "/defaults"):
            p("GET", f"/os-quota-sets/<home>{path}", at=at)
        p("GET", "/os-quota-class-sets/default", at=at, by="admin")
        p("GET", "/os-quota-class-sets/nonesuch", at=at, by="admin")
        p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": 21}}, at=at, by="admin")
        p("PUT", "/os-quota-class-sets/compare", {"quota_class_set": {"cores": 21}}, at=at, by="admin")
        p("DELETE", "/os-quota-sets/<home>", at=at, by="admin")
    for by in PERSONAS:
        for project in ("<home>", "<abroad>", "nonesuch", "00000000111122223333444444444444"):
            for at in ("2.1", NEWEST):
                for path in ("", "/detail", "/defaults", "?user_id=<member>", "?user_id=nonesuch", "/detail?user_id=<member>"):
                    p("GET", f"/os-quota-sets/{project}{path}", at=at, by=by)
                p("PUT", f"/os-quota-sets/{project}", {"quota_set": {}}, at=at, by=by)
                p("PUT", f"/os-quota-sets/{project}", {"quota_set": {"cores": 20}}, at=at, by=by)
                p("DELETE", f"/os-quota-sets/{project}", at=at, by=by)
        for at in ("2.1", NEWEST):
            p("GET", "/os-quota-class-sets/default", at=at, by=by)
            p("PUT", "/os-quota-class-sets/compare", {"quota_class_set": {}}, at=at, by=by)
    for query in ("nonesuch=1", "user_id=", "user_id=<member>&user_id=<reader>", "user_id=<member>&nonesuch=1", "user_id=1"):
        for path in ("", "/detail", "/defaults"):
            for at in ("2.1", "2.74", "2.75", "2.101", "2.102", NEWEST):
                p("GET", f"/os-quota-sets/<home>{path}?{query}", at=at)
        for at in ("2.1", "2.74", "2.75", NEWEST):
            p("PUT", f"/os-quota-sets/<home>?{query}", {"quota_set": {"cores": 19}}, at=at, by="admin")
            p("DELETE", f"/os-quota-sets/<home>?{query}", at=at, by="admin")
            p("GET", f"/os-quota-class-sets/default?{query}", at=at, by="admin")
    names = ["instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members", "fixed_ips", "floating_ips",
             "security_groups", "security_group_rules", "injected_files", "injected_file_content_bytes", "injected_file_path_bytes", "networks",
             "volumes", "nonesuch", "tenant_id", "id"]
    for at in ("2.1", "2.35", "2.36", "2.49", "2.50", "2.56", "2.57", NEWEST):
        for name in names:
            p("PUT", "/os-quota-sets/<home>", {"quota_set": {name: 50}}, at=at, by="admin")
            p("PUT", "/os-quota-class-sets/compare", {"quota_class_set": {name: 50}}, at=at, by="admin")
        for value in (-1, -2, 0, "5", "x", "", None, 1.5, True, 2**31 - 1, 2**31, " 5", "-1", 5.0, [], 1e400):
            p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": value}}, at=at, by="admin")
            p("PUT", "/os-quota-class-sets/compare", {"quota_class_set": {"cores": value}}, at=at, by="admin")
        for value in (True, False, "true", "x", None, 1, "False"):
            p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": 3, "force": value}}, at=at, by="admin")
        for body in ({}, {"quota_set": None}, {"quota_set": []}, {"quota_set": {}}, {"x": 1}, {"quota_set": {}, "x": 1}, None,
                     {"quota_set": {"force": True}}, {"quota_class_set": {}}):
            p("PUT", "/os-quota-sets/<home>", body, at=at, by="admin")
            p("PUT", "/os-quota-class-sets/compare", body, at=at, by="admin")
        p("DELETE", "/os-quota-sets/<home>", at=at, by="admin")
    # Users' own quotas
    for at in ("2.1", "2.36", "2.57", NEWEST):
        p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": 30, "ram": -1}}, at=at, by="admin")
        for value in (10, 30, 31, -1, 0):
            p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"cores": value}}, at=at, by="admin")
            p("GET", "/os-quota-sets/<home>?user_id=<member>", at=at, by="admin")
            p("GET", "/os-quota-sets/<home>/detail?user_id=<member>", at=at, by="admin")
            p("GET", "/os-quota-sets/<home>/defaults?user_id=<member>", at=at, by="admin")
            p("GET", "/limits", at=at)
            p("GET", "/limits", at=at, by="reader")
        p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"metadata_items": 10}}, at=at, by="admin")
        p("PUT", "/os-quota-sets/<home>?user_id=<member>", {"quota_set": {"server_group_members": 5}}, at=at, by="admin")
        p("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": 5}}, at=at, by="admin", note="below the user's")
        p("DELETE", "/os-quota-sets/<home>?user_id=<member>", at=at, by="admin")
        p("GET", "/os-quota-sets/<home>?user_id=<member>", at=at, by="admin")
        p("DELETE", "/os-quota-sets/<home>", at=at, by="admin")
        p("GET", "/os-quota-sets/<home>", at=at, by="admin")
    for method, path, body in (("GET", "/os-quota-sets/<home>", None), ("GET", "/os-quota-sets/<home>/detail", None),
                               ("PUT", "/os-quota-sets/<home>", {"quota_set": {"cores": 20, "nonesuch": 1}}),
                               ("PUT", "/os-quota-sets/<home>", {"quota_set": {"nonesuch": 1}}), ("DELETE", "/os-quota-sets/<home>", None),
                               ("GET", "/os-quota-class-sets/default", None)):
        p(method, path, body, at=None, root="/v2", by="admin")


# ---------------------------------------------------------------- zones and extensions


@play
def zones(p):
    for at in BREAKS:
        p("GET", "/os-availability-zone", at=at)
        p("GET", "/os-availability-zone/detail", at=at, by="admin")
    for by in PERSONAS:
        for query in ("", "?x=1"):
            for at in ("2.1", "2.101", "2.102", NEWEST):
                p("GET", f"/os-availability-zone{query}", at=at, by=by)
                p("GET", f"/os-availability-zone/detail{query}", at=at, by=by)
    for at in ("2.1", "2.101", "2.102", NEWEST):
        for path in ("/extensions", "/extensions?x=1", "/extensions/os-keypairs", "/extensions/nonesuch", "/extensions/OS-DCF",
                     "/extensions/os-keypairs?x=1", "/extensions/servers", "/extensions/NMN"):
            for by in ("member", "reader", "other", "admin"):
                p("GET", path, at=at, by=by)
    p("GET", "/extensions", at=None, root="/v2")
    p("GET", "/os-availability-zone", at=None, root="/v2")


def boot(p, name="s", at="2.37", by="member", status="ACTIVE", networks=None, **more):
    """Boot a server, and wait for it."""
    body = {"name": "compare " + name, "imageRef": "<image>", "flavorRef": "42"}
    body["networks"] = networks or "none"
    replies = p("POST", "/servers", {"server": body | more}, at=at, by=by, save={name: "server.id"})
    assert all(reply.status == 202 for reply in replies), [reply.body for reply in replies]
    p.wait(name, status)


def drop(p, *names):
    """Delete servers, whoever has them."""
    for name in names:
        p("DELETE", f"/servers/<{name}>", by="admin", compare=False)
    for name in names:
        p.gone(name)


def tick():
    """Let a second pass, so that the order by seconds is sure."""
    time.sleep(1.1)


def product(*lists):
    """Give all combinations."""
    return itertools.product(*lists)
