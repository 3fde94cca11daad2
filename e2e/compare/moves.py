"""Plays that take a server to another size, image or place, and back."""

from clouds import eventually
from plays import FEW, NEWEST, PERSONAS, boot, drop, flavor, play, purge_flavors
from servers import QUOTA, bring, events

NOBODY = "00000000-1111-2222-3333-444444444444"


def do(p, name, arguments=None, at=NEWEST, by="member", **more):
    """Send an action to the server s."""
    return p("POST", "/servers/<s>/action", {name: arguments}, at=at, by=by, **more)


def look(p, note):
    """Look at the server s, at its actions, and at what it takes of the quota."""
    for at in FEW:
        p("GET", "/servers/<s>", at=at, note=note)
    p("GET", "/servers/<s>", at=NEWEST, by="admin", note=note)
    p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note=note)
    p("GET", "/limits", note=note)
    events(p, note)


def refuse(p, action, forms, versions):
    """Send an action in forms of which none is accepted."""
    for at in versions:
        for form in forms:
            do(p, action, form, at=at)
    for form in forms:
        replies = p("POST", "/servers/<s>/action", {action: form}, at=None, root="/v2")
        if any(r.status < 300 for r in replies):
            p.settled("s")


@play
def resizes(p):
    """Resize servers, confirm it and take it back."""
    purge_flavors(p)
    p("POST", "/flavors", flavor(ram=128), by="admin", compare=False)
    p("POST", "/flavors", flavor(id="compare-2", name="compare two", vcpus=100000), by="admin", compare=False)
    p("POST", "/flavors", flavor(id="compare-3", name="compare three", disk=0), by="admin", compare=False)
    boot(p, "s", networks=[{"uuid": "<network>"}])
    refuse(p, "resize", (
        None, {}, [], "1", {"flavorRef": "nonesuch"}, {"flavorRef": "42"}, {"flavorRef": ""}, {"flavorRef": None}, {"flavorRef": 42}, {"flavorRef": 1.5},
        {"flavorRef": "http://x/flavors/42"}, {"flavorRef": "http://x/flavors/nonesuch"}, {"flavorRef": "compare-1", "OS-DCF:diskConfig": "x"},
        {"flavorRef": "compare-1", "nonesuch": 1}, {"flavorRef": "compare-2"}, {"flavorRef": "compare-3"}, {"flavorRef": "compare-1", "adminPass": "x"},
    ), ("2.1", NEWEST))
    do(p, "confirmResize", compare=False)  # of one that /v2 has accepted
    p.wait("s")
    for by in PERSONAS:
        do(p, "resize", {"flavorRef": "nonesuch"}, by=by)
        do(p, "confirmResize", by=by)
        do(p, "revertResize", by=by)
    for quota in ({"ram": 64}, {"cores": 1}, {"instances": 1}):
        p("PUT", "/os-quota-sets/<home>", {"quota_set": quota}, by="admin", compare=False)
        for by in ("member", "admin"):
            do(p, "resize", {"flavorRef": "1" if "ram" in quota else "3"}, by=by, note=f"with {quota}")
            p.settled("s")
        p("PUT", "/os-quota-sets/<home>", {"quota_set": QUOTA}, by="admin", compare=False)
    for end, state in (("revertResize", "ACTIVE"), ("confirmResize", "ACTIVE"), ("revertResize", "SHUTOFF"), ("confirmResize", "SHUTOFF")):
        drop(p, "s")
        boot(p, "s", networks=[{"uuid": "<network>"}])
        if state == "SHUTOFF":
            do(p, "os-stop")
            p.wait("s", "SHUTOFF")
        do(p, "resize", {"flavorRef": "compare-1", "OS-DCF:diskConfig": "AUTO"} if end == "confirmResize" else {"flavorRef": "compare-1"})
        p.wait("s", "VERIFY_RESIZE")
        look(p, f"resized when {state}")
        do(p, end, by="reader")
        do(p, end, by="other")
        do(p, end)
        p.wait("s", state)
        look(p, f"{end} when {state}")
        do(p, end)
    drop(p, "s")
    purge_flavors(p)


