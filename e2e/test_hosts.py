"""A server that an administrator moves from host to host, with nova and with openstack."""

import pytest
from cloud import eventually



@pytest.fixture(scope="class")
def pet(cloud, image):
    """Give the ID of a server that runs, for an administrator to move."""
    cloud.openstack("server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private", "pet")
    cloud.wait("ACTIVE", "pet")
    yield cloud.show("pet")["id"]
    cloud.openstack("server", "delete", "pet")
    cloud.gone("pet")


@pytest.mark.ours
class TestBetweenHosts:
    """An administrator moves a server from host to host, with both clients."""

    LATEST = ("--os-compute-api-version", "2.95")

    def host(self, cloud, server):
        return cloud.show(server, user="admin")["OS-EXT-SRV-ATTR:host"]

    def other(self, cloud, server):
        """Give a host that a server is not on."""
        here = self.host(cloud, server)
        rows = cloud.openstack("compute", "service", "list", "--service", "nova-compute", "-f", "json", user="admin").json
        return next(row["Host"] for row in rows if row["Host"] != here and row["State"] == "up")

    def migrations(self, cloud, server):
        """Give what is on record of a server's moves, the latest first."""
        return cloud.openstack(*self.LATEST, "server", "migration", "list", "--server", server, "-f", "json", user="admin").json

    def moving(self, cloud, server, seconds):
        """Have a server that takes so long leave for another host, and give the migration's ID."""
        cloud.openstack("server", "set", "--property", f"fake:live_migration_time={seconds}", server)
        cloud.openstack(*self.LATEST, "server", "migrate", "--live-migration", server, user="admin")
        seen = []

        def running():
            seen[:] = cloud.nova("server-migration-list", server, user="admin").rows
            return [row["Status"] for row in seen] == ["running"]
        eventually(running, f"{server} is on its way")
        return seen[0]["Id"]

    def test_cold_to_a_host(self, cloud, pet):
        target = self.other(cloud, pet)
        cloud.openstack(*self.LATEST, "server", "migrate", "--host", target, pet, user="admin")
        cloud.wait("VERIFY_RESIZE", pet)
        assert self.host(cloud, pet) == target
        cloud.openstack("server", "migration", "confirm", pet)
        cloud.wait("ACTIVE", pet)
        back = self.other(cloud, pet)
        cloud.nova("--os-compute-api-version", "2.56", "migrate", "--host", back, pet, user="admin")
        cloud.wait("VERIFY_RESIZE", pet)
        cloud.nova("resize-revert", pet, user="admin")
        cloud.wait("ACTIVE", pet)
        assert self.host(cloud, pet) == target

    def test_no_such_host(self, cloud, pet):
        done = cloud.openstack(*self.LATEST, "server", "migrate", "--host", "mars", pet, user="admin", ok=False)
        assert "Compute host mars could not be found" in done.stderr
        here = self.host(cloud, pet)
        done = cloud.openstack(*self.LATEST, "server", "migrate", "--host", here, pet, user="admin", ok=False)
        assert "Cannot migrate to the host where the server exists" in done.stderr

    def test_live(self, cloud, pet):
        before, target = cloud.show(pet), self.other(cloud, pet)
        cloud.openstack(*self.LATEST, "server", "migrate", "--live-migration", "--host", target, pet, user="admin")
        cloud.wait("ACTIVE", pet)
        assert self.host(cloud, pet) == target
        after = cloud.show(pet)
        assert (after["addresses"], after["OS-SRV-USG:launched_at"]) == (before["addresses"], before["OS-SRV-USG:launched_at"])
        target = self.other(cloud, pet)
        cloud.nova("live-migration", pet, target, user="admin")
        cloud.wait("ACTIVE", pet)
        assert self.host(cloud, pet) == target
        assert [(row["Type"], row["Status"], row["Dest Compute"]) for row in self.migrations(cloud, pet)][0] == ("live-migration", "completed", target)

    @pytest.mark.parametrize("client", ["openstack", "nova"])
    def test_abort(self, cloud, pet, client):
        here, migration = self.host(cloud, pet), self.moving(cloud, pet, 300)
        if client == "openstack":
            cloud.openstack(*self.LATEST, "server", "migration", "abort", pet, migration, user="admin")
        else:
            cloud.nova("live-migration-abort", pet, migration, user="admin")
        cloud.wait("ACTIVE", pet)
        assert self.host(cloud, pet) == here
        assert self.migrations(cloud, pet)[0]["Status"] == "cancelled"

    @pytest.mark.parametrize("client", ["openstack", "nova"])
    def test_force_complete(self, cloud, pet, client):
        here, migration = self.host(cloud, pet), self.moving(cloud, pet, 40)
        if client == "openstack":
            cloud.openstack(*self.LATEST, "server", "migration", "force", "complete", pet, migration, user="admin")
        else:
            cloud.nova("live-migration-force-complete", pet, migration, user="admin")
        cloud.wait("ACTIVE", pet)  # which waits for less than that
        assert self.host(cloud, pet) != here
        assert self.migrations(cloud, pet)[0]["Status"] == "completed"

    @pytest.mark.parametrize("client", ["openstack", "nova"])
    def test_evacuate(self, cloud, pet, client):
        here, before = self.host(cloud, pet), cloud.show(pet)
        service = (*self.LATEST, "compute", "service", "set")
        cloud.openstack(*service, "--down", here, "nova-compute", user="admin")
        if client == "openstack":
            cloud.openstack(*self.LATEST, "server", "evacuate", pet, user="admin")
            state = "SHUTOFF"  # since 2.95
        else:
            target = self.other(cloud, pet)
            cloud.nova("--os-compute-api-version", "2.91", "evacuate", pet, target, user="admin")
            state = "ACTIVE"
        cloud.wait(state, pet)
        there = self.host(cloud, pet)
        assert there != here
        assert client == "openstack" or there == target
        assert cloud.show(pet)["addresses"] == before["addresses"]
        cloud.openstack(*service, "--up", here, "nova-compute", user="admin")
        eventually(lambda: self.migrations(cloud, pet)[0]["Status"] == "completed", f"{here} has removed what it had")
        if state == "SHUTOFF":
            cloud.openstack("server", "start", pet)
            cloud.wait("ACTIVE", pet)
