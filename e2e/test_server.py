"""The life of a server, told with nova and again with openstack."""

import json
import re

import pytest

DATABASES = ("sqlite", "postgres")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\.\d{6})")


class TestNova:
    """With nova, one server named web."""

    def test_no_servers_yet(self, cloud):
        assert cloud.nova("list").rows == []

    def test_boot(self, cloud, image):
        done = cloud.nova(
            "boot", "--flavor", "m1.nano", "--image", image, "--nic", "net-name=private",
            "--meta", "role=web", "--poll", "web")
        first = done.properties

        assert UUID.fullmatch(first["id"])
        # nova looks the server up after it was created, and it may run by then.
        assert (first["name"], first["status"], first["OS-EXT-STS:vm_state"]) in (
            ("web", "BUILD", "building"), ("web", "ACTIVE", "active"))
        assert (first["flavor:original_name"], first["flavor:ram"]) == ("m1.nano", "64")
        assert first["image"].startswith(f"{image} (")
        assert first["metadata"] == '{"role": "web"}'
        assert len(first["adminPass"]) == 12
        assert done.stdout.rstrip().endswith("Finished")

    def test_list(self, cloud):
        rows = cloud.nova("list").rows

        assert [(r["Name"], r["Status"], r["Task State"], r["Power State"]) for r in rows] == [
            ("web", "ACTIVE", "-", "Running")]
        assert re.fullmatch(r"private=\d+\.\d+\.\d+\.\d+", rows[0]["Networks"])

    def test_list_with_filters(self, cloud):
        assert len(cloud.nova("list", "--status", "ACTIVE", "--name", "w.b").rows) == 1
        assert cloud.nova("list", "--status", "SHUTOFF").rows == []
        assert cloud.nova("list", "--name", "nonesuch").rows == []

    def test_show(self, cloud):
        shown = cloud.nova("show", "web").properties

        assert (shown["status"], shown["OS-EXT-STS:vm_state"]) == ("ACTIVE", "active")
        assert (shown["OS-EXT-STS:power_state"], shown["OS-EXT-STS:task_state"]) == ("1", "-")
        assert (shown["OS-EXT-AZ:availability_zone"], shown["OS-EXT-SRV-ATTR:hostname"]) == (
            "nova", "web")
        assert (shown["locked"], shown["tags"], shown["progress"]) == ("False", "[]", "0")
        assert (shown["description"], shown["key_name"]) == ("-", "-")
        assert "adminPass" not in shown
        assert re.fullmatch(r"[0-9a-f]{56}", shown["hostId"])
        for key in ("created", "updated", "OS-SRV-USG:launched_at"):
            assert TIME.fullmatch(shown[key]), key
        assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", shown["private network"])

    def test_show_by_id(self, cloud):
        server = cloud.nova("show", "web").properties["id"]

        assert cloud.nova("show", server).properties["name"] == "web"

    def test_metadata(self, cloud):
        cloud.nova("meta", "web", "set", "a=1", "b=zwei")
        assert json.loads(cloud.nova("show", "web").properties["metadata"]) == {
            "a": "1", "b": "zwei", "role": "web"}
        cloud.nova("meta", "web", "delete", "a", "role")
        assert cloud.nova("show", "web").properties["metadata"] == '{"b": "zwei"}'

    def test_tags(self, cloud):
        added = cloud.nova("server-tag-add", "web", "red", "blue")
        assert "Request to add tag red to specified server has been accepted." in added.stdout
        assert sorted(r["Tag"] for r in cloud.nova("server-tag-list", "web").rows) == ["blue", "red"]
        assert len(cloud.nova("list", "--tags", "red,blue").rows) == 1
        assert cloud.nova("list", "--not-tags", "red").rows == []
        cloud.nova("server-tag-delete", "web", "red")
        assert [r["Tag"] for r in cloud.nova("server-tag-list", "web").rows] == ["blue"]
        cloud.nova("server-tag-delete-all", "web")
        assert cloud.nova("server-tag-list", "web").rows == []

    def test_update(self, cloud):
        cloud.nova("update", "--name", "www", "--description", "some text", "web")
        shown = cloud.nova("show", "www").properties
        assert (shown["name"], shown["description"]) == ("www", "some text")
        cloud.nova("update", "--name", "web", "www")

    def test_stop_and_start(self, cloud):
        assert "Request to stop server web has been accepted." in cloud.nova("stop", "web").stdout
        cloud.wait("SHUTOFF", "web")
        row = cloud.nova("list").rows[0]
        assert (row["Status"], row["Power State"]) == ("SHUTOFF", "Shutdown")

        refused = cloud.nova("stop", "web", ok=False).text
        assert re.search(r"Cannot 'stop' instance \S+ while it is in vm_state stopped", refused)
        assert "(HTTP 409)" in refused

        assert "Request to start server web has been accepted." in cloud.nova("start", "web").stdout
        cloud.wait("ACTIVE", "web")

    @pytest.mark.parametrize("how", ["--hard", None])
    def test_reboot(self, cloud, how):
        done = cloud.nova("reboot", *([how] if how else []), "--poll", "web")

        assert re.search(r"Request to reboot server web \(\S+\) has been accepted.", done.stdout)
        cloud.wait("ACTIVE", "web")

    def test_pause(self, cloud):
        cloud.nova("pause", "web")
        cloud.wait("PAUSED", "web")
        assert "while it is in vm_state paused" in cloud.nova("pause", "web", ok=False).stderr

    @pytest.mark.ours  # Nova's fake driver says that a paused server runs
    def test_power_state_of_a_paused_server(self, cloud):
        assert cloud.nova("list").rows[0]["Power State"] == "Paused"

    def test_unpause(self, cloud):
        cloud.nova("unpause", "web")
        cloud.wait("ACTIVE", "web")

    def test_rescue(self, cloud, image):
        rescued = cloud.nova("rescue", "--password", "first aid", "--image", image, "web")
        assert rescued.properties == {"adminPass": "first aid"}
        cloud.wait("RESCUE", "web")
        cloud.nova("unrescue", "web")
        cloud.wait("ACTIVE", "web")

    def test_rebuild(self, cloud, image):
        rebuilt = cloud.nova("rebuild", "--rebuild-password", "anew", "--meta", "b=zwei", "web", image).properties
        assert (rebuilt["name"], rebuilt["adminPass"]) == ("web", "anew")
        # The client asks for the server once more, and by then the fake hypervisor may be done.
        assert rebuilt["status"] in ("REBUILD", "ACTIVE")
        cloud.wait("ACTIVE", "web")

    def test_interfaces(self, cloud):
        first = {r["Port ID"] for r in cloud.nova("interface-list", "web").rows}
        cloud.nova("interface-attach", "--tag", "second", "web")
        new = [r for r in cloud.nova("interface-list", "web").rows if r["Port ID"] not in first]
        assert [(r["Port State"], r["Tag"]) for r in new] == [("ACTIVE", "second")]
        assert new[0]["IP addresses"] in cloud.nova("show", "web").properties["private network"]
        cloud.nova("interface-detach", "web", new[0]["Port ID"])
        cloud.nova("remove-secgroup", "web", "default")
        assert cloud.nova("list-secgroup", "web").rows == []
        cloud.nova("add-secgroup", "web", "default")
        assert cloud.nova("list-secgroup", "web").rows[0]["Name"] == "default"

    def test_what_is_inside(self, cloud):
        server = cloud.nova("show", "web").properties["id"]
        cloud.nova("trigger-crash-dump", "web")
        assert cloud.nova("diagnostics", server, user="admin").properties["state"] == "running"
        assert "nodes" in cloud.nova("server-topology", "web").stdout
        cloud.nova("clear-password", "web")

    def test_lock(self, cloud):
        cloud.nova("lock", "web", "--reason", "hands off")
        shown = cloud.nova("show", "web").properties
        assert (shown["locked"], shown["locked_reason"]) == ("True", "hands off")
        assert re.search(r"Instance \S+ is locked \(HTTP 409\)", cloud.nova("stop", "web", ok=False).text)
        cloud.nova("unlock", "web")
        assert cloud.nova("show", "web").properties["locked"] == "False"

    def test_console_log(self, cloud):
        whole = cloud.nova("console-log", "web").stdout
        assert whole.strip()
        assert cloud.nova("console-log", "--length", "1", "web").stdout.strip() in whole

    def test_actions(self, cloud):
        rows = cloud.nova("instance-action-list", "web").rows

        assert [r["Action"] for r in rows] == [
            "create", "stop", "start", "reboot", "reboot", "pause", "unpause", "rescue", "unrescue", "rebuild",
            "attach_interface", "detach_interface", "trigger_crash_dump", "lock", "unlock"]
        assert all(r["Request_ID"].startswith("req-") for r in rows)
        assert {r["Message"] for r in rows} == {"-"}
        shown = cloud.nova("instance-action", "web", rows[1]["Request_ID"])
        assert shown.properties["action"] == "stop"
        assert shown.properties["request_id"] == rows[1]["Request_ID"]
        assert "'event': 'compute_stop_instance'" in shown.stdout
        assert "'result': 'Success'" in shown.stdout

    def test_reset_state(self, cloud):
        server = cloud.nova("show", "web").properties["id"]
        done = cloud.nova("reset-state", server, user="admin")
        assert "Reset state for server" in done.stdout
        assert "succeeded; new state is error" in done.stdout
        assert cloud.nova("show", "web").properties["status"] == "ERROR"
        cloud.nova("reset-state", "--active", server, user="admin")
        assert cloud.nova("show", "web").properties["status"] == "ACTIVE"
        assert "Policy doesn't allow os_compute_api:os-admin-actions:reset_state" in cloud.nova(
            "reset-state", server, ok=False).text

    def test_delete(self, cloud):
        done = cloud.nova("delete", "web")
        assert "Request to delete server web has been accepted." in done.stdout
        cloud.gone("web")
        assert cloud.nova("list").rows == []

    def test_unknown_server(self, cloud):
        assert "No server with a name or ID of 'web' exists." in cloud.nova(
            "show", "web", ok=False).stderr
        assert "No server with a name or ID of 'web' exists." in cloud.nova(
            "delete", "web", ok=False).text


