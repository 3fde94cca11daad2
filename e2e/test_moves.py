"""A server that is resized, shelved, deleted and brought back, with nova and with openstack."""

import re

import pytest
from cloud import Process, eventually

DATABASES = ("sqlite", "postgres")
PATIENT = """
[DEFAULT]
reclaim_instance_interval = 86400
shelved_offload_time = -1
"""


def ram(cloud):
    """Give how many MiB the project's servers count for in its quota."""
    used = cloud.openstack("quota", "show", "--compute", "--usage", "-f", "json").json
    return {row["Resource"]: row["In Use"] for row in used}["ram"]


@pytest.fixture(scope="module")
def patient(binary, tmp_path_factory):
    """Give a cloud where deleted servers can be restored, and shelved ones stay on their hosts."""
    process = Process(binary, tmp_path_factory.mktemp("patient"), PATIENT)
    yield process
    assert process.stop() == 0, process.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def server(patient):
    """Give the ID of a server there that is called cat."""
    patient.openstack("server", "create", "--flavor", "m1.nano", "--image", "cirros", "--network", "private", "cat")
    patient.wait("ACTIVE", "cat")
    return patient.show("cat")["id"]


class TestNova:
    """With nova, one server named mover."""

    def test_resize(self, cloud, image):
        cloud.nova("boot", "--flavor", "m1.nano", "--image", image, "--nic", "net-name=private", "mover")
        cloud.wait("ACTIVE", "mover")
        before = cloud.show("mover")
        cloud.nova("resize", "mover", "m1.small")
        cloud.wait("VERIFY_RESIZE", "mover")
        resized = cloud.show("mover")

        assert resized["flavor"]["name"] == "m1.small"
        assert resized["addresses"] == before["addresses"]
        assert resized["hostId"] != before["hostId"]
        assert resized["OS-EXT-STS:vm_state"] == "resized"
        assert re.search(r"Cannot 'resize' instance \S+ while it is in vm_state resized \(HTTP 409\)", cloud.nova(
            "resize", "mover", "m1.tiny", ok=False).text)

    def test_confirm(self, cloud):
        there = cloud.show("mover")["hostId"]
        cloud.nova("resize-confirm", "mover")
        cloud.wait("ACTIVE", "mover")

        assert (cloud.show("mover")["flavor"]["name"], cloud.show("mover")["hostId"]) == ("m1.small", there)
        assert "Cannot 'confirmResize' instance" in cloud.nova("resize-confirm", "mover", ok=False).text

    def test_revert(self, cloud):
        before = cloud.show("mover")
        cloud.nova("resize", "mover", "m1.medium")
        cloud.wait("VERIFY_RESIZE", "mover")
        cloud.nova("resize-revert", "mover")
        cloud.wait("ACTIVE", "mover")
        after = cloud.show("mover")

        assert {key: after[key] for key in ("flavor", "hostId", "addresses")} == {
            key: before[key] for key in ("flavor", "hostId", "addresses")}

    @pytest.mark.parametrize(("flavor", "says"), [
        ("m1.small", "When resizing, instances must change flavor!"),
        ("m1.xlarge", "Quota exceeded for cores"),
    ])
    def test_refused(self, cloud, flavor, says):
        project = cloud.openstack("token", "issue", "-f", "value", "-c", "project_id").stdout.strip()
        cloud.nova("quota-update", "--cores", "4", project, user="admin")
        try:
            assert says in cloud.nova("resize", "mover", flavor, ok=False).text
        finally:
            cloud.nova("quota-delete", "--tenant", project, user="admin")
        assert cloud.show("mover")["status"] == "ACTIVE"

    def test_shelve(self, cloud):
        before = cloud.show("mover")
        cloud.nova("shelve", "mover")
        cloud.wait("SHELVED_OFFLOADED", "mover")
        shelved = cloud.show("mover")

        assert (shelved["hostId"], shelved["addresses"]) == ("", before["addresses"])
        assert cloud.wait_image("mover-shelved")["visibility"] == "private"
        assert "Cannot 'shelve' instance" in cloud.nova("shelve", "mover", ok=False).text

    def test_unshelve(self, cloud):
        assert "The requested availability zone is not available (HTTP 400)" in cloud.nova(
            "unshelve", "--availability-zone", "nonesuch", "mover", ok=False).text
        assert "Cannot 'resize' instance" in cloud.nova("resize", "mover", "m1.tiny", ok=False).text
        cloud.nova("unshelve", "--availability-zone", "nova", "mover")
        cloud.wait("ACTIVE", "mover")

        assert cloud.show("mover")["hostId"]
        assert cloud.openstack("image", "list", "--name", "mover-shelved", "-f", "json").json == []

    def test_actions(self, cloud):
        rows = cloud.nova("instance-action-list", "mover").rows

        assert [row["Action"] for row in rows] == [
            "create", "resize", "confirmResize", "resize", "revertResize", "shelve", "unshelve"]
        assert {row["Message"] for row in rows} == {"-"}

    def test_delete_when_resized(self, cloud):
        """Both hosts let go of it, and nothing counts for it any more."""
        cloud.nova("resize", "mover", "m1.tiny")
        cloud.wait("VERIFY_RESIZE", "mover")
        cloud.nova("delete", "mover")
        cloud.gone("mover")
        assert ram(cloud) == 0


