"""What the user does with volumes: each step is a function, in the order of STEPS."""

from walk import INSTANCES, SERVER, act, confirm, wizard

VOLUMES = ("project/volumes/", "#volumes")
SNAPSHOTS = ("project/snapshots/", "#volume_snapshots")


def volume_pages(browser):
    """Look at the pages of volumes, of their snapshots and groups."""
    for path, table in (VOLUMES, SNAPSHOTS):
        browser.open(path)
        browser.find(table, "No items to display")
        browser.picture(path.strip("/").replace("/", "-"))


def volume(browser):
    """Create a volume."""
    browser.open(VOLUMES[0])
    browser.click("#volumes__action_create")
    browser.fill(name="walker-volume", size="1")
    browser.submit()
    becomes(browser, VOLUMES, "walker-volume", "Available")
    browser.picture("volume")


def becomes(browser, where, name, wanted, **patience):
    """Wait until a row of a table says something."""
    browser.wait(lambda: any(wanted in row.text for row in browser.all(f"{where[1]} tbody tr") if name in row.text), f"{name} to become {wanted}", **patience)


def attach(browser):
    """Attach the volume to a server, and see it there."""
    act(browser, "attachments", "walker-volume", VOLUMES)
    browser.fill(instance=SERVER)
    browser.submit()
    becomes(browser, VOLUMES, "walker-volume", "In-use")
    browser.find("#volumes tbody tr", SERVER)
    browser.picture("volume-attached")
    browser.open("project/instances/")
    browser.click("#instances tbody td a", SERVER)
    browser.click(".nav-tabs a", "Overview")  # Horizon comes back to the tab that was the last
    browser.find("body", "walker-volume")
    browser.picture("instance-with-volume")


def volume_snapshot(browser):
    """Take a snapshot of the volume while the server has it, and delete it."""
    act(browser, "snapshots", "walker-volume", VOLUMES)
    browser.fill(name="walker-volume-snapshot")
    browser.submit()
    browser.open(SNAPSHOTS[0])
    becomes(browser, SNAPSHOTS, "walker-volume-snapshot", "Available")
    browser.picture("volume-snapshot")
    act(browser, "delete", "walker-volume-snapshot", SNAPSHOTS)
    confirm(browser)
    gone(browser, SNAPSHOTS, "walker-volume-snapshot")


def gone(browser, where, name):
    """Wait until a table has a row no more."""
    browser.wait(lambda: not [row for row in browser.all(f"{where[1]} tbody tr") if name in row.text], f"{name} to be gone")


def detach(browser):
    """Take the volume from the server, make it larger, and an image of it."""
    act(browser, "attachments", "walker-volume", VOLUMES)
    browser.click(".modal.in [id^='attachments__row_'][id$='__action_detach']")
    confirm(browser)
    browser.open(VOLUMES[0])
    becomes(browser, VOLUMES, "walker-volume", "Available")
    act(browser, "extend", "walker-volume", VOLUMES)
    browser.fill(new_size="2")
    browser.submit()
    becomes(browser, VOLUMES, "walker-volume", "2GiB")
    browser.picture("volume-extended")
    act(browser, "upload_to_image", "walker-volume", VOLUMES)
    browser.fill(image_name="walker-image")
    browser.submit()
    browser.open(VOLUMES[0])
    becomes(browser, VOLUMES, "walker-volume", "Available", patience=180)  # all of it is copied twice
    browser.picture("volume-uploaded")


def delete_volume(browser):
    """Delete the volume."""
    act(browser, "delete", "walker-volume", VOLUMES)
    confirm(browser)
    gone(browser, VOLUMES, "walker-volume")
    browser.picture("volume-deleted")


def launch_on_volume(browser):
    """Launch a server on a new volume, and delete both at once."""
    wizard(browser, "on-volume", {"Networks": "private"}, volume=True)
    browser.open(VOLUMES[0])
    browser.find("#volumes tbody tr", "on-volume")
    browser.picture("server-on-volume")
    act(browser, "delete", "on-volume")
    confirm(browser)
    gone(browser, INSTANCES, "on-volume")


STEPS = (volume_pages, volume, attach, volume_snapshot, detach, delete_volume, launch_on_volume)