class TestOpenstack:
    """With openstack, one server named app."""

    def test_create(self, cloud, image):
        made = cloud.openstack(
            "server", "create", "--flavor", "42", "--image", image, "--network", "private",
            "--property", "role=app", "--wait", "-f", "json", "app").json

        assert (made["name"], made["status"], made["OS-EXT-STS:vm_state"]) == (
            "app", "ACTIVE", "active")
        assert len(made["addresses"]["private"]) == 1
        assert made["flavor"]["name"] == "m1.nano"
        assert made["image"].startswith(f"{image} (")
        assert made["adminPass"]

    def test_list(self, cloud, image):
        rows = cloud.openstack("server", "list", "-f", "json").json

        assert [(r["Name"], r["Status"], r["Image"], r["Flavor"]) for r in rows] == [
            ("app", "ACTIVE", image, "m1.nano")]
        assert list(rows[0]["Networks"]) == ["private"]
        assert cloud.openstack("server", "list", "--name", "^nope", "-f", "json").json == []

    def test_list_as_table(self, cloud):
        rows = cloud.openstack("server", "list", "--long").rows

        assert (rows[0]["Name"], rows[0]["Power State"], rows[0]["Task State"]) == (
            "app", "Running", "None")

    def test_admin_lists_all_projects(self, cloud):
        rows = cloud.openstack("server", "list", "--all-projects", "-f", "json", user="admin").json

        assert "app" in [r["Name"] for r in rows]
        assert cloud.openstack("server", "list", "-f", "json", user="admin").json == []

    def test_show(self, cloud):
        shown = self.show(cloud)

        assert (shown["properties"], shown["tags"], shown["description"]) == (
            {"role": "app"}, [], None)
        assert shown["security_groups"] == [{"name": "default"}]
        assert shown["OS-EXT-STS:power_state"] == 1

    def test_set_and_unset(self, cloud):
        cloud.openstack(
            "--os-compute-api-version", "2.90", "server", "set", "--name", "app2", "--tag", "red",
            "--description", "text", "--property", "a=1", "app")
        shown = self.show(cloud, "app2")
        assert (shown["tags"], shown["description"], shown["properties"]) == (
            ["red"], "text", {"a": "1", "role": "app"})

        cloud.openstack(
            "--os-compute-api-version", "2.90", "server", "unset", "--tag", "red",
            "--property", "a", "--description", "app2")
        cloud.openstack("server", "set", "--name", "app", "app2")
        shown = self.show(cloud)
        assert (shown["tags"], shown["properties"]) == ([], {"role": "app"})
        assert not shown["description"]

    def test_stop_and_start(self, cloud):
        cloud.openstack("server", "stop", "app")
        cloud.wait("SHUTOFF", "app")
        assert "while it is in vm_state stopped" in cloud.openstack(
            "server", "stop", "app", ok=False).stderr
        cloud.openstack("server", "start", "app")
        cloud.wait("ACTIVE", "app")

    def test_reboot(self, cloud):
        assert "Complete" in cloud.openstack("server", "reboot", "--hard", "--wait", "app").stdout

    def test_pause_and_unpause(self, cloud):
        cloud.openstack("server", "pause", "app")
        cloud.wait("PAUSED", "app")
        cloud.openstack("server", "unpause", "app")
        cloud.wait("ACTIVE", "app")

    def test_network(self, cloud):
        port = cloud.openstack("port", "create", "--network", "private", "-f", "json", "own").json
        cloud.openstack("server", "add", "port", "app", "own")
        address = port["fixed_ips"][0]["ip_address"]
        assert address in cloud.openstack("server", "show", "-f", "json", "app").json["addresses"]["private"]
        cloud.openstack("server", "remove", "port", "app", "own")
        cloud.openstack("port", "delete", "own")

    def test_rebuild_with_key(self, cloud, image, tmp_path):
        key = tmp_path / "inside.pem"
        key.write_text(cloud.nova("--os-compute-api-version", "2.91", "keypair-add", "inside").stdout)
        rebuilt = cloud.openstack("server", "rebuild", "--image", image, "--key-name", "inside", "-f", "json", "app").json
        assert (rebuilt["name"], rebuilt["key_name"]) == ("app", "inside")
        cloud.wait("ACTIVE", "app")

        cloud.openstack("server", "set", "--password", "s3cret", "app")
        assert cloud.nova("get-password", "app", str(key)).stdout.strip() == "s3cret"
        cloud.nova("keypair-delete", "inside")

    def test_lock(self, cloud):
        cloud.openstack("server", "lock", "app")
        assert "is locked" in cloud.openstack("server", "stop", "app", ok=False).stderr
        cloud.openstack("server", "unlock", "app")

    def test_console_log(self, cloud):
        assert cloud.openstack("console", "log", "show", "app").stdout.strip()

    def test_events(self, cloud):
        rows = cloud.openstack("server", "event", "list", "app", "-f", "json").json

        assert [r["Action"] for r in rows] == [
            "unlock", "lock", "changePassword", "rebuild", "detach_interface", "attach_interface", "unpause", "pause",
            "reboot", "start", "stop", "create"]
        shown = cloud.openstack(
            "server", "event", "show", "app", rows[-1]["Request ID"], "-f", "json").json
        assert shown["action"] == "create"
        assert {e["result"] for e in shown["events"]} == {"Success"}

    def test_delete(self, cloud):
        cloud.openstack("server", "delete", "--wait", "app")
        assert cloud.openstack("server", "list", "-f", "json").json == []
        assert "No Server found for app" in cloud.openstack("server", "show", "app", ok=False).stderr

    def show(self, cloud, name="app"):
        return cloud.openstack("server", "show", "-f", "json", name).json