class TestOpenstack:
    """With openstack, one server named shifter."""

    def test_resize_and_confirm(self, cloud, image):
        cloud.openstack("server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private", "shifter")
        cloud.wait("ACTIVE", "shifter")
        assert "Complete" in cloud.openstack("server", "resize", "--flavor", "m1.small", "--wait", "shifter").stdout
        assert cloud.show("shifter")["status"] == "VERIFY_RESIZE"
        cloud.openstack("server", "resize", "confirm", "shifter")
        cloud.wait("ACTIVE", "shifter")
        assert (cloud.show("shifter")["flavor"]["name"], ram(cloud)) == ("m1.small", 2048)

    def test_resize_and_revert(self, cloud):
        cloud.openstack("server", "stop", "shifter")
        cloud.wait("SHUTOFF", "shifter")
        cloud.openstack("server", "resize", "--flavor", "m1.medium", "shifter")
        cloud.wait("VERIFY_RESIZE", "shifter")
        assert ram(cloud) == 4096
        cloud.openstack("server", "resize", "revert", "shifter")
        cloud.wait("SHUTOFF", "shifter")
        assert (cloud.show("shifter")["flavor"]["name"], ram(cloud)) == ("m1.small", 2048)
        cloud.openstack("server", "start", "shifter")
        cloud.wait("ACTIVE", "shifter")

    def test_no_such_flavor(self, cloud):
        assert "nonesuch" in cloud.openstack("server", "resize", "--flavor", "nonesuch", "shifter", ok=False).stderr

    def test_rescue(self, cloud, image):
        cloud.openstack("server", "rescue", "--image", image, "--password", "first aid", "shifter")
        cloud.wait("RESCUE", "shifter")
        assert "Cannot 'rescue' instance" in cloud.openstack("server", "rescue", "shifter", ok=False).stderr
        cloud.openstack("server", "unrescue", "shifter")
        cloud.wait("ACTIVE", "shifter")
        assert "Cannot 'unrescue' instance" in cloud.openstack("server", "unrescue", "shifter", ok=False).stderr

    def test_shelve(self, cloud):
        cloud.openstack("server", "shelve", "shifter")
        cloud.wait("SHELVED_OFFLOADED", "shifter")
        cloud.openstack("server", "unshelve", "shifter")
        cloud.wait("ACTIVE", "shifter")

    def test_unshelve_to_a_host(self, cloud):
        cloud.openstack("server", "shelve", "shifter")
        cloud.wait("SHELVED_OFFLOADED", "shifter")
        version = ("--os-compute-api-version", "2.91")
        host = next(z["Host Name"] for z in cloud.openstack(
            "availability", "zone", "list", "--compute", "--long", "-f", "json", user="admin").json if z["Service Name"] == "nova-compute")
        assert "os_compute_api:os-shelve:unshelve_to_host" in cloud.openstack(
            *version, "server", "unshelve", "--host", host, "shifter", ok=False).stderr
        server = cloud.show("shifter")["id"]
        cloud.openstack(*version, "server", "unshelve", "--host", host, "--no-availability-zone", server, user="admin")
        cloud.wait("ACTIVE", "shifter")
        assert cloud.show(server, user="admin")["OS-EXT-SRV-ATTR:host"] == host

    def test_events(self, cloud):
        rows = cloud.openstack("server", "event", "list", "shifter", "-f", "json").json
        assert [row["Action"] for row in reversed(rows)] == [
            "create", "resize", "confirmResize", "stop", "resize", "revertResize", "start", "rescue", "unrescue",
            "shelve", "unshelve", "shelve", "unshelve"]
        shown = cloud.openstack("server", "event", "show", "shifter", rows[-2]["Request ID"], "-f", "json").json
        assert {event["event"] for event in shown["events"]} == {
            "cold_migrate", "conductor_migrate_server", "compute_prep_resize", "compute_resize_instance", "compute_finish_resize"}

    def test_delete_when_shelved(self, cloud):
        cloud.openstack("server", "shelve", "shifter")
        cloud.wait("SHELVED_OFFLOADED", "shifter")
        cloud.openstack("server", "delete", "shifter")
        cloud.gone("shifter")
        eventually(lambda: cloud.openstack("image", "list", "--name", "shifter-shelved", "-f", "json").json == [], "its image is gone")
        assert ram(cloud) == 0


