"""What a project finds before it has a server."""

import pytest

FLAVORS = [
    # id, name, memory, disk, vCPUs
    ("1", "m1.tiny", "512", "1", "1"),
    ("2", "m1.small", "2048", "20", "1"),
    ("3", "m1.medium", "4096", "40", "2"),
    ("4", "m1.large", "8192", "80", "4"),
    ("42", "m1.nano", "64", "1", "1"),
    ("5", "m1.xlarge", "16384", "160", "8"),
]


def test_nova_flavor_list(cloud):
    rows = cloud.nova("flavor-list").rows

    assert [(r["ID"], r["Name"], r["Memory_MiB"], r["Disk"], r["VCPUs"]) for r in rows] == FLAVORS
    assert {(r["Is_Public"], r["RXTX_Factor"], r["Swap"]) for r in rows} == {("True", "1.0", "0")}


def test_nova_flavor_show(cloud):
    shown = cloud.nova("flavor-show", "m1.nano").properties

    assert (shown["id"], shown["ram"], shown["extra_specs"]) == ("42", "64", "{}")


def test_openstack_flavor_list(cloud):
    listed = cloud.openstack("flavor", "list", "-f", "json").json

    assert sorted((f["ID"], f["Name"], str(f["RAM"]), str(f["Disk"]), str(f["VCPUs"]))
                  for f in listed) == sorted(FLAVORS)


def test_unknown_flavor(cloud):
    assert "No flavor with a name or ID of 'm9' exists." in cloud.nova(
        "flavor-show", "m9", ok=False).stderr


def test_admin_makes_a_flavor(cloud):
    """With extra specs and access for one project; others don't see it."""
    made = cloud.nova("flavor-create", "e2e.gold", "e2e-77", "128", "2", "3", "--is-public", "false",
                      user="admin").rows[0]
    assert (made["ID"], made["Memory_MiB"], made["VCPUs"], made["Is_Public"]) == (
        "e2e-77", "128", "3", "False")
    try:
        cloud.nova("flavor-key", "e2e-77", "set", "hw:cpu_policy=shared", user="admin")
        shown = cloud.openstack("flavor", "show", "e2e-77", "-f", "json", user="admin").json
        assert shown["properties"] == {"hw:cpu_policy": "shared"}
        assert "No flavor" in cloud.nova("flavor-show", "e2e-77", ok=False).stderr

        project = cloud.openstack("token", "issue", "-f", "value", "-c", "project_id").stdout.strip()
        cloud.nova("flavor-access-add", "e2e-77", project, user="admin")
        assert cloud.nova("flavor-access-list", "--flavor", "e2e-77", user="admin").rows == [
            {"Flavor_ID": "e2e-77", "Tenant_ID": project}]
        assert cloud.nova("flavor-show", "e2e-77").properties["name"] == "e2e.gold"
    finally:
        cloud.nova("flavor-delete", "e2e-77", user="admin")
    assert "e2e.gold" not in cloud.nova("flavor-list", "--all", user="admin").stdout


def test_images(cloud):
    listed = cloud.openstack("image", "list", "--status", "active", "-f", "json").json

    assert listed
    shown = cloud.openstack("image", "show", listed[0]["ID"], "-f", "json").json
    assert (shown["status"], shown["visibility"]) == ("active", "public")


@pytest.mark.ours
def test_seeded_image_can_be_saved(cloud, tmp_path):
    image = cloud.openstack("image", "list", "-f", "json").json[0]["ID"]
    shown = cloud.openstack("image", "show", image, "-f", "json").json
    cloud.openstack("image", "save", "--file", str(tmp_path / "image"), image)

    assert shown["disk_format"] == "raw"
    assert (tmp_path / "image").stat().st_size == shown["size"] > 0


@pytest.mark.ours
def test_image_of_ones_own(cloud, tmp_path):
    """Create, upload, list, save, rename and delete an image."""
    content = bytes(range(256)) * 4096
    (tmp_path / "in").write_bytes(content)
    made = cloud.openstack(
        "image", "create", "--disk-format", "raw", "--file", str(tmp_path / "in"),
        "--property", "os_distro=none", "mine", "-f", "json").json
    cloud.wait_image(made["id"])
    cloud.openstack("image", "save", "--file", str(tmp_path / "out"), "mine")
    assert (tmp_path / "out").read_bytes() == content

    cloud.openstack("image", "set", "--name", "ours", "mine")
    shown = cloud.openstack("image", "show", "ours", "-f", "json").json
    assert (shown["id"], shown["size"], shown["visibility"]) == (made["id"], len(content), "shared")
    assert shown["properties"]["os_distro"] == "none"
    cloud.openstack("image", "delete", "ours")
    assert "No Image found for ours" in cloud.openstack("image", "show", "ours", ok=False).stderr


