"""The addresses of a server: what is added and removed with openstack is what it shows."""

import pytest
from cloud import eventually


@pytest.fixture(scope="module")
def server(cloud):
    """Give the name of a server on the network private, which a router joins to public."""
    cloud.openstack("router", "create", "--external-gateway", "public", "way-out", user="admin")
    cloud.openstack("router", "add", "subnet", "way-out", "private-subnet", user="admin")
    cloud.openstack("server", "create", "--flavor", "m1.nano", "--image", "cirros", "--network", "private", "addressee")
    cloud.wait("ACTIVE", "addressee")
    yield "addressee"
    cloud.openstack("server", "delete", "addressee")
    cloud.gone("addressee")
    cloud.openstack("router", "remove", "subnet", "way-out", "private-subnet", user="admin")
    cloud.openstack("router", "delete", "way-out", user="admin")


def addresses(cloud, server):
    """Give the addresses that a server shows on the network private."""
    return cloud.openstack("server", "show", "-f", "json", server).json["addresses"]["private"]


def test_floating(cloud, server):
    fixed = addresses(cloud, server)
    floating = cloud.openstack("floating", "ip", "create", "public", "-f", "json").json["floating_ip_address"]

    cloud.openstack("server", "add", "floating", "ip", server, floating)
    assert addresses(cloud, server) == [*fixed, floating]
    assert floating in cloud.nova("list", "--ip", floating.replace(".", "\\.")).stdout
    assert cloud.openstack("floating", "ip", "show", "-f", "json", floating).json["fixed_ip_address"] == fixed[0]

    cloud.openstack("server", "remove", "floating", "ip", server, floating)
    assert addresses(cloud, server) == fixed
    assert cloud.openstack("floating", "ip", "show", "-f", "json", floating).json["fixed_ip_address"] is None

    cloud.openstack("server", "add", "floating", "ip", "--fixed-ip-address", fixed[0], server, floating)
    assert addresses(cloud, server) == [*fixed, floating]
    cloud.openstack("floating", "ip", "delete", floating)
    eventually(lambda: addresses(cloud, server) == fixed, "the address is gone")


def test_floating_of_nobody(cloud, server):
    assert cloud.openstack("server", "add", "floating", "ip", server, "203.0.113.250", ok=False).stderr
    assert len(addresses(cloud, server)) == 1


def test_fixed(cloud, server):
    """Since 2.44 openstack attaches an interface instead of adding an address to one."""
    first = addresses(cloud, server)
    cloud.openstack("server", "add", "fixed", "ip", server, "private")
    second = [address for address in addresses(cloud, server) if address not in first]
    assert len(second) == 1
    assert len(cloud.openstack("port", "list", "--server", server, "-f", "json").json) == 2
    one = cloud.openstack("server", "show", "-f", "json", server).json["id"]  # an administrator doesn't know it by its name
    chosen = ("server", "add", "fixed", "ip", "--fixed-ip-address", second[0], one, "private")
    assert "disallowed by policy" in cloud.openstack(*chosen, ok=False).stderr, "the network is shared, and somebody else's"
    refused = cloud.openstack(*chosen, ok=False, user="admin").stderr
    assert second[0] in refused and "already" in refused, "somebody has it"

    port = next(p["ID"] for p in cloud.openstack("port", "list", "--server", server, "-f", "json").json
                if second[0] in [ip["ip_address"] for ip in p["Fixed IP Addresses"]])
    cloud.openstack("server", "remove", "port", server, port)
    eventually(lambda: addresses(cloud, server) == first, "its port is gone")


def test_fixed_of_old(cloud, server):
    """Until 2.43 a port can lose an address, and stays."""
    old = ("--os-compute-api-version", "2.43")
    first = addresses(cloud, server)
    port = cloud.openstack("server", "add", "fixed", "ip", server, "private", "-f", "json").json["Port ID"]
    second = next(address for address in addresses(cloud, server) if address not in first)
    cloud.openstack(*old, "server", "remove", "fixed", "ip", server, second)
    assert addresses(cloud, server) == first
    assert cloud.openstack("port", "show", "-f", "json", port).json["fixed_ips"] == []
    refused = cloud.openstack(*old, "server", "remove", "fixed", "ip", server, second, ok=False).stderr
    assert f"does not have fixed IP '{second}'" in refused
    cloud.openstack("server", "remove", "port", server, port)
    eventually(lambda: len(cloud.openstack("port", "list", "--server", server, "-f", "json").json) == 1, "its port is gone")
