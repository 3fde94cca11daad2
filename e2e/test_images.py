"""Images of a server: snapshots, rotated backups and backup-instance."""

import hashlib
import uuid

import pytest


@pytest.fixture(scope="module")
def server(cloud):
    """Give the ID of a running server named db."""
    image = cloud.openstack("image", "list", "--public", "-f", "json").json[0]["ID"]
    made = cloud.openstack(
        "server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private",
        "--wait", "-f", "json", "db").json
    yield made["id"]
    cloud.openstack("server", "delete", "--wait", made["id"])


@pytest.fixture
def images(cloud):
    """Remove the images that a test leaves behind; give them by name."""
    def private():
        listed = cloud.openstack("image", "list", "--private", "-f", "json").json
        return {i["Name"]: i["ID"] for i in listed}
    yield private
    if left := list(private().values()):
        cloud.openstack("image", "delete", *left)


def test_nova_image_create(cloud, server, images):
    cloud.nova("image-create", "--metadata", "purpose=test", "db", "snap")

    shown = cloud.openstack("image", "show", images()["snap"], "-f", "json").json
    properties = shown["properties"]
    assert (properties["image_type"], properties["purpose"]) == ("snapshot", "test")
    assert properties["instance_uuid"] == server
    assert uuid.UUID(properties["base_image_ref"])
    assert shown["owner"] == cloud.token()["project_id"]
    cloud.wait("ACTIVE", "db")


@pytest.mark.ours  # Nova's fake driver uploads nothing
def test_snapshot_can_be_saved_and_booted(cloud, server, images, tmp_path):
    made = cloud.openstack(
        "server", "image", "create", "--name", "snap", "--wait", "db", "-f", "json").json
    shown = cloud.openstack("image", "show", made["id"], "-f", "json").json
    cloud.openstack("image", "save", "--file", str(tmp_path / "snap"), made["id"])

    content = (tmp_path / "snap").read_bytes()
    assert shown["status"] == "active"
    assert len(content) == shown["size"] > 0
    assert hashlib.md5(content).hexdigest() == shown["checksum"]

    cloud.nova("boot", "--flavor", "m1.nano", "--image", "snap", "--poll", "again")
    booted = cloud.nova("show", "again").properties
    assert booted["image"] == f"snap ({made['id']})"
    assert "private network" in booted, "without --nic it gets the one network there is"
    cloud.openstack("server", "delete", "--wait", "again")


@pytest.mark.ours
def test_snapshot_of_a_stopped_server(cloud, server, images):
    cloud.nova("stop", "db")
    cloud.wait("SHUTOFF", "db")
    cloud.nova("image-create", "--poll", "db", "cold")
    cloud.wait_image("cold")
    cloud.wait("SHUTOFF", "db")
    cloud.nova("start", "db")
    cloud.wait("ACTIVE", "db")


@pytest.mark.ours
def test_backups_rotate(cloud, server, images):
    """Of two daily backups the newest stays; a weekly one is not touched."""
    made = {}
    for name, kind, keep in (
        ("weekly", "weekly", "1"), ("monday", "daily", "1"), ("tuesday", "daily", "1"),
    ):
        cloud.nova("backup", "db", name, kind, keep)
        shown = cloud.wait_image(name)
        made[name] = shown["id"]
        assert (shown["properties"]["image_type"], shown["properties"]["backup_type"]) == (
            "backup", kind)
        cloud.wait("ACTIVE", "db")

    assert images() == {name: made[name] for name in ("weekly", "tuesday")}


@pytest.mark.ours
def test_openstack_backup_create(cloud, server, images):
    made = cloud.openstack(
        "server", "backup", "create", "--name", "bk", "--type", "daily", "--rotate", "2",
        "--wait", "db", "-f", "json").json

    assert made["name"] == "bk"
    assert cloud.wait_image(made["id"])["properties"]["backup_type"] == "daily"


