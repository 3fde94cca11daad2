"""Volumes, with openstack."""

import pytest
from cloud import eventually


@pytest.fixture
def volumes(cloud):
    """Remove the volumes that a test leaves behind; give them by name."""
    def mine():
        return {v["Name"]: v["ID"] for v in cloud.openstack("volume", "list", "-f", "json").json}
    yield mine
    if left := [v["ID"] for v in cloud.openstack("volume", "list", "-f", "json").json]:  # some have no name
        cloud.openstack("volume", "delete", *left)


def wait_for(cloud, status, name):
    """Wait until a volume has a status; give the volume."""
    def shown():
        return cloud.openstack("volume", "show", name, "-f", "json").json
    eventually(lambda: shown()["status"] == status, f"volume {name} is {status}")
    return shown()


def test_a_volume_lives(cloud, volumes):
    made = cloud.openstack("volume", "create", "--size", "1", "--property", "a=b", "--description", "d", "disk", "-f", "json").json
    assert (made["status"], made["size"], made["type"]) == ("creating", 1, "__DEFAULT__")
    shown = wait_for(cloud, "available", "disk")
    assert (shown["properties"], shown["description"], shown["attachments"]) == ({"a": "b"}, "d", [])

    cloud.openstack("volume", "set", "--name", "data", "--property", "c=d", "disk")
    assert wait_for(cloud, "available", "data")["properties"] == {"a": "b", "c": "d"}
    cloud.openstack("volume", "unset", "--property", "a", "data")
    assert wait_for(cloud, "available", "data")["properties"] == {"c": "d"}
    assert list(volumes()) == ["data"]

    cloud.openstack("volume", "delete", "data")
    eventually(lambda: not volumes(), "the volume is gone")


def test_the_type_of_a_volume(cloud):
    listed = cloud.openstack("volume", "type", "list", "--default", "-f", "json").json
    assert [(t["Name"], t["Is Public"]) for t in listed] == [("__DEFAULT__", True)]
    assert cloud.openstack("volume", "type", "show", "__DEFAULT__", "-f", "json").json["name"] == "__DEFAULT__"


def test_copies_of_volumes(cloud, volumes):
    cloud.openstack("volume", "create", "--image", "cirros", "--size", "1", "boot")
    assert wait_for(cloud, "available", "boot")["volume_image_metadata"]["image_name"] == "cirros"
    cloud.openstack("volume", "snapshot", "create", "--volume", "boot", "snap")

    def snapshots():
        return {s["Name"]: s["Status"] for s in cloud.openstack("volume", "snapshot", "list", "-f", "json").json}
    eventually(lambda: snapshots() == {"snap": "available"}, "the snapshot is available")
    cloud.openstack("volume", "create", "--snapshot", "snap", "--size", "2", "larger")
    cloud.openstack("volume", "create", "--source", "boot", "twin")
    assert wait_for(cloud, "available", "larger")["bootable"] in (True, "true")
    wait_for(cloud, "available", "twin")
    cloud.openstack("volume", "set", "--size", "2", "twin")
    assert wait_for(cloud, "available", "twin")["size"] == 2
    cloud.openstack("volume", "snapshot", "delete", "snap")
    eventually(lambda: not snapshots(), "the snapshot is gone")


def test_administrators_make_types_and_set_quotas(cloud):
    cloud.openstack("volume", "type", "create", "--property", "multiattach=<is> True", "shared", user="admin")
    assert cloud.openstack("volume", "type", "show", "shared", "-f", "json").json["properties"] == {"multiattach": "<is> True"}
    cloud.openstack("volume", "type", "delete", "shared", user="admin")
    cloud.openstack("quota", "set", "--volumes", "7", "demo", user="admin")
    shown = {row["Resource"]: row["Limit"] for row in cloud.openstack("quota", "show", "--volume", "-f", "json").json}
    assert shown["volumes"] == 7


def test_a_volume_returns_to_its_snapshot(cloud, volumes):
    cloud.openstack("volume", "create", "--size", "1", "data")
    wait_for(cloud, "available", "data")
    cloud.openstack("volume", "snapshot", "create", "--volume", "data", "snap")

    def status():
        return cloud.openstack("volume", "snapshot", "show", "snap", "-f", "json").json["status"]
    eventually(lambda: status() == "available", "the snapshot is there")
    cloud.openstack("--os-volume-api-version", "3.40", "volume", "revert", "snap")
    wait_for(cloud, "available", "data")
    cloud.openstack("volume", "snapshot", "delete", "snap")
    eventually(lambda: cloud.openstack("volume", "snapshot", "list", "-f", "json").json == [], "the snapshot is gone")


