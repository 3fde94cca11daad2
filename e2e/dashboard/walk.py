"""The walk of a user, demo, through Horizon: each step is a function, in the order of STEPS."""

import re

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SERVER = "walker"
PAGES = (  # that are only looked at
    "project/api_access/", "project/images", "project/networks/", "project/routers/", "project/network_topology/", "project/security_groups/",
)


def log_in(browser, user, password):
    """Log in on the first page."""
    browser.open("auth/login/")
    browser.fill(username=user, password=password)
    browser.click("#loginBtn")
    browser.wait(lambda: "/auth/login" not in browser.driver.current_url, "the login")


def overview(browser):
    """Look at the project's quota and usage."""
    browser.open("project/")
    browser.find(".quota-dynamic, #id_pie_chart, .pie-chart-limits, h1, h3", "Overview")
    browser.find("body", "Usage Summary")
    browser.picture("overview")


def pages(browser):
    """Look at the pages beside the servers'."""
    for path in PAGES:
        browser.open(path)
        browser.wait(lambda: browser.driver.execute_script("return document.readyState") == "complete", path)
        if "topology" in path:
            browser.wait(lambda: browser.all("#topology_canvas .network") and "Loading" not in browser.text(), "the topology")
        else:
            browser.wait(lambda: re.search("Displaying|No items to display", browser.text()), f"the table at {path}")
        browser.picture(path.strip("/").replace("/", "-"))


def key_pair(browser):
    """Create a key pair."""
    browser.open("project/key_pairs")
    browser.click("button, a", "Create Key Pair")
    browser.fill(name="walker-key")
    browser.submit()
    browser.find("td, a", "walker-key")
    browser.picture("key-pairs")


def server_group(browser):
    """Create a server group."""
    browser.open("project/server_groups/")
    browser.click("button, a", "Create Server Group")
    browser.fill(name="walker-group", policy="Affinity")
    browser.click(".modal-dialog .btn-primary")
    browser.find("td, a", "walker-group")
    browser.picture("server-groups")


def security_group(browser):
    """Create a security group, and a rule in it."""
    browser.open("project/security_groups/")
    browser.click("#security_groups__action_create")
    browser.fill(name="walker-security")
    browser.submit()
    browser.click("#rules__action_add_rule")
    browser.fill(rule_menu="Custom TCP Rule", port="22")
    browser.submit()
    browser.find("#rules td", "22")
    browser.picture("security-group-rules")


def network(browser):
    """Create a network with a subnet."""
    browser.open("project/networks/")
    browser.click("#networks__action_create")
    browser.fill(net_name="walker-net")
    browser.click(".modal.in .button-next")
    browser.fill(subnet_name="walker-subnet", cidr="192.168.77.0/24")
    browser.click(".modal.in .button-next")
    browser.click(".modal.in .button-final")
    browser.find("#networks td", "walker-net")
    browser.picture("network")


def router(browser):
    """Create a router between the network and the world."""
    browser.open("project/routers/")
    browser.click("#Routers__action_create, #routers__action_create")
    browser.fill(name="walker-router", external_network="public")
    browser.submit()
    browser.click("td a", "walker-router")
    browser.click(".nav-tabs a", "Interfaces")
    browser.click("#interfaces__action_create")
    browser.fill(subnet_id="walker-net")
    browser.submit()
    browser.find("td", "192.168.77.1")
    browser.picture("router")


def launch(browser):
    """Walk through the launch wizard to its end."""
    wizard(browser, SERVER, {"Networks": "walker-net", "Key Pair": "walker-key", "Server Groups": "walker-group"})
    browser.picture("launched")


def wizard(browser, name, choices, volume=False):
    """Launch a server; on a volume, if it is to be on one."""
    browser.open("project/instances/")
    browser.click("#instances__action_launch-ng")
    browser.find('wizard input[name="name"]').send_keys(name)
    for step, item in ({"Source": "cirros", "Flavor": "m1.tiny"} | choices).items():
        browser.click("wizard .nav-item", step)
        if volume and step == "Source":
            browser.click("wizard .btn-group label", "Yes")
        allocate(browser, item)
        browser.picture(f"launch-{name}-{step.lower().replace(' ', '-')}")
    browser.click("wizard button.finish")
    status(browser, "Active", name)


def allocate(browser, item):
    """Move an item of the wizard's step up to the allocated ones, unless it is there already."""
    def row():
        for found in browser.all("wizard transfer-table tr"):
            if item in found.text and found.find_elements(By.CSS_SELECTOR, "button.fa-arrow-up, button.fa-arrow-down"):
                return found
        return None
    up = browser.wait(row, f"{item} in the wizard").find_elements(By.CSS_SELECTOR, "button.fa-arrow-up")
    if up:
        up[0].click()


def status(browser, wanted, server=SERVER):
    """Wait until the table of servers shows a status, and no task."""
    def reached():
        rows = [row for row in browser.all("#instances tbody tr") if server in row.text]
        return rows and re.search(rf"\b{wanted}\b", rows[0].text) and "None" in rows[0].text
    browser.wait(reached, f"{server} to become {wanted}")


INSTANCES = ("project/instances/", "#instances")


def act(browser, action, name=SERVER, where=INSTANCES):
    """Choose an action in the menu of a row: a server's, or one of another page and table."""
    page, table = where
    browser.open(page)

    def chosen():  # Horizon puts another row in place of this at any moment, while it waits for a change
        row = browser.find(f"{table} tbody tr", name)
        buttons = row.find_elements(By.CSS_SELECTOR, f'[id$="__action_{action}"]')
        assert buttons, f"{action} is not offered for {name}"
        if not buttons[0].is_displayed():
            row.find_element(By.CSS_SELECTOR, ".dropdown-toggle").click()
        if not buttons[0].is_displayed():
            return False
        buttons[0].click()
        return True
    browser.wait(chosen, f"{action} in the menu")