class TestSeveral:
    """Several servers at once, and what they count for."""

    @pytest.fixture
    def pair(self, cloud, image):
        cloud.openstack(
            "server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private",
            "--min", "2", "--max", "2", "--wait", "pair")
        yield ["pair-1", "pair-2"]
        cloud.openstack("server", "delete", "--wait", "pair-1", "pair-2")

    def test_two_at_once(self, cloud, pair):
        rows = cloud.nova("list", "--sort", "display_name:asc").rows
        assert [(r["Name"], r["Status"]) for r in rows] == [(name, "ACTIVE") for name in pair]
        assert len({r["Networks"] for r in rows}) == 2, "each has an address of its own"

        first = cloud.nova("list", "--limit", "1", "--sort", "display_name:asc").rows
        rest = cloud.nova("list", "--marker", first[0]["ID"], "--sort", "display_name:asc").rows
        assert [r["Name"] for r in first + rest] == pair

        used = cloud.openstack("quota", "show", "--compute", "--usage", "-f", "json").json
        usage = {r["Resource"]: r["In Use"] for r in used}
        assert (usage["instances"], usage["cores"], usage["ram"]) == (2, 2, 128)

    def test_more_than_the_quota(self, cloud, image):
        refused = cloud.openstack(
            "server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private",
            "--min", "11", "--max", "11", "many", ok=False).stderr

        assert "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances" in refused
        assert cloud.nova("list").rows == []

    def test_usage(self, cloud, pair):
        """What both servers have used so far, and what is left of earlier ones: all is deleted in the end."""
        used = cloud.nova("usage").rows[0]
        assert int(used["Servers"]) >= 2
        assert float(used["RAM MiB-Hours"]) > 0
        assert used["Servers"] in [r["Servers"] for r in cloud.nova("usage-list", user="admin").rows]

        shown = cloud.openstack("usage", "show", "-f", "json").json
        assert len(shown["Servers"]) == int(used["Servers"])
        listed = cloud.openstack("usage", "list", "-f", "json", user="admin").json
        assert float({u["Project"]: u["RAM MB-Hours"] for u in listed}[shown["Project"]]) > 0
        assert "os-simple-tenant-usage:list" in cloud.nova("usage-list", ok=False).stderr
