"""The walk of the administrator: each step is a function, in the order of STEPS."""

import re

from walk import act, confirm, wizard

SERVER = "moved"
INSTANCES = ("admin/instances/", "#instances")
AGGREGATES = ("admin/aggregates/", "#host_aggregates")
FLAVORS = ("admin/flavors/", "#flavors")
TYPES = ("admin/volume_types/", "#volume_types")
PAGES = (  # that are only looked at
    "admin/", "admin/hypervisors/", "admin/images", "admin/volumes/", "admin/snapshots/", "admin/networks/", "admin/routers/", "admin/floating_ips/",
    "identity/", "identity/users/", "identity/roles/",
)


def admin_pages(browser):
    """Look at the pages of an administrator."""
    for path in PAGES:
        browser.open(path)
        browser.wait(lambda: browser.driver.execute_script("return document.readyState") == "complete", path)
        browser.wait(lambda: re.search("Displaying|No items to display", browser.text()), f"the table at {path}")
        browser.picture("admin-" + path.strip("/").replace("/", "-"))


def hypervisors(browser):
    """Look at the hosts, and at the servers of one."""
    browser.open("admin/hypervisors/")
    browser.find("#hypervisors tbody tr", "fake-2")
    browser.picture("hypervisors")
    for tab, wanted in (("Compute Host", "fake-1"), ("Resource Provider", "fake-1")):
        browser.click(".nav-tabs a", tab)
        browser.find(".tab-pane.active tbody tr", wanted)
        browser.picture(tab.lower().replace(" ", "-"))
    browser.click(".nav-tabs a", "Hypervisor")
    browser.click("#hypervisors tbody td a", "fake-1")
    browser.find("#hypervisor_instances", "No items to display")
    browser.picture("hypervisor")


def system_information(browser):
    """Look at all services."""
    browser.open("admin/info/")
    for tab in ("Services", "Compute Services", "Block Storage Services", "Network Agents"):
        if browser.all(".nav-tabs a") and any(tab == link.text for link in browser.all(".nav-tabs a")):
            next(link for link in browser.all(".nav-tabs a") if tab == link.text).click()
        browser.picture("information-" + tab.lower().replace(" ", "-"))


def defaults(browser):
    """Change the default quotas."""
    browser.open("admin/defaults/")
    browser.find("body", "Compute Quotas")
    browser.picture("defaults")
    browser.click("#compute_quotas__action_update_compute_defaults")
    browser.fill(instances="11")
    browser.submit()
    browser.find("td", "11")
    browser.picture("defaults-changed")


def flavor(browser):
    """Create a flavor, give it an extra spec, and delete it."""
    browser.open(FLAVORS[0])
    browser.click("#flavors__action_create")
    browser.fill(name="walker-flavor", vcpus="1", memory_mb="128", disk_gb="1")
    browser.submit()
    browser.find("#flavors tbody tr", "walker-flavor")
    act(browser, "update_metadata", "walker-flavor", FLAVORS)
    browser.find(".modal, metadata-tree", "Available Metadata")
    browser.picture("flavor-metadata")
    browser.open(FLAVORS[0])
    browser.picture("flavor")
    act(browser, "delete", "walker-flavor", FLAVORS)
    confirm(browser)
    browser.wait(lambda: "walker-flavor" not in browser.find("#flavors").text, "the flavor to be gone")


def aggregate(browser):
    """Create a host aggregate, and delete it."""
    browser.open(AGGREGATES[0])
    browser.click("#host_aggregates__action_create")
    browser.fill(name="walker-aggregate", availability_zone="walker-zone")
    browser.submit()
    browser.find("#host_aggregates tbody tr", "walker-zone")
    browser.picture("aggregate")
    act(browser, "manage", "walker-aggregate", AGGREGATES)
    browser.click(".modal.in .available_members a[href='#add_remove']")
    browser.submit()
    browser.find("#host_aggregates tbody tr", "fake-")
    browser.find("#availability_zones tbody tr", "walker-zone")
    browser.picture("aggregate-with-host")
    act(browser, "manage", "walker-aggregate", AGGREGATES)
    browser.click(".modal.in ul.members a[href='#add_remove']")
    browser.submit()
    act(browser, "delete", "walker-aggregate", AGGREGATES)
    confirm(browser)
    browser.wait(lambda: "walker-aggregate" not in browser.find("#host_aggregates").text, "the aggregate to be gone")


def live_migrate(browser):
    """Move a running server to another host."""
    wizard(browser, SERVER, {"Networks": "private"})
    browser.open(INSTANCES[0])
    host = browser.wait(lambda: re.search(r"fake-\d", browser.find("#instances tbody tr", SERVER).text), "a host").group()
    other = {"fake-1": "fake-2", "fake-2": "fake-1"}[host]
    act(browser, "live_migrate", SERVER, INSTANCES)
    browser.fill(host=other)
    browser.submit()

    def moved():
        browser.open(INSTANCES[0])
        return other in browser.find("#instances tbody tr", SERVER).text
    browser.wait(moved, f"{SERVER} on {other}")
    browser.picture("live-migrated")


def volume_type(browser):
    """Create a type of volumes, and delete it."""
    browser.open(TYPES[0])
    browser.click("#volume_types__action_create")
    browser.fill(name="walker-type")
    browser.submit()
    browser.find("#volume_types tbody tr", "walker-type")
    browser.picture("volume-type")
    act(browser, "extras", "walker-type", TYPES)
    browser.picture("volume-type-extras")
    act(browser, "delete", "walker-type", TYPES)
    confirm(browser)
    browser.wait(lambda: "walker-type" not in browser.find("#volume_types").text, "the type to be gone")


STEPS = (admin_pages, hypervisors, system_information, defaults, flavor, aggregate, live_migrate, volume_type)