def test_what_volumes_are_put_on(cloud):
    listed = cloud.openstack("volume", "service", "list", "-f", "json", user="admin").json
    assert {s["Binary"]: s["State"] for s in listed} == {"cinder-scheduler": "up", "cinder-volume": "up"}
    pool = cloud.openstack("volume", "backend", "pool", "list", "--long", "-f", "json", user="admin").json[0]
    assert pool["Name"].endswith("@file#file")
    shown = cloud.openstack("volume", "backend", "capability", "show", pool["Name"].split("#")[0], "-f", "json", user="admin")
    assert shown.stdout
    assert cloud.openstack("--os-volume-api-version", "3.3", "volume", "message", "list", "-f", "json").json == []


def boot(cloud, name, *source):
    """Make a server that runs."""
    cloud.openstack("server", "create", *source, "--flavor", "m1.nano", "--nic", "none", name)
    cloud.wait("ACTIVE", name)


def remove(cloud, *names):
    """Remove servers, and wait until they are gone."""
    cloud.openstack("server", "delete", *names)
    for name in names:
        cloud.gone(name)


def test_servers_have_volumes(cloud, volumes):
    boot(cloud, "with-volumes", "--image", "cirros")
    for name in ("kept", "goes"):
        cloud.openstack("volume", "create", "--size", "1", name)
        wait_for(cloud, "available", name)
    cloud.openstack("server", "add", "volume", "with-volumes", "kept")
    cloud.openstack("server", "add", "volume", "--enable-delete-on-termination", "with-volumes", "goes")
    assert [a["device"] for a in wait_for(cloud, "in-use", "kept")["attachments"]] == ["/dev/vdb"]
    wait_for(cloud, "in-use", "goes")
    shown = cloud.openstack("server", "show", "with-volumes", "-f", "json").json["volumes_attached"]
    assert {v["id"]: v["delete_on_termination"] for v in shown} == {volumes()["kept"]: False, volumes()["goes"]: True}

    cloud.openstack("--os-volume-api-version", "3.42", "volume", "set", "--size", "2", "kept")
    events = ("server", "event", "list", "--long", "with-volumes", "-f", "json")
    eventually(lambda: any(e["Action"] == "extend_volume" and e["User ID"] for e in cloud.openstack(*events).json),
               "the server sees that its volume is larger, as the block storage service's user says")

    refused = cloud.openstack("volume", "delete", "kept", ok=False)
    assert "status must be available" in refused.stderr
    remove(cloud, "with-volumes")
    wait_for(cloud, "available", "kept")
    eventually(lambda: list(volumes()) == ["kept"], "the other volume is gone")


def test_servers_boot_from_volumes(cloud, volumes):
    boot(cloud, "first", "--image", "cirros", "--boot-from-volume", "1")
    shown = cloud.openstack("server", "show", "first", "-f", "json").json
    assert shown["image"] == "N/A (booted from volume)"
    [attached] = shown["volumes_attached"]
    cloud.openstack("server", "image", "create", "--name", "shot", "first")
    boot(cloud, "second", "--image", "shot")
    assert len(cloud.openstack("server", "volume", "list", "second", "-f", "json").json) == 1
    cloud.openstack("server", "shelve", "first")
    cloud.wait("SHELVED_OFFLOADED", "first")
    cloud.openstack("server", "unshelve", "first")
    cloud.wait("ACTIVE", "first")

    remove(cloud, "first", "second")
    wait_for(cloud, "available", attached["id"])
    boot(cloud, "third", "--volume", attached["id"])
    remove(cloud, "third")
    wait_for(cloud, "available", attached["id"])
    cloud.openstack("image", "delete", "shot")
    for snapshot in cloud.openstack("volume", "snapshot", "list", "-f", "json").json:
        cloud.openstack("volume", "snapshot", "delete", snapshot["ID"])
    eventually(lambda: cloud.openstack("volume", "snapshot", "list", "-f", "json").json == [], "the snapshots are gone")
