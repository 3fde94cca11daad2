"""Plays of volumes: attached to servers, booted from, and asked for as it was done of old; and of images."""

from clouds import eventually
from plays import FEW, NEWEST, PERSONAS, boot, drop, play
from servers import events

NOBODY = "00000000-1111-2222-3333-444444444444"
AROUND = ("2.1", "2.48", "2.49", "2.69", "2.70", "2.78", "2.79", "2.84", "2.85", "2.88", "2.89", "2.100", "2.101", NEWEST)


def make_volume(p, name, **more):
    """Make a volume in each cloud, and wait until it is available."""
    def make(cloud):
        return cloud.service("volumev3", "POST", "/volumes", {"volume": {"size": 1, "name": "compare " + name} | more})["volume"]["id"]
    p.bind(name, make)
    for cloud in p.both:
        await_volume(cloud, name, "available")


def await_volume(cloud, name, status):
    """Wait until a volume has a status."""
    eventually(lambda: cloud.service("volumev3", "GET", f"/volumes/{cloud.names[name]}")["volume"]["status"] == status, f"{name} is {status}")


def unmake(p, *names):
    """Delete volumes."""
    for cloud in p.both:
        for name in names:
            cloud.remove("volumev3", f"/volumes/{cloud.names[name]}")


def attached(p, name, there=True):
    """Wait until a volume is attached to the server s, or is no more."""
    for cloud in p.both:
        await_volume(cloud, name, "in-use" if there else "available")
        path = f"/servers/<s>/os-volume_attachments/<{name}>"
        eventually(lambda cloud=cloud: (p.ask(cloud, "GET", path).status == 200) == there, f"{name} is {'' if there else 'not '}at the server in {cloud.name}")


@play
def attachments(p):
    """Attach volumes, look at them, swap them, and detach them."""
    base = "/servers/<s>/os-volume_attachments"
    for name in ("one", "two", "three"):
        make_volume(p, name)
    boot(p, "s", networks=[{"uuid": "<network>"}])
    boot(p, "t")
    for at in AROUND:
        for body in ({"volumeId": "<one>", "device": "x"}, {"volumeId": "<one>", "device": "/dev/vd z"}, {"volumeId": "<one>", "device": "/dev/vda"}, {"volumeId": "x"}, {"volumeId": NOBODY},
                     {"volumeId": "<one>", "tag": ""}, {"volumeId": "<one>", "tag": "a,b"}, {"volumeId": "<one>", "delete_on_termination": "x"}, {}):
            p("POST", base, {"volumeAttachment": body}, at=at, note=f"refused {body}")
            p.settled("s")
        p("POST", base, {"volumeAttachment": {"volumeId": "<one>"}}, at=at)
        attached(p, "one")
        p("POST", base, {"volumeAttachment": {"volumeId": "<one>"}}, at=at, note="again")
        p("POST", "/servers/<t>/os-volume_attachments", {"volumeAttachment": {"volumeId": "<one>"}}, at=at, note="that is in use")
        for by in PERSONAS if at in FEW else ("member", "admin"):
            for path in ("", "/<one>", "/<two>", f"/{NOBODY}", "/x", "?limit=1", "?offset=1", "?limit=x", "?limit=0", "?x=1", "?limit=-1", "?limit=1&limit=2"):
                p("GET", base + path, at=at, by=by)
        p("GET", "/servers/<s>", at=at)
        p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"with a volume since {at}")
        for by in PERSONAS:
            p("PUT", base + "/<one>", {"volumeAttachment": {"volumeId": NOBODY}}, at=at, by=by)
            p("PUT", base + "/<two>", {"volumeAttachment": {"volumeId": "<three>"}}, at=at, by=by)
            p("PUT", base + "/<one>", {"volumeAttachment": {"volumeId": "<one>", "delete_on_termination": True}}, at=at, by=by)
            p("PUT", base + "/<one>", {"volumeAttachment": {"volumeId": "<one>", "delete_on_termination": False, "device": "/dev/vdx"}}, at=at, by=by)
            p("PUT", base + "/<one>", {"volumeAttachment": {"volumeId": "<one>", "delete_on_termination": False, "serverId": NOBODY}}, at=at, by=by)
        p("GET", base, at=NEWEST, note=f"after changes at {at}")
        for by in ("reader", "other"):
            p("DELETE", base + "/<one>", at=at, by=by)
        p("DELETE", base + "/<two>", at=at)
        p("DELETE", base + "/<one>", at=at)
        attached(p, "one", there=False)
        p("DELETE", base + "/<one>", at=at, note="again")
        p("GET", base, at=at, note="empty")
    for at, body in (("2.1", {"volumeId": "<one>", "device": "/dev/vdb"}), ("2.49", {"volumeId": "<two>", "tag": "t"}), (NEWEST, {"volumeId": "<three>", "tag": "u", "delete_on_termination": True})):
        p("POST", base, {"volumeAttachment": body}, at=at)
        attached(p, body["volumeId"].strip("<>"))
    for at in AROUND:
        for query in ("", "?limit=1", "?limit=1&offset=1", "?offset=2", "?limit=2"):
            p("GET", base + query, at=at, note="with three")
        p("GET", "/servers/detail", at=at, note="with three volumes")
    p("GET", base, at=None, root="/v2")
    p("GET", "/servers/<s>", at=None, root="/v2", note="with three volumes")
    p("POST", "/servers/<s>/action", {"lock": None}, by="admin")
    p("POST", base, {"volumeAttachment": {"volumeId": NOBODY}}, at=NEWEST, note="when locked")
    p("DELETE", base + "/<one>", at=NEWEST, note="when locked")
    p("POST", "/servers/<s>/action", {"unlock": None}, by="admin")
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note="after attachments")
    events(p, "after attachments")
    drop(p, "s", "t")
    for name in ("one", "two"):
        for cloud in p.both:
            await_volume(cloud, name, "available")
    unmake(p, "one", "two", "three")