@pytest.mark.ours
class TestPatient:
    """What can be had back, with both clients: the last test removes it for good."""

    def test_restore_with_nova(self, patient, server):
        before = patient.show(server)
        patient.nova("delete", "cat")
        patient.wait("SOFT_DELETED", server)
        assert patient.nova("list").rows == []
        assert ram(patient) == 0
        assert "Cannot 'start' instance" in patient.nova("start", server, ok=False).text
        patient.nova("restore", server)
        patient.wait("ACTIVE", server)
        after = patient.show(server)
        assert (after["hostId"], after["addresses"]) == (before["hostId"], before["addresses"])
        assert ram(patient) == 64

    def test_restore_with_openstack(self, patient, server):
        patient.openstack("server", "delete", "cat")
        patient.wait("SOFT_DELETED", server)
        patient.openstack("server", "restore", server)
        patient.wait("ACTIVE", server)
        assert "Cannot 'restore' instance" in patient.openstack("server", "restore", server, ok=False).stderr

    def test_shelved_on_its_host(self, patient, server):
        there = patient.show(server)["hostId"]
        patient.nova("shelve", "cat")
        patient.wait("SHELVED", server)
        assert patient.show(server)["hostId"] == there
        assert "SHELVED_OFFLOADED" in patient.nova(
            "unshelve", "--availability-zone", "nova", "cat", ok=False).text, "it can't choose where it is"
        patient.nova("unshelve", "cat")
        patient.wait("ACTIVE", server)
        assert patient.show(server)["hostId"] == there

    def test_offload(self, patient, server):
        patient.openstack("server", "shelve", "--offload", server, user="admin")
        patient.wait("SHELVED_OFFLOADED", server)
        assert patient.show(server)["hostId"] == ""
        patient.openstack("server", "unshelve", "cat")
        patient.wait("ACTIVE", server)
        patient.nova("shelve", "cat")
        patient.wait("SHELVED", server)
        assert "os_compute_api:os-shelve:shelve_offload" in patient.nova("shelve-offload", "cat", ok=False).text
        patient.nova("shelve-offload", server, user="admin")
        patient.wait("SHELVED_OFFLOADED", server)

    def test_force_delete(self, patient, server):
        patient.nova("unshelve", "cat")
        patient.wait("ACTIVE", server)
        patient.nova("delete", "cat")
        patient.wait("SOFT_DELETED", server)
        patient.nova("force-delete", server)
        eventually(lambda: "could not be found" in patient.curl(
            "GET", f"{patient.endpoint('compute')}/servers/{server}", token=patient.token()["id"]).body.decode(), "it is gone")
        assert patient.openstack("port", "list", "--device-id", server, "-f", "json").json == []
