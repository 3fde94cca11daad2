"""The client of 2014, python-novaclient 2.18, on the API that it knows: /v2.

It takes v2.0 tokens, sends no version and looks images up in nova. A server is
booted through its library, which needs no such look-up.
"""

import os

import pytest
from cloud import ROOT, eventually, execute

pytestmark = pytest.mark.ours  # Keystone has no v2.0 tokens any more

PYTHON = ROOT / ".venv-legacy" / "bin" / "python"
LAUNCHER = ROOT / "e2e" / "legacy" / "nova2014.py"
BOOT = """
import os, sys, nova2014
from novaclient.v1_1 import client
cs = client.Client(*(os.environ["OS_" + name] for name in ("USERNAME", "PASSWORD", "TENANT_NAME", "AUTH_URL")))
print(cs.servers.create("old", sys.argv[1], "42", meta={"era": "2014"}).id)
"""


class Legacy:
    """The old client's commands, as demo."""

    def __init__(self, cloud):
        demo = cloud.users["demo"]
        self.env = {
            "PATH": os.environ["PATH"], "HOME": cloud.home.name, "NO_PROXY": "*", "COLUMNS": "200", "PYTHONPATH": str(LAUNCHER.parent),
            "OS_USERNAME": demo["OS_USERNAME"], "OS_PASSWORD": demo["OS_PASSWORD"], "OS_TENANT_NAME": demo["OS_PROJECT_NAME"],
            "OS_AUTH_URL": demo["OS_AUTH_URL"].replace("/v3", "/v2.0"),
        }

    def nova(self, *args, ok=True):
        """Run a command; it must succeed, or fail where ok is False."""
        done = execute([PYTHON, LAUNCHER, *args], self.env)
        assert (done.status == 0) == ok, done
        return done

    def wait(self, status, server):
        """Wait until a server has a status, and nothing under way."""
        def reached():
            shown = self.nova("show", server).properties
            return shown["status"] == status and shown["OS-EXT-STS:task_state"] == "-"
        eventually(reached, f"{server} becomes {status}")

    def boot(self, image):
        """Boot a server called old through the library."""
        done = execute([PYTHON, "-c", BOOT, image], self.env)
        assert done.status == 0, done
        return done.stdout.strip()


@pytest.fixture(scope="module")
def legacy(cloud):
    return Legacy(cloud)


def test_catalogue(legacy):
    assert {"m1.nano", "m1.tiny"} <= {row["Name"] for row in legacy.nova("flavor-list").rows}
    assert {"Name": "nova", "Status": "available"} in legacy.nova("availability-zone-list").rows
    assert {"Name": "maxTotalInstances", "Value": "10"} in legacy.nova("absolute-limits").rows
    assert {"Quota": "cores", "Limit": "20"} in legacy.nova("quota-show").rows


def test_keypair(legacy):
    assert "BEGIN RSA PRIVATE KEY" in legacy.nova("keypair-add", "old-key").stdout
    assert "old-key" in {row["Name"] for row in legacy.nova("keypair-list").rows}
    legacy.nova("keypair-delete", "old-key")
    assert "old-key" not in legacy.nova("keypair-list").stdout


def test_life_of_a_server(cloud, legacy):
    image = next(row["ID"] for row in cloud.openstack("image", "list", "-f", "json").json if row["Name"] == "cirros")
    server = legacy.boot(image)
    legacy.wait("ACTIVE", server)
    shown = legacy.nova("show", "old").properties
    assert shown["id"] == server and shown["status"] == "ACTIVE" and shown["flavor"] == "m1.nano (42)"
    assert shown["metadata"] == '{"era": "2014"}'
    for command, status in (
            ("stop", "SHUTOFF"), ("start", "ACTIVE"), ("reboot", "ACTIVE"), ("pause", "PAUSED"), ("unpause", "ACTIVE"),
            ("suspend", "SUSPENDED"), ("resume", "ACTIVE")):
        legacy.nova(command, "old")
        legacy.wait(status, server)
    assert "login:" in legacy.nova("console-log", "old").stdout
    assert "/console/vnc_auto.html?path=" in legacy.nova("get-vnc-console", "old", "novnc").rows[0]["Url"]
    legacy.nova("image-create", "old", "old-snapshot")
    cloud.wait_image("old-snapshot")
    legacy.wait("ACTIVE", server)
    legacy.nova("meta", "old", "set", "era=2015")
    legacy.nova("rename", "old", "older")
    shown = legacy.nova("show", "older").properties
    assert shown["metadata"] == '{"era": "2015"}'
    legacy.nova("lock", "older")
    legacy.nova("unlock", "older")
    actions = [row["Action"] for row in legacy.nova("instance-action-list", "older").rows]
    assert actions == ["create", "stop", "start", "reboot", "pause", "unpause", "suspend", "resume", "createImage", "lock", "unlock"]
    legacy.nova("delete", "older")
    cloud.gone("older")
    assert "No server with a name or ID of 'older' exists." in legacy.nova("show", "older", ok=False).text