@play
def attachments_when(p):
    """Attach and detach in every state."""
    from servers import STATES, bring
    for name in ("one", "two"):
        make_volume(p, name)
    for status in STATES:
        boot(p, "s")
        p("POST", "/servers/<s>/os-volume_attachments", {"volumeAttachment": {"volumeId": "<one>"}}, compare=False)
        attached(p, "one")
        for step in STATES[status]:
            p("POST", "/servers/<s>/action", step, by="admin", compare=False)
            p.wait("s", status)
        for at in ("2.1", NEWEST):
            p("DELETE", "/servers/<s>/os-volume_attachments/<two>", at=at, note=f"that it has not, when {status}")
            p("PUT", "/servers/<s>/os-volume_attachments/<one>", {"volumeAttachment": {"volumeId": NOBODY}}, at=at, by="admin", note=f"swap when {status}")
            p("GET", "/servers/<s>/os-volume_attachments", at=at, note=status)
        replies = p("POST", "/servers/<s>/os-volume_attachments", {"volumeAttachment": {"volumeId": "<two>"}}, at=NEWEST, note=f"attach when {status}")
        if all(reply.status < 300 for reply in replies):
            p.settled("s")
            p("GET", "/servers/<s>/os-volume_attachments", at=NEWEST, note=f"attached when {status}")
        replies = p("DELETE", "/servers/<s>/os-volume_attachments/<one>", at=NEWEST, note=f"detach when {status}")
        if all(reply.status < 300 for reply in replies):
            attached(p, "one", there=False)
        p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note=f"volumes when {status}")
        drop(p, "s")
        for cloud in p.both:
            for name in ("one", "two"):
                await_volume(cloud, name, "available")
    unmake(p, "one", "two")
    assert bring


def settled_volumes(p):
    """Delete the volumes that are left of servers."""
    for cloud in p.both:
        for one in cloud.service("volumev3", "GET", "/volumes/detail")["volumes"]:
            if one["status"] in ("available", "error"):
                cloud.remove("volumev3", f"/volumes/{one['id']}")


MAPPINGS = [
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume", "volume_size": 1},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume", "volume_size": 1, "delete_on_termination": True},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume"},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "local"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume", "tag": "t", "disk_bus": "virtio", "device_type": "disk", "device_name": "vda"},
    {"boot_index": 0, "uuid": "<snap>", "source_type": "snapshot", "destination_type": "volume", "volume_size": 2},
    {"boot_index": 0, "uuid": NOBODY, "source_type": "volume", "destination_type": "volume"},
    {"boot_index": 0, "uuid": NOBODY, "source_type": "snapshot", "destination_type": "volume"},
    {"boot_index": 0, "uuid": NOBODY, "source_type": "image", "destination_type": "volume", "volume_size": 1},
    {"boot_index": 1, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume"},
    {"boot_index": 0, "source_type": "blank", "destination_type": "volume", "volume_size": 1},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume", "volume_size": 0},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume", "volume_size": 1, "volume_type": "stub"},
    {"boot_index": 0, "uuid": "<image>", "source_type": "image", "destination_type": "volume", "volume_size": 1, "volume_type": "nonesuch"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume", "volume_type": "stub"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "local"}, {"boot_index": 0, "uuid": "<data>", "source_type": "volume", "destination_type": "volume"},
    {"boot_index": -1, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume"}, {"uuid": "<disk>", "source_type": "volume", "destination_type": "volume"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume", "device_type": "lun", "disk_bus": "scsi"},
    {"boot_index": 0, "uuid": "<disk>", "source_type": "volume", "destination_type": "volume", "volume_size": 5},
]