def confirm(browser):
    """Say yes in the dialog that asks whether one is sure."""
    browser.click(".modal.in .modal-footer .btn-danger, .modal.in .modal-footer .btn-primary")
    browser.wait(lambda: not browser.all(".modal.in"), "the question to close")


def details(browser):
    """Look at a server's tabs: overview, interfaces, console log, console, action log."""
    browser.open("project/instances/")
    browser.click("#instances tbody td a", SERVER)
    browser.find("dd", "m1.tiny")
    browser.picture("instance-overview")
    for tab, wanted in (("Interfaces", "MAC Address"), ("Log", "Instance Console Log"), ("Action Log", "Create")):
        browser.click(".nav-tabs a, .nav-item a", tab)
        browser.find(".tab-pane.active", wanted)
        browser.picture(f"instance-{tab.lower().replace(' ', '-')}")


def console(browser):
    """Open the console of a server, and type on it."""
    act(browser, "console")
    frame = browser.find("iframe#console_embed")
    browser.driver.switch_to.frame(frame)
    try:
        browser.find("canvas")
        browser.wait(lambda: browser.driver.execute_script(CANVAS_DRAWN), "a picture on the console")
        browser.find("canvas").send_keys("hello", Keys.ENTER)
    finally:
        browser.driver.switch_to.default_content()
    browser.picture("console")


# Whether the console's canvas has pixels of more than one colour.
CANVAS_DRAWN = """
const canvas = document.querySelector('canvas');
const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
return pixels.some(pixel => pixel !== pixels[0]);
"""


def power(browser):
    """Pause, suspend, stop, start and reboot a server, and lock it."""
    for action, wanted in (("pause", "Paused"), ("pause", "Active"), ("suspend", "Suspended"), ("suspend", "Active")):
        act(browser, action)
        status(browser, wanted)
    for action, wanted in (("stop", "Shutoff"), ("start", "Active"), ("soft_reboot", "Active"), ("reboot", "Active")):
        act(browser, action)
        if browser.all(".modal.in") or action != "start":
            confirm(browser)
        status(browser, wanted)
    act(browser, "lock")
    browser.check("lock")
    act(browser, "unlock")
    browser.picture("power")


def snapshot(browser):
    """Take a snapshot, and see it among the images."""
    act(browser, "snapshot")
    browser.fill(name="walker-snapshot")
    browser.submit()
    browser.wait(lambda: "walker-snapshot" in browser.text(), "the snapshot among the images")
    browser.picture("snapshot")


def floating_ip(browser):
    """Allocate a floating IP, associate it with a server, and see it there."""
    act(browser, "associate")
    browser.click(".modal.in .ajax-add")
    browser.click(".modal.in input[value='Allocate IP']")
    browser.wait(lambda: "Allocate Floating IP" not in browser.text(), "a floating IP")
    browser.submit()
    browser.find("#instances tbody tr", "172.24.4.")
    browser.picture("floating-ip")
    act(browser, "disassociate")
    browser.submit()
    browser.picture("floating-ip-gone")


def rebuild(browser):
    """Rebuild a server."""
    act(browser, "rebuild")
    browser.fill(image="cirros")
    browser.submit()
    status(browser, "Active")
    browser.picture("rebuilt")


def rescue(browser):
    """Rescue a server, and end that."""
    act(browser, "rescue")
    browser.fill(image="cirros")
    browser.submit()
    status(browser, "Rescue")
    browser.picture("rescued")
    act(browser, "unrescue")
    if browser.all(".modal.in"):
        confirm(browser)
    status(browser, "Active")


def resize(browser):
    """Resize a server, and confirm it."""
    act(browser, "resize")
    browser.fill(flavor="m1.small")
    browser.submit()
    status(browser, "Confirm or Revert Resize/Migrate")
    browser.picture("resized")
    act(browser, "confirm")
    status(browser, "Active")
    browser.find("#instances tbody tr", "m1.small")
    browser.picture("resize-confirmed")


def shelve(browser):
    """Shelve a server, and bring it back."""
    act(browser, "shelve")
    status(browser, "Shelved Offloaded")
    browser.picture("shelved")
    act(browser, "shelve")
    status(browser, "Active")


def interfaces(browser):
    """Attach an interface, and detach it."""
    act(browser, "attach_interface")
    browser.fill(network="private")
    browser.submit()
    browser.picture("interface-attached")


def security_groups(browser):
    """Change the security groups of a server."""
    act(browser, "edit_secgroups")
    browser.click(".modal.in .available_members a[href='#add_remove']")
    browser.picture("edit-security-groups")
    browser.submit()
    browser.picture("security-groups-edited")


def rename(browser):
    """Give a server another name and a description."""
    act(browser, "edit")
    browser.fill(name=SERVER + "-renamed")
    browser.submit()
    browser.find("#instances tbody tr", SERVER + "-renamed")
    browser.picture("renamed")


def delete(browser):
    """Delete the server."""
    act(browser, "delete")
    confirm(browser)
    browser.wait(lambda: not [row for row in browser.all("#instances tbody tr") if SERVER in row.text], "the server to be gone")
    browser.picture("deleted")


STEPS = (
    overview, pages, key_pair, server_group, security_group, network, router, launch, details, console, power, snapshot, floating_ip, security_groups,
    interfaces, rebuild, rescue, resize, shelve, rename, delete,
)
