"""The walk of a user, demo, through Skyline: each step is a function, in the order of STEPS."""

SERVER = "walker"
INSTANCES = "compute/instance"
VOLUMES = "storage/volume"
STATUS, RESOURCES, CONFIGURATION = "Instance Status", "Related Resources", "Configuration Update"
PAGES = (  # that are only looked at
    "base/overview", "compute/instance", "compute/instance-snapshot", "compute/flavor", "compute/server-group", "compute/image", "compute/keypair",
    "storage/volume", "storage/backup", "storage/snapshot", "network/networks", "network/port", "network/router", "network/floatingip", "network/topo",
    "network/security-group", "user/center",
)
TABS = ("Details", "Volumes", "Snapshots", "Interfaces", "Floating IPs", "Security Groups", "Action Logs", "Logs")


def pages(console):
    """Look at all pages that the menu offers."""
    for path in PAGES:
        console.visit(path)
        console.picture(path.replace("/", "-"))


def key_pair(console):
    """Create a key pair."""
    console.visit("compute/keypair")
    console.head("Create Keypair")
    console.write(name="walker-key")
    console.submit()
    console.row("walker-key")
    console.picture("key-pair")


def server_group(console):
    """Create a server group."""
    console.visit("compute/server-group")
    console.head("Create Server Group")
    console.write(name="walker-group")
    console.choose("policy", "Soft-Affinity")
    console.submit()
    console.row("walker-group")
    console.picture("server-group")


def security_group(console):
    """Create a security group."""
    console.visit("network/security-group")
    console.head("Create Security Group")
    console.write(name="walker-security")
    console.submit()
    console.find(".ant-collapse-item, .ant-table-row", "walker-security")
    console.picture("security-group")


def network(console):
    """Create a network with a subnet."""
    console.visit("network/networks")
    console.head("Create Network")
    console.write(name="walker-net")
    console.tick("create_subnet")
    console.write(subnet_name="walker-subnet", cidr="192.168.77.0/24")
    console.submit()
    console.row("walker-net")
    console.picture("network")


def router(console):
    """Create a router to the world, and connect the network with it."""
    console.visit("network/router")
    console.head("Create Router")
    console.write(name="walker-router")
    console.tick("openExternalNetwork")
    console.select("externalNetwork", "public")
    console.submit()
    console.act("network/router", "walker-router", "Connect Subnet")
    console.select("network", "walker-net")
    console.select("subnet")
    console.submit()
    console.picture("router")


def floating_ip(console):
    """Allocate a floating IP."""
    console.visit("network/floatingip")
    console.head("Allocate IP")
    console.choose("floating_network_id", "public")
    console.submit()
    console.row("172.24.4.")
    console.picture("floating-ip")


def create_volume(console):
    """Create a volume."""
    console.visit("storage/volume/create")
    console.select("volume_type")
    console.write(name="walker-volume", size="1")
    console.submit(".footer-btns")
    console.becomes(VOLUMES, "walker-volume", "Available")
    console.picture("volume")


def launch(console):
    """Walk through the wizard that creates an instance, to its end."""
    wizard(console, SERVER, "walker-net", "walker-key")


def wizard(console, name, network, key=None):
    """Create an instance, with a key pair or, without one, with a password."""
    console.visit(f"{INSTANCES}/create")
    console.select("flavor", "m1.tiny")
    console.radio("image", "Others")
    console.select("image", "cirros")
    console.radio("bootFromVolume", "No")
    following(console)
    if network == "private":
        console.tab("Shared Networks")
    console.select("networkSelect", network)
    console.select("securityGroup", "default")
    following(console)
    console.write(name=name)
    console.radio("loginType", "Keypair" if key else "Password")
    if key:
        console.select("keypair", key)
    else:
        console.write(username="root", password="Skyline-1", confirmPassword="Skyline-1")
    following(console)
    console.picture("launch-confirm")
    console.submit(".step-form-footer-btns")
    console.becomes(INSTANCES, name, "Active")


def following(console):
    """Go to the next step of a wizard."""
    console.picture("launch")
    console.click(".step-form-footer-btns button.ant-btn-primary", "Next")


def details(console):
    """Look at a server's tabs."""
    console.visit(INSTANCES)
    console.picture("launched")
    console.follow(INSTANCES, SERVER)
    for tab in TABS:
        console.tab(tab)
        console.picture("instance-" + tab.lower().replace(" ", "-"))


def console_page(console):
    """Open the console of a server, in another window."""
    console.act(INSTANCES, SERVER, "Console")
    first = console.driver.current_window_handle
    console.confirm()
    console.wait(lambda: len(console.driver.window_handles) > 1, "the console's window")
    console.driver.switch_to.window(next(handle for handle in console.driver.window_handles if handle != first))
    try:
        console.find("canvas")
        console.wait(lambda: console.driver.execute_script(CANVAS_DRAWN), "a picture on the console")
        console.driver.save_screenshot(str(console.pictures / "console.png"))
    finally:
        console.driver.close()
        console.driver.switch_to.window(first)


# Whether the console's canvas has pixels of more than one colour.
CANVAS_DRAWN = """
const canvas = document.querySelector('canvas');
const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
return pixels.some(pixel => pixel !== pixels[0]);
"""