@play
def boots_from_volume(p):
    """Boot servers from volumes, by every kind of mapping, with and without an image."""
    settled_volumes(p)
    make_volume(p, "disk", imageRef=p.reference.names["image"])
    make_volume(p, "data")
    p.bind("snap", lambda cloud: cloud.service("volumev3", "POST", "/snapshots", {"snapshot": {"volume_id": cloud.names["disk"], "name": "compare"}})["snapshot"]["id"])
    for at in ("2.37", "2.66", "2.67", NEWEST):
        for image in (None, "<image>", ""):
            for mapping in MAPPINGS:
                body = {"name": "compare form", "flavorRef": "42", "networks": "none", "block_device_mapping_v2": [mapping]}
                if image is not None:
                    body["imageRef"] = image
                refused = p("POST", "/servers", {"server": body}, at=at, save={"s": "server.id"}, note=f"image {image}, {mapping}")
                if any(reply.status >= 300 for reply in refused):
                    for cloud, reply in zip(p.both, refused, strict=True):
                        if reply.status < 300:
                            p.ask(cloud, "DELETE", "/servers/<s>")
                            eventually(lambda cloud=cloud: p.ask(cloud, "GET", "/servers/<s>").status == 404, "it is gone")
                    continue
                p.settled("s")
                p("GET", "/servers/<s>", at=at, note=f"booted with image {image}, {mapping}")
                p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"booted with image {image}, {mapping}")
                p("GET", "/servers/<s>/os-volume_attachments", at=NEWEST, by="admin", note=f"booted with image {image}, {mapping}")
                drop(p, "s")
    for at in ("2.1", "2.102", "2.103"):
        for path in ("/os-volumes_boot", "/servers"):
            for old in ([{"device_name": "vda", "volume_id": "<disk>"}], [{"device_name": "vda", "volume_id": "<disk>", "delete_on_termination": "0"}], [{"device_name": "vda", "volume_id": NOBODY}],
                        [{"device_name": "vda"}], [{"volume_id": "<disk>"}], [{"device_name": "", "volume_id": "<disk>"}], [{"device_name": "vdb", "volume_id": "<disk>"}],
                        [{"device_name": "vda", "snapshot_id": "<snap>", "volume_size": 2}], [{"device_name": "vda", "no_device": True}]):
                body = {"name": "compare form", "flavorRef": "42", "block_device_mapping": old, "networks": [{"uuid": "<network>"}]}
                made = p("POST", path, {"server": body}, at=at, save={"s": "server.id"}, note=f"{path} {old}")
                if all(reply.status < 300 for reply in made):
                    p.settled("s")
                    p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"{path} {old}")
                for cloud, reply in zip(p.both, made, strict=True):
                    if reply.status < 300:
                        p.ask(cloud, "DELETE", "/servers/<s>")
                        eventually(lambda cloud=cloud: p.ask(cloud, "GET", "/servers/<s>").status == 404, "it is gone")
    settled_volumes(p)


@play
def volume_roots(p):
    """Do everything to a server on a volume that is refused or done differently there."""
    make_volume(p, "disk", imageRef=p.reference.names["image"])
    body = {"name": "compare s", "flavorRef": "42", "networks": "none", "block_device_mapping_v2": [MAPPINGS[4]]}
    p("POST", "/servers", {"server": body}, at="2.37", save={"s": "server.id"})
    p.wait("s")
    for at in ("2.1", "2.86", "2.87", "2.92", "2.93", NEWEST):
        for deed in ({"rescue": None}, {"rebuild": {"imageRef": NOBODY}}, {"rebuild": {"imageRef": "<large image>"}}, {"createBackup": {"name": "compare image", "backup_type": "daily", "rotation": 1}}):
            replies = p("POST", "/servers/<s>/action", deed, at=at)
            if any(reply.status < 300 for reply in replies):
                p.settled("s")
                p("POST", "/servers/<s>/action", {"unrescue": None}, compare=False)
                p.settled("s")
        p("DELETE", "/servers/<s>/os-volume_attachments/<disk>", at=at, note="the root")
        p("PUT", "/servers/<s>/os-volume_attachments/<disk>", {"volumeAttachment": {"volumeId": "<disk>", "delete_on_termination": True}}, at=at, by="admin")
        p("GET", "/servers/<s>/os-volume_attachments", at=at)
        p("GET", "/servers/<s>", at=at)
    for deed, status in (({"os-stop": None}, "SHUTOFF"), ({"os-start": None}, "ACTIVE"), ({"resize": {"flavorRef": "1"}}, "VERIFY_RESIZE"), ({"confirmResize": None}, "ACTIVE"),
                         ({"shelve": None}, "SHELVED_OFFLOADED"), ({"unshelve": None}, "ACTIVE")):
        p("POST", "/servers/<s>/action", deed, at=NEWEST)
        p.wait("s", status)
        p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"after {deed}")
        p("GET", "/servers/<s>/os-volume_attachments", at=NEWEST, by="admin", note=f"after {deed}")
    events(p, "of a server on a volume")
    drop(p, "s")
    settled_volumes(p)