@pytest.fixture(scope="module")
def server(cloud, legacy):
    """Give the name of a server on a network that a router joins to public."""
    cloud.openstack("router", "create", "--external-gateway", "public", "old-way", user="admin")
    cloud.openstack("router", "add", "subnet", "old-way", "private-subnet", user="admin")
    image = next(row["ID"] for row in cloud.openstack("image", "list", "-f", "json").json if row["Name"] == "cirros")
    legacy.wait("ACTIVE", legacy.boot(image))
    yield "old"
    legacy.nova("delete", "old")
    cloud.gone("old")
    cloud.openstack("router", "remove", "subnet", "old-way", "private-subnet", user="admin")
    cloud.openstack("router", "delete", "old-way", user="admin")


def test_moves_of_a_server(legacy, server):
    for command, status in (
            (("resize", server, "m1.tiny"), "VERIFY_RESIZE"), (("resize-revert", server), "ACTIVE"),
            (("resize", server, "m1.tiny"), "VERIFY_RESIZE"), (("resize-confirm", server), "ACTIVE"),
            (("shelve", server), "SHELVED_OFFLOADED"), (("unshelve", server), "ACTIVE"),
            (("rescue", server), "RESCUE"), (("unrescue", server), "ACTIVE")):
        legacy.nova(*command)
        legacy.wait(status, server)
    assert legacy.nova("show", server).properties["flavor"] == "m1.tiny (1)"


def test_images(cloud, legacy):
    listed = {row["Name"]: row["ID"] for row in legacy.nova("image-list").rows}
    shown = legacy.nova("image-show", listed["cirros"]).properties
    assert (shown["name"], shown["status"]) == ("cirros", "ACTIVE")
    cloud.openstack("image", "create", "--file", __file__, "own")
    legacy.nova("image-meta", "own", "set", "era=2014")
    assert cloud.openstack("image", "show", "-f", "json", "own").json["properties"]["era"] == "2014"
    legacy.nova("image-delete", "own")
    assert "own" not in legacy.nova("image-list").stdout


def test_networks(legacy, server):
    listed = {row["Label"]: row["ID"] for row in legacy.nova("network-list").rows}
    assert {"private", "public"} <= set(listed)
    assert legacy.nova("network-show", listed["private"]).properties["label"] == "private"
    assert legacy.nova("net", listed["private"]).properties["label"] == "private"


def test_floating_ips(legacy, server):
    assert legacy.nova("floating-ip-pool-list").rows == [{"name": "public"}]
    made = legacy.nova("floating-ip-create", "public").rows[0]
    assert (made["Pool"], made["Fixed Ip"]) == ("public", "-")
    legacy.nova("floating-ip-associate", server, made["Ip"])
    fixed = next(row["Fixed Ip"] for row in legacy.nova("floating-ip-list").rows if row["Ip"] == made["Ip"])
    assert legacy.nova("show", server).properties["private network"] == f"{fixed}, {made['Ip']}"
    legacy.nova("floating-ip-disassociate", server, made["Ip"])
    assert legacy.nova("show", server).properties["private network"] == fixed
    legacy.nova("floating-ip-delete", made["Ip"])
    assert legacy.nova("floating-ip-list").rows == []


def test_security_groups(legacy, server):
    assert [row["Name"] for row in legacy.nova("secgroup-list").rows] == ["default"]
    legacy.nova("secgroup-create", "ancient", "of 2014")
    rule = legacy.nova("secgroup-add-rule", "ancient", "tcp", "22", "22", "10.0.0.0/8").rows[0]
    assert (rule["IP Protocol"], rule["From Port"], rule["To Port"], rule["IP Range"]) == ("tcp", "22", "22", "10.0.0.0/8")
    legacy.nova("secgroup-add-group-rule", "ancient", "default", "tcp", "80", "81")
    assert [row["Source Group"] for row in legacy.nova("secgroup-list-rules", "ancient").rows] == ["", "default"]
    legacy.nova("secgroup-delete-rule", "ancient", "tcp", "22", "22", "10.0.0.0/8")
    assert len(legacy.nova("secgroup-list-rules", "ancient").rows) == 1
    legacy.nova("secgroup-update", "ancient", "older", "of before")
    legacy.nova("add-secgroup", server, "older")
    assert "older" in legacy.nova("show", server).properties["security_groups"]
    assert legacy.nova("secgroup-delete", "older", ok=False).text
    legacy.nova("remove-secgroup", server, "older")
    legacy.nova("secgroup-delete", "older")
    assert [row["Name"] for row in legacy.nova("secgroup-list").rows] == ["default"]


def test_interfaces(legacy, server):
    network = {row["Label"]: row["ID"] for row in legacy.nova("network-list").rows}["private"]
    first = legacy.nova("interface-list", server).rows
    legacy.nova("interface-attach", "--net-id", network, server)
    new = [row["Port ID"] for row in legacy.nova("interface-list", server).rows if row not in first]
    assert len(new) == 1
    legacy.nova("interface-detach", server, new[0])
    eventually(lambda: legacy.nova("interface-list", server).rows == first, "the interface is gone")
    legacy.nova("add-fixed-ip", server, network)
    address = legacy.nova("show", server).properties["private network"].split(", ")[1]
    legacy.nova("remove-fixed-ip", server, address)
    assert address not in legacy.nova("show", server).stdout
