"""The walk of the administrator through Skyline: each step is a function, in the order of STEPS."""

import re

from walk import STATUS, wizard

SERVER = "moved"
INSTANCES = "compute/instance-admin"
AGGREGATES = "compute/aggregates-admin"
PAGES = (  # that are only looked at
    "base/overview-admin", "compute/instance-admin", "compute/instance-snapshot-admin", "compute/flavor-admin", "compute/server-group-admin",
    "compute/image-admin", "compute/hypervisors-admin", "compute/hypervisors-admin?tab=ComputeHost", "compute/aggregates-admin",
    "compute/aggregates-admin?tab=availabilityZone", "storage/volume-admin", "storage/backup-admin", "storage/snapshot-admin", "storage/volume-type-admin", "storage/volume-type-admin?tab=qos",
    "storage/storage-admin", "network/networks-admin", "network/port-admin", "network/router-admin", "network/floatingip-admin", "network/security-group-admin",
    "identity/domain-admin", "identity/project-admin", "identity/user-admin", "identity/user-group-admin", "identity/role-admin",
    "configuration-admin/info", "configuration-admin/setting", "configuration-admin/metadata",
)
SERVICES = ("Services", "Compute Services", "Block Storage Services", "Neutron Agents")


def pages(console):
    """Look at all pages that the administrator's menu offers."""
    for path in PAGES:
        console.visit(path)
        console.picture("admin-" + re.sub(r"\W+", "-", path))


def hypervisor(console):
    """Look at a host, and at its tabs."""
    console.follow("compute/hypervisors-admin", "fake-1")
    console.picture("hypervisor")


def services(console):
    """Look at the services."""
    console.visit("configuration-admin/info")
    for tab in SERVICES:
        console.tab(tab)
        console.picture("services-" + tab.lower().replace(" ", "-"))


def flavor(console):
    """Create a flavor, look at it, and delete it."""
    console.visit("compute/flavor-admin/create")
    console.radio("architecture", "x86 Architecture")
    console.radio("category", "General Purpose")
    console.write(name="walker-flavor", vcpus="1", memoryGb="1")
    console.click(".step-form-footer-btns button.ant-btn-primary")
    console.picture("flavor-access")
    console.submit(".step-form-footer-btns")
    console.follow("compute/flavor-admin", "walker-flavor")
    console.picture("flavor")
    console.act("compute/flavor-admin", "walker-flavor", "Delete")
    console.confirm()
    console.gone("compute/flavor-admin", "walker-flavor")


def aggregate(console):
    """Create a host aggregate with a host, and delete it."""
    console.visit(AGGREGATES)
    console.head("Create Host Aggregate")
    console.radio("isCreate", "Yes")
    console.write(name="walker-aggregate", newAz="walker-zone")
    console.submit()
    console.act(AGGREGATES, "walker-aggregate", "Manage Host")
    console.select("hosts", "fake-2")
    console.submit()
    console.becomes(AGGREGATES, "walker-aggregate", "fake-2")
    console.picture("aggregate")
    console.act(AGGREGATES, "walker-aggregate", "Manage Host")
    console.select("hosts", "fake-2", False)
    console.submit()
    console.act(AGGREGATES, "walker-aggregate", "Delete")
    console.confirm()
    console.gone(AGGREGATES, "walker-aggregate")


def quota(console):
    """Change a project's quota."""
    console.act("identity/project-admin", "alt_demo", "Edit Quota")
    console.picture("quota")
    console.write(instances="11")
    console.submit()


def metadata(console):
    """Look at the definitions of metadata."""
    console.visit("configuration-admin/metadata")
    console.picture("metadata")


def live_migrate(console):
    """Move a running server to another host, by a live migration and by a cold one."""
    wizard(console, SERVER, "private")
    console.visit(INSTANCES)
    host = console.wait(lambda: re.search(r"fake-\d", console.row(SERVER).text), "a host").group()
    other = {"fake-1": "fake-2", "fake-2": "fake-1"}[host]
    console.act(INSTANCES, SERVER, "Live Migrate")
    console.select("host", other)
    console.picture("live-migrate")
    console.submit()
    console.becomes(INSTANCES, SERVER, other, "Active")
    console.picture("live-migrated")
    console.act(INSTANCES, SERVER, "Migrate")
    console.submit()
    console.becomes(INSTANCES, SERVER, "Verify Resize/Migrate")
    console.act(INSTANCES, SERVER, "Confirm Resize or Migrate")
    console.confirm()
    console.becomes(INSTANCES, SERVER, host, "Active")


def reset(console):
    """Reset a server's state, and delete the server."""
    for state in ("Error", "Active"):
        console.act(INSTANCES, SERVER, "Reset", STATUS)
        console.choose("state", state)
        console.submit()
        console.becomes(INSTANCES, SERVER, state)
    console.act(INSTANCES, SERVER, "Delete")
    console.confirm()
    console.gone(INSTANCES, SERVER)


STEPS = (pages, hypervisor, services, flavor, aggregate, quota, metadata, live_migrate, reset)