def power(console):
    """Choose what the menu offers for a server's status."""
    for action, status in (
            ("Stop", "Shutoff"), ("Start", "Active"), ("Reboot", "Active"), ("Soft Reboot", "Active"), ("Pause", "Paused"), ("Unpause", "Active"),
            ("Suspend", "Suspended"), ("Resume", "Active"), ("Lock", "Active"), ("Unlock", "Active"), ("Shelve", "Shelved"), ("Unshelve", "Active")):
        console.act(INSTANCES, SERVER, action, STATUS)
        console.confirm()
        console.becomes(INSTANCES, SERVER, status)
    console.picture("power")


def rescue(console):
    """Rescue a server, and end that."""
    console.act(INSTANCES, SERVER, "Rescue", STATUS)
    console.choose("rescue_image_ref", "cirros")
    console.submit()
    console.becomes(INSTANCES, SERVER, "Rescue")
    console.picture("rescued")
    console.act(INSTANCES, SERVER, "Unrescue", STATUS)
    console.confirm()
    console.becomes(INSTANCES, SERVER, "Active")


def interface(console):
    """Attach an interface, and detach it."""
    console.act(INSTANCES, SERVER, "Attach Interface", RESOURCES)
    console.tab("Shared Networks")
    console.select("network", "private")
    console.submit()
    console.becomes(INSTANCES, SERVER, "Active")
    console.picture("interface-attached")
    console.act(INSTANCES, SERVER, "Detach Interface", RESOURCES)
    console.select("interfaces", "10.")
    console.picture("interface-detach")
    console.submit()


def volume(console):
    """Attach a volume, take a snapshot of it, and detach it."""
    console.act(INSTANCES, SERVER, "Attach Volume", RESOURCES)
    console.select("volume", "walker-volume")
    console.submit()
    console.becomes(VOLUMES, "walker-volume", "In-use")
    console.picture("volume-attached")
    console.act(VOLUMES, "walker-volume", "Create Snapshot", "Data Protection")
    console.write(name="walker-volume-snapshot")
    console.submit()
    console.becomes("storage/snapshot", "walker-volume-snapshot", "Available")
    console.picture("volume-snapshot")
    console.act(INSTANCES, SERVER, "Detach Volume", RESOURCES)
    console.select("volumes", "walker-volume")
    console.submit()
    console.becomes(VOLUMES, "walker-volume", "Available")


def extend(console):
    """Make the volume larger, and look at it."""
    console.act(VOLUMES, "walker-volume", "Extend Volume", "Capacity & Type")
    console.write(new_size="2")
    console.submit()
    console.becomes(VOLUMES, "walker-volume", "2GiB")
    console.follow(VOLUMES, "walker-volume")
    console.picture("volume-extended")


def associate(console):
    """Associate the floating IP with a server, and take it away."""
    console.act(INSTANCES, SERVER, "Associate Floating IP", RESOURCES)
    console.select("fixed_ip", "192.168.77.")
    console.select("fip", "172.24.4.")
    console.submit()
    console.becomes(INSTANCES, SERVER, "172.24.4.")
    console.picture("associated")
    console.act(INSTANCES, SERVER, "Disassociate Floating IP", RESOURCES)
    console.choose("address", "172.24.4.")
    console.submit()


def groups(console):
    """Give a server's port another security group."""
    console.act(INSTANCES, SERVER, "Manage Security Group", RESOURCES)
    console.select("port", "192.168.77.")
    console.select("securityGroup", "walker-security")
    console.picture("manage-security-groups")
    console.submit()


def snapshot(console):
    """Take a snapshot of a server."""
    console.act(INSTANCES, SERVER, "Create Snapshot", "Backups & Snapshots")
    console.write(snapshot="walker-snapshot")
    console.submit()
    console.becomes("compute/instance-snapshot", "walker-snapshot", "Active")
    console.picture("snapshot")


def rebuild(console):
    """Rebuild a server."""
    console.act(INSTANCES, SERVER, "Rebuild Instance", CONFIGURATION)
    console.radio("image", "Others")
    console.select("image", "cirros")
    console.submit()
    console.becomes(INSTANCES, SERVER, "Active")
    console.picture("rebuilt")


def resize(console):
    """Resize a server, and confirm it."""
    console.act(INSTANCES, SERVER, "Resize", CONFIGURATION)
    console.select("newFlavor", "m1.small")
    console.tick("option")
    console.submit()
    console.becomes(INSTANCES, SERVER, "Verify Resize/Migrate")
    console.picture("resized")
    console.act(INSTANCES, SERVER, "Confirm Resize or Migrate", CONFIGURATION)
    console.confirm()
    console.becomes(INSTANCES, SERVER, "Active", "m1.small")
    console.picture("resize-confirmed")


def edit(console):
    """Give a server another name, and delete it."""
    console.act(INSTANCES, SERVER, "Edit")
    console.write(name=SERVER + "-renamed")
    console.submit()
    console.becomes(INSTANCES, SERVER + "-renamed", "Active")
    console.act(INSTANCES, SERVER, "Delete")
    console.picture("delete")
    console.confirm()
    console.gone(INSTANCES, SERVER)
    console.picture("deleted")


STEPS = (
    pages, key_pair, server_group, security_group, network, router, floating_ip, create_volume, launch, details, console_page, power, rescue, interface,
    volume, extend, associate, groups, snapshot, rebuild, resize, edit,
)