@pytest.mark.ours
class TestBackupInstance:
    def test_with_a_description(self, cloud, server, images):
        done = cloud.nova("backup-instance", "db", "quick", "before the upgrade").properties
        image = done["id"]
        assert done == {"id": image, "name": "quick", "server": server}

        shown = cloud.wait_image(image)
        assert (shown["name"], shown["properties"]["description"]) == (
            "quick", "before the upgrade")
        assert shown["properties"]["instance_uuid"] == server
        assert shown["size"] > 0
        cloud.wait("ACTIVE", "db")
        assert images() == {"quick": image}

    def test_by_id_and_without_a_description(self, cloud, server, images):
        image = cloud.nova("backup-instance", server, "plain").properties["id"]

        assert "description" not in cloud.wait_image(image)["properties"]

    def test_is_in_the_log_of_actions(self, cloud, server):
        actions = [r["Action"] for r in cloud.nova("instance-action-list", "db").rows]

        assert [a for a in actions if "backup" in a.lower()]

    def test_of_a_locked_server(self, cloud, server):
        # An administrator passes the lock; its owner doesn't.
        cloud.nova("lock", "db")
        refused = cloud.nova("backup-instance", "db", "n", ok=False).stderr
        cloud.nova("unlock", "db")

        assert f"Instance {server} is locked (HTTP 409)" in refused

    def test_in_a_wrong_state(self, cloud, server):
        cloud.nova("reset-state", server, user="admin")
        refused = cloud.nova("backup-instance", "db", "n", ok=False).stderr
        cloud.nova("reset-state", "--active", server, user="admin")

        assert f"instance {server} while it is in vm_state error (HTTP 409)" in refused

    def test_of_an_unknown_server(self, cloud):
        missing = str(uuid.uuid4())

        assert f"No server with a name or ID of '{missing}' exists." in cloud.nova(
            "backup-instance", missing, "n", ok=False).stderr

    @pytest.mark.parametrize(("path", "body", "status", "message"), [
        ("servers/{server}", {"name": ""}, 400, "Invalid input for field/attribute name."),
        ("servers/{server}", {"name": "x" * 256}, 400, "is too long"),
        ("servers/{server}", {}, 400, "'name' is a required property"),
        ("servers/{server}", {"name": "n", "description": "x" * 256}, 400, "is too long"),
        ("servers/{server}", {"name": "n", "surprise": 1}, 400, "surprise"),
        ("servers/nope", {"name": "n"}, 404, "Instance nope could not be found."),
    ])
    def test_refusals(self, cloud, server, path, body, status, message):
        url = f"{cloud.endpoint('compute')}/{path.format(server=server)}/backup_instance"
        reply = cloud.curl("POST", url, body=body, token=cloud.token()["id"])

        fault = {400: "badRequest", 404: "itemNotFound"}[status]
        assert (reply.status, reply.json[fault]["code"]) == (status, status)
        assert message in reply.json[fault]["message"]

    @pytest.mark.parametrize(("base", "headers"), [
        ("/v2.1", ()),
        ("/v2.1/{project}", ("OpenStack-API-Version: compute 2.1",)),
        ("/v2.1", ("OpenStack-API-Version: compute latest",)),
        ("/v2/{project}", ()),
    ])
    def test_at_every_address_and_version(self, cloud, server, images, base, headers):
        issued = cloud.token()
        root = cloud.endpoint("compute").partition("/v2.1")[0]
        url = root + base.format(project=issued["project_id"])
        reply = cloud.curl(
            "POST", f"{url}/servers/{server}/backup_instance", *headers, token=issued["id"],
            body={"name": "curled", "description": None})

        assert reply.status == 202
        assert list(reply.json) == ["id"]
        assert cloud.wait_image(reply.json["id"])["name"] == "curled"
        cloud.wait("ACTIVE", "db")

    def test_reader_may_not(self, cloud, server):
        assert "(HTTP 403)" in cloud.nova(
            "backup-instance", server, "n", user="reader", ok=False).stderr