@play
def shelves(p):
    """Take servers to the shelf and back."""
    boot(p, "s", networks=[{"uuid": "<network>"}], availability_zone="nova")
    for by in PERSONAS:
        for name in ("shelveOffload", "unshelve"):
            do(p, name, by=by)
        do(p, "unshelve", {"host": "fake1"}, by=by, at="2.91")
    for state in ("ACTIVE", "SHUTOFF"):
        if state == "SHUTOFF":
            do(p, "os-stop")
            p.wait("s", "SHUTOFF")
        do(p, "shelve")
        p.wait("s", "SHELVED_OFFLOADED")
        look(p, f"shelved when {state}")
        p.beside("its image", lambda cloud: [
            {k: v for k, v in image.items() if k not in ("id", "self", "file", "schema", "checksum", "os_hash_value", "stores", "locations", "size", "virtual_size")}
            for image in cloud.service("image", "GET", "/v2/images?name=compare%20s-shelved")["images"] if image.get("base_image_ref") == cloud.names["image"]
            and image.get("instance_uuid") == cloud.names["s"]])
        forms = (
            {}, [], "x", {"availability_zone": None}, {"availability_zone": "nonesuch"}, {"availability_zone": ""}, {"availability_zone": 1}, {"host": ""},
            {"host": "nonesuch"}, {"host": None}, {"host": 1}, {"x": 1}, {"availability_zone": "nova", "x": 1}, {"availability_zone": "internal"},
            {"availability_zone": "nonesuch", "host": "fake1"}, {"availability_zone": "nova", "host": "nonesuch"}, {"availability_zone": None, "host": "nonesuch"},
        ) if state == "ACTIVE" else ()
        for form in forms:
            for at, by in (("2.77", "member"), ("2.91", "member"), ("2.91", "admin")):
                if "availability_zone" not in (form or {}) or form["availability_zone"] or form.get("host"):
                    do(p, "unshelve", form, at=at, by=by)
                    p.settled("s")
        do(p, "unshelve", None if state == "ACTIVE" else {"availability_zone": "nova"})
        p.wait("s")
        look(p, f"unshelved when {state}")
    do(p, "shelve")
    p.wait("s", "SHELVED_OFFLOADED")
    do(p, "unshelve", {"host": "fake1", "availability_zone": None}, by="admin")
    p.wait("s")
    look(p, "unshelved to a host")
    do(p, "shelve")
    p.wait("s", "SHELVED_OFFLOADED")
    do(p, "unshelve", {"availability_zone": None})
    p.wait("s")
    look(p, "unpinned")
    drop(p, "s")


@play
def rescues(p):
    """Rescue servers, with passwords and images."""
    boot(p, "s")
    refuse(p, "rescue", (
        [], "x", {"adminPass": 1}, {"adminPass": None}, {"rescue_image_ref": "x"}, {"rescue_image_ref": ""}, {"rescue_image_ref": None}, {"rescue_image_ref": NOBODY},
        {"rescue_image_ref": "<private image>"}, {"nonesuch": 1},
    ), ("2.1", "2.87", NEWEST))
    for by in ("reader", "other", "manager"):
        do(p, "rescue", {"rescue_image_ref": NOBODY}, by=by)
        do(p, "unrescue", by=by)
    for form in (None, {}, {"adminPass": "secret"}, {"adminPass": ""}, {"rescue_image_ref": "<image>"}):
        for at in ("2.1", NEWEST):
            do(p, "rescue", form, at=at)
            p.wait("s", "RESCUE")
            if at == NEWEST and form in (None, {"rescue_image_ref": "<image>"}):
                look(p, f"rescued with {form}")
            do(p, "unrescue")
            p.wait("s")
    look(p, "rescued no more")
    drop(p, "s")


REBUILDS = [
    {"name": "compare built"}, {"adminPass": "secret"}, {"adminPass": ""}, {"metadata": {"new": "n"}}, {"metadata": {}}, {"OS-DCF:diskConfig": "AUTO"},
    {"accessIPv4": "5.6.7.8", "accessIPv6": "fe80::2"}, {"description": "words"}, {"description": None}, {"key_name": "compare"}, {"key_name": None},
    {"user_data": "aGVsbG8="}, {"user_data": None}, {"trusted_image_certificates": ["a"]}, {"trusted_image_certificates": None}, {"hostname": "built"},
    {"preserve_ephemeral": False}, {"personality": []}, {"hostname": "built.example.org"},
]