@play
def old_volumes(p):
    """Ask for volumes and snapshots, as it was done of old."""
    settled_volumes(p)
    make_volume(p, "disk")
    p.bind("snap", lambda cloud: cloud.service("volumev3", "POST", "/snapshots", {"snapshot": {"volume_id": cloud.names["disk"], "name": "compare", "description": "d"}})["snapshot"]["id"])
    for at in ("2.1", "2.35", "2.36"):
        for by in PERSONAS:
            for kind, one in (("os-volumes", "<disk>"), ("os-snapshots", "<snap>")):
                for path in (f"/{kind}/{one}", f"/{kind}/{NOBODY}", f"/{kind}/x", f"/{kind}/{one}?x=1", f"/{kind}?limit=0", f"/{kind}/detail?limit=0", f"/{kind}?limit=x", f"/{kind}?limit=-1",
                             f"/{kind}?offset=1000", f"/{kind}/detail?offset=x", f"/{kind}?x=1&limit=0"):
                    p("GET", path, at=at, by=by)
                p("DELETE", f"/{kind}/{NOBODY}", at=at, by=by)
    for by in ("member", "admin"):
        for body in ({"size": 1}, {"size": "1"}, {"size": 0}, {"size": "x"}, {"size": -1}, {"size": 1.5}, {"display_name": "compare v", "size": 1, "display_description": "d", "metadata": {"a": "b"}},
                     {"snapshot_id": "<snap>"}, {"snapshot_id": "<snap>", "size": 2}, {"snapshot_id": NOBODY, "size": 1}, {"size": 1, "availability_zone": "nova"}, {"size": 1, "x": 1}, {}):
            for cloud in p.both:
                cloud.names.pop("v", None)
            p("POST", "/os-volumes", {"volume": body}, by=by, save={"v": "volume.id"})
            p("GET", "/os-volumes/<v>", by=by, note=f"made with {body}")
            p("DELETE", "/os-volumes/<v>", by=by)
        for body in ({"volume_id": "<disk>"}, {"volume_id": "<disk>", "force": True, "display_name": "n", "display_description": "d"}, {"volume_id": "<disk>", "force": "x"}, {"volume_id": NOBODY}, {},
                     {"volume_id": "<disk>", "force": "True"}, {"volume_id": "<disk>", "x": 1}):
            for cloud in p.both:
                cloud.names.pop("v", None)
            p("POST", "/os-snapshots", {"snapshot": body}, by=by, save={"v": "snapshot.id"})
            p("GET", "/os-snapshots/<v>", by=by, note=f"made with {body}")
            p("DELETE", "/os-snapshots/<v>", by=by)
    settled_volumes(p)


