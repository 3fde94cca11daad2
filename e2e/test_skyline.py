"""What Skyline's console sends, with its fixed version and those of some of its actions.

A table of its calls: skyline-console, src/client/nova and src/stores/nova.
"""

import re

import pytest
from cloud import eventually

VERSION = "2.79"
# The version of an action or a collection that has one of its own.
VERSIONS = {"os-migrateLive": "2.30", "rebuild": "2.93", "rescue": "2.93", "lock": "2.42", "remote_console": "2.53", "os-server-groups": "2.63"}


class Console:
    """A browser with Skyline, whose calls come through to the compute API."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.compute = re.sub(r"/[0-9a-f-]{32,36}$", "", cloud.endpoint("compute"))
        self.tokens = {user: cloud.token(user)["id"] for user in ("demo", "admin")}
        self.calls = 0

    def __call__(self, method, path, body=None, *, status=200, user="demo"):
        own = [version for name, version in VERSIONS.items() if name in (body or {}) or name in path]
        reply = self.cloud.curl(
            method, self.compute + path, f"Openstack-Api-Version: compute {(own or [VERSION])[0]}", body=body, token=self.tokens[user])
        assert reply.status == status, (method, path, body, reply.body)
        self.calls += 1
        return reply.json if reply.headers.get("content-type", "").startswith("application/json") and reply.body else None

    def act(self, server, body, becomes=None, *, status=202, user="demo"):
        """Send an action, and wait for the status that the server has after it."""
        reply = self("POST", f"/servers/{server}/action", body, status=status, user=user)
        if becomes:
            self.wait(server, becomes)
        return reply

    def wait(self, server, becomes):
        """Poll a server, as the page of one does, until it has a status and no task."""
        def reached():
            shown = self("GET", f"/servers/{server}", user="admin")["server"]
            return shown["status"] == becomes and shown["OS-EXT-STS:task_state"] is None
        eventually(reached, f"{server} becomes {becomes}")


@pytest.fixture(scope="module")
def console(cloud):
    return Console(cloud)


@pytest.fixture(scope="module")
def flavor(console):
    """Make a flavor as the administrator's page does, and remove it."""
    made = console("POST", "/flavors", {"flavor": {"name": "skyline", "vcpus": 1, "ram": 64, "disk": 1, "rxtx_factor": 1.0}}, user="admin")["flavor"]
    yield made["id"]
    console("DELETE", f"/flavors/{made['id']}", status=202, user="admin")


@pytest.fixture(scope="module")
def server(cloud, console, flavor):
    image = cloud.openstack("image", "show", "cirros", "-f", "value", "-c", "id").stdout.strip()
    network = cloud.openstack("network", "show", "private", "-f", "value", "-c", "id").stdout.strip()
    made = console("POST", "/servers", {"server": {
        "name": "skyline", "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}], "adminPass": "Skyline-1", "description": "",
        "availability_zone": "nova", "config_drive": False, "min_count": 1, "max_count": 1, "return_reservation_id": False,
    }, "OS-SCH-HNT:scheduler_hints": {}}, status=202)["server"]["id"]
    console.wait(made, "ACTIVE")
    yield {"id": made, "image": image, "network": network}
    console("DELETE", f"/servers/{made}", status=204)


def test_pages(console):
    """Open the pages of a user."""
    for path, key in (
            ("/servers/detail?limit=10", "servers"), ("/flavors/detail?is_public=none", "flavors"), ("/os-keypairs", "keypairs"),
            ("/os-server-groups", "server_groups"), ("/os-availability-zone", "availabilityZoneInfo")):
        assert key in console("GET", path)


def test_key_pair_and_group(console):
    """Make a key pair and a server group, look at them, and delete them."""
    console("POST", "/os-keypairs", {"keypair": {"name": "skyline", "type": "ssh"}}, status=201)
    assert console("GET", "/os-keypairs/skyline")["keypair"]["name"] == "skyline"
    console("DELETE", "/os-keypairs/skyline", status=204)
    group = console("POST", "/os-server-groups", {"server_group": {"name": "skyline", "policies": ["soft-affinity"]}})["server_group"]
    assert console("GET", f"/os-server-groups/{group['id']}")["server_group"]["policies"] == ["soft-affinity"]
    console("DELETE", f"/os-server-groups/{group['id']}", status=204)


def test_flavor(cloud, console, flavor):
    """Give a flavor extra specs, and projects access to it."""
    specs = {"extra_specs": {"hw:cpu_policy": "shared", ":architecture": "x86_architecture"}}
    assert console("POST", f"/flavors/{flavor}/os-extra_specs", specs, user="admin") == specs
    assert console("GET", f"/flavors/{flavor}/os-extra_specs", user="admin") == specs
    console("DELETE", f"/flavors/{flavor}/os-extra_specs/:architecture", user="admin")
    console("DELETE", f"/flavors/{flavor}/os-extra_specs/hw:cpu_policy", user="admin")
    own = console("POST", "/flavors", {"flavor": {"name": "skyline-own", "vcpus": 1, "ram": 64, "disk": 1, "os-flavor-access:is_public": False}}, user="admin")["flavor"]["id"]
    project = cloud.openstack("project", "show", "demo", "-f", "value", "-c", "id", user="admin").stdout.strip()
    for verb, access in (("addTenantAccess", 1), ("removeTenantAccess", 0)):
        console("POST", f"/flavors/{own}/action", {verb: {"tenant": project}}, user="admin")
        assert len(console("GET", f"/flavors/{own}/os-flavor-access", user="admin")["flavor_access"]) == access
    console("DELETE", f"/flavors/{own}", status=202, user="admin")