@play
def rebuilds(p):
    """Build servers anew."""
    p("POST", "/os-keypairs", {"keypair": {"name": "compare"}}, at=NEWEST, compare=False)
    boot(p, "s", networks=[{"uuid": "<network>"}], metadata={"a": "b"})
    bad = (
        {"imageRef": ...}, {"imageRef": ""}, {"imageRef": None}, {"imageRef": "x"}, {"imageRef": NOBODY}, {"imageRef": "<queued image>"}, {"imageRef": "<large image>"},
        {"imageRef": "<hungry image>"}, {"imageRef": "<private image>"}, {"name": ""}, {"name": 1}, {"name": " a"}, {"adminPass": 1}, {"metadata": None}, {"metadata": {"a": 1}},
        {"metadata": {str(i): "x" for i in range(129)}}, {"preserve_ephemeral": "x"}, {"OS-DCF:diskConfig": "x"}, {"accessIPv4": "x"}, {"accessIPv6": "x"},
        {"personality": [{"path": "/a"}]}, {"description": 1}, {"key_name": "nonesuch"}, {"key_name": ""}, {"user_data": "x"}, {"trusted_image_certificates": []},
        {"hostname": "a_b"}, {"nonesuch": 1}, {"hostname": "a" * 64}, {"key_name": 1},
    )
    for at in ("2.1", "2.19", "2.54", "2.57", "2.63", "2.90", NEWEST):
        for form in bad:
            body = {k: v for k, v in ({"imageRef": "<image>"} | form).items() if v is not ...}
            replies = do(p, "rebuild", body, at=at)
            if any(r.status == 202 for r in replies):
                p.settled("s")
    for body in (None, [], "x", {}):
        do(p, "rebuild", body)
    for by in PERSONAS:
        do(p, "rebuild", {"imageRef": NOBODY}, by=by)
    for at, forms in (("2.1", REBUILDS[:7]), (NEWEST, REBUILDS)):
        for form in forms:
            replies = do(p, "rebuild", {"imageRef": "<image>"} | form, at=at)
            p.settled("s")
            if all(r.status == 202 for r in replies):
                p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"rebuilt with {form}")
    look(p, "rebuilt")
    do(p, "os-stop")
    p.wait("s", "SHUTOFF")
    do(p, "rebuild", {"imageRef": "<image>"})
    p.wait("s", "SHUTOFF")
    look(p, "rebuilt when SHUTOFF")
    drop(p, "s")


@play
def soft_deletes(p):
    """Delete servers and bring them back, where reclaim_instance_interval is set, as is needed for this play."""
    for end in ("restore", "forceDelete", "DELETE"):
        boot(p, "s", networks=[{"uuid": "<network>"}])
        for name in ("restore",):
            do(p, name)
        p("DELETE", "/servers/<s>")
        for cloud in p.both:
            eventually(lambda cloud=cloud: p.ask(cloud, "GET", "/servers/<s>").json["server"]["status"] == "SOFT_DELETED", "it is SOFT_DELETED")
        p.settled("s")
        look(p, "soft-deleted")
        for by in ("member", "admin"):
            for query in ("", "?status=SOFT_DELETED", "?status=soft_deleted", "?deleted=true", "?soft_deleted=true", "?vm_state=soft-delete", "?changes-since=2020-01-01T00:00:00Z"):
                p("GET", "/servers/detail" + query, at=NEWEST, by=by, note="with one that is soft-deleted")
        for by in ("reader", "other"):
            for name in ("restore", "forceDelete"):
                do(p, name, by=by)
        p("PUT", "/os-quota-sets/<home>", {"quota_set": {"instances": 0, "force": True}}, by="admin", compare=False)
        do(p, "restore", note="over quota")
        p("PUT", "/os-quota-sets/<home>", {"quota_set": QUOTA}, by="admin", compare=False)
        if end == "DELETE":
            p("DELETE", "/servers/<s>", note="that is soft-deleted")
        else:
            do(p, end)
        p.settled("s")
        p("GET", "/servers/<s>", at=NEWEST, note=f"after {end}")
        p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note=f"after {end}")
        do(p, "forceDelete")
        p.gone("s")


@play
def resizes_in_states(p):
    """Delete, reset and reboot what is resized or on the shelf."""
    for status in ("VERIFY_RESIZE", "SHELVED_OFFLOADED", "RESCUE"):
        for state in ("active", "error"):
            bring(p, status)
            do(p, "os-resetState", {"state": state}, by="admin")
            p("GET", "/servers/<s>", at=NEWEST, by="admin", note=f"{status} reset to {state}")
            drop(p, "s")
        bring(p, status)
        p("DELETE", "/servers/<s>", note=status)
        p.gone("s")
        p("GET", "/servers/<s>/os-instance-actions", at=NEWEST, by="admin", note=f"deleted when {status}")
        events(p, f"deleted when {status}", personas=("admin",))