@play
def old_images(p):
    """Ask for images and their metadata, as it was done of old."""
    for at in ("2.1", "2.35", "2.36", "2.38", "2.39"):
        for by in PERSONAS:
            for path in ("/images?limit=0", "/images/<image>", "/images/<private image>", "/images/<queued image>", f"/images/{NOBODY}", "/images/x", "/images/<image>/metadata", "/images/<image>/metadata/own",
                         "/images/<image>/metadata/nonesuch", f"/images/{NOBODY}/metadata", f"/images/{NOBODY}/metadata/a", "/images/<private image>/metadata", "/images/<image>?x=1",
                         "/images?name=nonesuch", "/images/detail?name=nonesuch", "/images?limit=x", "/images?limit=-1", "/images?marker=nonesuch", f"/images?marker={NOBODY}", "/images?status=x",
                         "/images/detail?limit=1", "/images?limit=1", "/images?limit=1&x=1", "/images?status=QUEUED", "/images?type=x", "/images?server=x", "/images?minDisk=400", "/images?minRam=x",
                         "/images?changes-since=x", "/images?changes-since=2099-01-01T00:00:00Z", "/images?property-own=property", "/images/detail?property-own=property", "/images?visibility=private"):
                p("GET", path, at=at, by=by)
            for method, path, body in (("POST", "/metadata", {"metadata": {"a": "b"}}), ("PUT", "/metadata/own", {"meta": {"own": "x"}}), ("DELETE", "/metadata/own", None), ("DELETE", "/metadata/none", None),
                                       ("PUT", "/metadata", {"metadata": {"a": "b"}}), ("DELETE", "", None)):
                if by not in ("admin", "stranger"):  # who may
                    p(method, "/images/<image>" + path, body, at=at, by=by)
                p(method, f"/images/{NOBODY}{path}", body, at=at, by=by)
    p.bind("mine", lambda cloud: cloud.service("image", "POST", "/v2/images", {"name": "compare image", "disk_format": "raw", "container_format": "bare"}, token=cloud.tokens["member"])["id"])
    for at in ("2.1", "2.38"):
        for method, path, body in (("GET", "", None), ("GET", "/metadata", None), ("POST", "/metadata", {"metadata": {"a": "b", "c": "d"}}), ("PUT", "/metadata/a", {"meta": {"a": "x"}}),
                                   ("PUT", "/metadata/a", {"meta": {"b": "x"}}), ("PUT", "/metadata/e", {"meta": {"e": "f"}}), ("DELETE", "/metadata/e", None), ("DELETE", "/metadata/e", None),
                                   ("PUT", "/metadata", {"metadata": {"z": "y"}}), ("PUT", "/metadata", {"metadata": {}}), ("POST", "/metadata", {"metadata": {}}),
                                   ("POST", "/metadata", {"metadata": {str(i): "x" for i in range(129)}})):
            p(method, "/images/<mine>" + path, body, at=at)
            p("GET", "/images/<mine>", note=f"after {method} {path}")
    for path in ("", "/metadata"):
        p("GET", "/images/<mine>" + path, at=None, root="/v2")
    p("DELETE", "/images/<mine>", by="reader")
    p("DELETE", "/images/<mine>", by="other")
    p("DELETE", "/images/<mine>")
    p("GET", "/images/<mine>")


@play
def server_parts(p):
    """Look at what hangs below a server: diagnostics, topology, password, shares, migrations, and its consoles' tokens."""
    boot(p, "s", networks=[{"uuid": "<network>"}])
    for state in ("ACTIVE", "SHUTOFF"):
        for at in (*FEW, "2.22", "2.23", "2.47", "2.48", "2.77", "2.78", "2.96", "2.97"):
            for by in PERSONAS:
                for path in ("/diagnostics", "/diagnostics?x=1", "/topology", "/topology?x=1", "/os-server-password", "/os-server-password?x=1", "/shares", "/shares/x", f"/shares/{NOBODY}", "/migrations",
                             "/migrations?x=1", "/os-virtual-interfaces", "/os-security-groups", "/os-volume_attachments"):
                    p("GET", "/servers/<s>" + path, at=at, by=by, note=state)
                p("DELETE", "/servers/<s>/os-server-password", at=at, by=by)
                p("POST", "/servers/<s>/shares", {"share": {"share_id": NOBODY}}, at=at, by=by, note=state)
                p("DELETE", f"/servers/<s>/shares/{NOBODY}", at=at, by=by)
        p("POST", "/servers/<s>/action", {"os-stop": None})
        p.wait("s", "SHUTOFF")
    p("POST", "/servers/<s>/action", {"os-start": None})
    p.wait("s")
    for protocol, kind in (("vnc", "novnc"), ("serial", "serial")):
        replies = p("POST", "/servers/<s>/remote-consoles", {"remote_console": {"protocol": protocol, "type": kind}}, at=NEWEST)
        for cloud, reply in zip(p.both, replies, strict=True):
            if reply.status == 200:
                cloud.bind("token", reply.json["remote_console"]["url"].rsplit("token", 1)[-1][-36:])
        for at in ("2.1", "2.30", "2.31", "2.98", "2.99", NEWEST):
            for by in PERSONAS:
                for path in ("<token>", "nonesuch", f"{NOBODY}", "<token>?x=1"):
                    p("GET", f"/os-console-auth-tokens/{path}", at=at, by=by, note=kind)
    drop(p, "s")