def test_server_pages(console, server):
    """Open the page of a server, and its tabs."""
    path = f"/servers/{server['id']}"
    shown = console("GET", path)["server"]
    assert shown["flavor"]["original_name"] == "skyline"
    assert shown["locked"] is False
    assert shown["description"] in (None, "")
    assert len(console("GET", f"{path}/os-interface")["interfaceAttachments"]) == 1
    assert console("GET", f"{path}/os-volume_attachments")["volumeAttachments"] == []
    assert console("GET", f"{path}/os-instance-actions")["instanceActions"][0]["action"] == "create"
    assert "output" in console.act(server["id"], {"os-getConsoleOutput": {"length": 35}}, status=200)
    url = console("POST", f"{path}/remote-consoles", {"remote_console": {"protocol": "vnc", "type": "novnc"}})["remote_console"]["url"]
    assert url.startswith("http")
    console("PUT", f"{path}/tags", {"tags": ["blue", "red"]})
    assert console("GET", f"{path}/tags") == {"tags": ["blue", "red"]}
    console("PUT", path, {"server": {"name": "skyline", "description": "by Skyline"}})


def test_server_actions(console, server, flavor):
    """Choose what the menus of a server offer."""
    one = server["id"]
    for body, becomes in (
            ({"lock": None}, "ACTIVE"), ({"unlock": None}, "ACTIVE"), ({"pause": None}, "PAUSED"), ({"unpause": None}, "ACTIVE"),
            ({"suspend": None}, "SUSPENDED"), ({"resume": None}, "ACTIVE"), ({"os-stop": None}, "SHUTOFF"), ({"os-start": None}, "ACTIVE"),
            ({"reboot": {"type": "SOFT"}}, "ACTIVE"), ({"reboot": {"type": "HARD"}}, "ACTIVE"), ({"shelve": None}, "SHELVED_OFFLOADED"), ({"unshelve": None}, "ACTIVE"),
            ({"changePassword": {"adminPass": "$6$rounds=4096$salt$hash"}}, "ACTIVE"), ({"resize": {"flavorRef": "1"}}, "VERIFY_RESIZE"),
            ({"revertResize": None}, "ACTIVE"), ({"rebuild": {"imageRef": server["image"]}}, "ACTIVE"),
            ({"rescue": {"adminPass": "Skyline-1", "rescue_image_ref": server["image"]}}, "RESCUE"), ({"unrescue": None}, "ACTIVE")):
        console.act(one, body, becomes, status=200 if "rescue" in body else 202)
    image = console.act(one, {"createImage": {"name": "skyline", "metadata": {"usage_type": "common", "image_type": "snapshot", "instance_id": one}}})["image_id"]
    console.cloud.wait_image(image)
    console.cloud.openstack("image", "delete", image)
    port = console("POST", f"/servers/{one}/os-interface", {"interfaceAttachment": {"net_id": server["network"]}})["interfaceAttachment"]["port_id"]
    console("DELETE", f"/servers/{one}/os-interface/{port}", status=202)


def test_volume(cloud, console, server):
    """Attach a volume, and detach it."""
    volume = cloud.openstack("volume", "create", "--size", "1", "skyline", "-f", "json").json["id"]
    eventually(lambda: cloud.openstack("volume", "show", volume, "-f", "json").json["status"] == "available", "the volume")
    path = f"/servers/{server['id']}/os-volume_attachments"
    console("POST", path, {"volumeAttachment": {"volumeId": volume, "delete_on_termination": False}})
    eventually(lambda: cloud.openstack("volume", "show", volume, "-f", "json").json["status"] == "in-use", "the attachment")
    console("DELETE", f"{path}/{volume}", status=202)
    eventually(lambda: cloud.openstack("volume", "show", volume, "-f", "json").json["status"] == "available", "the volume again")
    cloud.openstack("volume", "delete", volume)


def test_administrator(cloud, console, server):
    """Open the pages of an administrator, and use their menus."""
    project = cloud.openstack("project", "show", "demo", "-f", "value", "-c", "id", user="admin").stdout.strip()
    for path, key in (
            ("/servers/detail?all_tenants=true&deleted=true&limit=10", "servers"), ("/servers/detail?all_tenants=true&sort_key=created_at&sort_dir=desc", "servers"),
            ("/os-services", "services"), ("/os-hypervisors/detail", "hypervisors"), (f"/os-quota-sets/{project}/detail", "quota_set"), (f"/os-quota-sets/{project}", "quota_set")):
        assert key in console("GET", path, user="admin")
    hypervisor = console("GET", "/os-hypervisors", user="admin")["hypervisors"][0]["id"]
    assert console("GET", f"/os-hypervisors/{hypervisor}", user="admin")["hypervisor"]["id"] == hypervisor
    console("GET", "/os-pci-devices", status=404, user="admin")
    console("PUT", f"/os-quota-sets/{project}", {"quota_set": {"instances": 10, "force": True}}, user="admin")
    one = console("POST", "/os-aggregates", {"aggregate": {"name": "skyline", "availability_zone": "nova"}}, user="admin")["aggregate"]["id"]
    console("POST", f"/os-aggregates/{one}/action", {"set_metadata": {"metadata": {"rack": "7"}}}, user="admin")
    console("PUT", f"/os-aggregates/{one}", {"aggregate": {"name": "skyline-2"}}, user="admin")
    console("DELETE", f"/os-aggregates/{one}", user="admin")
    console.act(server["id"], {"os-resetState": {"state": "active"}}, "ACTIVE", user="admin")
    console.act(server["id"], {"migrate": None}, "VERIFY_RESIZE", user="admin")
    console.act(server["id"], {"confirmResize": None}, status=204)
    console.wait(server["id"], "ACTIVE")
    console.act(server["id"], {"os-migrateLive": {"host": None, "block_migration": "auto"}}, "ACTIVE", user="admin")