def test_networks(cloud):
    listed = {n["Name"]: n for n in cloud.openstack("network", "list", "-f", "json").json}

    assert {"private", "public"} <= set(listed)
    assert listed["private"]["Subnets"]
    public = cloud.openstack("network", "show", "public", "-f", "json").json
    assert public["router:external"] is True


def test_security_groups(cloud):
    listed = cloud.openstack("security", "group", "list", "-f", "json").json

    assert [g["Name"] for g in listed] == ["default"]


@pytest.mark.ours
def test_network_of_ones_own(cloud):
    cloud.openstack("network", "create", "mine")
    cloud.openstack("subnet", "create", "--network", "mine", "--subnet-range", "10.77.0.0/29", "s")
    port = cloud.openstack("port", "create", "--network", "mine", "p", "-f", "json").json
    assert port["fixed_ips"][0]["ip_address"].startswith("10.77.0.")

    refused = cloud.openstack("network", "delete", "mine", ok=False).stderr
    assert "There are one or more ports still in use on the network" in refused
    cloud.openstack("port", "delete", "p")
    cloud.openstack("network", "delete", "mine")
    assert "mine" not in cloud.openstack("network", "list", "-f", "value", "-c", "Name").stdout


def test_availability_zones(cloud):
    assert cloud.nova("availability-zone-list").rows == [{"Name": "nova", "Status": "available"}]
    assert cloud.openstack("availability", "zone", "list", "--compute", "-f", "json").json == [
        {"Zone Name": "nova", "Zone Status": "available"}]


def test_admin_sees_the_hosts_of_a_zone(cloud):
    listed = cloud.nova("availability-zone-list", user="admin").stdout

    assert "nova-compute" in listed
    assert "enabled :-)" in listed


def test_keypairs(cloud):
    """A generated key is shown once; an imported one has our fingerprint."""
    made = cloud.openstack("keypair", "create", "e2e-made")
    assert made.stdout.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    try:
        listed = {k["Name"]: k for k in cloud.nova("keypair-list").rows}
        assert listed["e2e-made"]["Type"] == "ssh"
        shown = cloud.openstack("keypair", "show", "e2e-made", "-f", "json").json
        assert shown["fingerprint"] == listed["e2e-made"]["Fingerprint"]
        assert "already exists" in cloud.openstack("keypair", "create", "e2e-made", ok=False).stderr
    finally:
        cloud.nova("keypair-delete", "e2e-made")
    assert "e2e-made" not in cloud.nova("keypair-list").stdout


def test_imported_keypair(cloud, tmp_path):
    key = tmp_path / "key.pub"
    key.write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS me@here\n")
    cloud.nova("keypair-add", "--pub-key", str(key), "e2e-given")
    try:
        shown = cloud.nova("keypair-show", "e2e-given").stdout
        assert "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS" in shown
    finally:
        cloud.nova("keypair-delete", "e2e-given")
    assert "Keypair e2e-given not found for user" in cloud.nova(
        "keypair-delete", "e2e-given", ok=False).stderr


def test_limits(cloud):
    rows = {r["Name"]: r for r in limits(cloud)}

    assert (rows["Instances"]["Max"], rows["Cores"]["Max"], rows["RAM"]["Max"]) == (
        "10", "20", "51200")
    shown = {r["Name"]: r["Value"] for r in
             cloud.openstack("limits", "show", "--absolute", "-f", "json").json}
    assert (shown["max_total_instances"], shown["max_total_keypairs"]) == (10, 100)


def limits(cloud):
    """Give the second table that `nova limits` prints: names, used and most."""
    done = cloud.nova("limits")
    done.stdout = done.stdout[done.stdout.index("| Name"):]
    return done.rows


def test_quota(cloud):
    rows = {r["Quota"]: r["Limit"] for r in cloud.nova("quota-show").rows}

    assert (rows["instances"], rows["cores"], rows["ram"], rows["key_pairs"]) == (
        "10", "20", "51200", "100")


def test_admin_sets_a_quota(cloud):
    project = cloud.users["demo"]["OS_PROJECT_NAME"]

    def instances():
        shown = cloud.openstack("quota", "show", "--compute", project, "-f", "json", user="admin")
        return {r["Resource"]: r["Limit"] for r in shown.json}["instances"]

    cloud.openstack("quota", "set", "--instances", "11", project, user="admin")
    try:
        assert instances() == 11
    finally:
        cloud.openstack("quota", "set", "--instances", "10", project, user="admin")
    assert instances() == 10


def test_member_sets_no_quota(cloud):
    project = cloud.token()["project_id"]

    assert ("Policy doesn't allow os_compute_api:os-quota-sets:update to be performed. (HTTP 403)"
            in cloud.nova("quota-update", "--instances", "11", project, ok=False).stderr)
