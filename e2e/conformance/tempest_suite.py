"""Tempest, the tests of OpenStack itself: set up, run, and read."""

import importlib.metadata
import json
import pathlib
import subprocess
import sys
import urllib.request

import report

COMMANDS = pathlib.Path(sys.executable).parent
WORKERS = 2
# Networks and images of a new cloud have the same IDs everywhere.
IMAGE = "c1220500-0000-4000-8000-000000000001"
PUBLIC_NETWORK = "0e7a0002-0000-4000-8000-000000000001"
OTHER_IMAGE = "c1220500-0000-4000-8000-000000000002"

# Everything that a fake hypervisor and the bundled block storage can do is asked
# for. There is nothing inside of the servers to log in to. The one test of serial
# consoles can't pass anywhere: it takes characters of a str for bytes.
SETTINGS = """
[DEFAULT]
log_file = {directory}/tempest.log

[oslo_concurrency]
lock_path = {directory}/locks

[auth]
use_dynamic_credentials = true
admin_username = admin
admin_password = {password}
admin_project_name = admin
admin_domain_name = Default
tempest_roles = member

[identity]
auth_version = v3
uri_v3 = {url}/v3
region = RegionOne

[compute]
image_ref = {image}
image_ref_alt = {other_image}
flavor_ref = 42
flavor_ref_alt = 1
min_microversion = 2.1
max_microversion = latest
min_compute_nodes = 3
build_timeout = 60
fixed_network_name = private

[compute-feature-enabled]
change_password = true
resize = true
rescue = true
stable_rescue = true
shelve_migrate = true
live_migration = true
block_migration_for_live_migration = true
live_migrate_paused_instances = true
volume_backed_live_migration = true
volume_multiattach = true
swap_volume = true
vnc_console = true
personality = true
metadata_service = false
scheduler_enabled_filters = all

[volume]
min_microversion = 3.0
max_microversion = latest
build_timeout = 60
vendor_name = nova-api
storage_protocol = local
volume_type_multiattach = multiattach

[volume-feature-enabled]
backup = false
manage_volume = false
manage_snapshot = false
extend_attached_volume = true
volume_revert = true

[network]
public_network_id = {public_network}
floating_network_name = public

[validation]
run_validation = false

[service_available]
cinder = true
glance = true
neutron = true
nova = true
swift = false
horizon = false
"""


def about():
    """Say what is run."""
    return (
        f"Tempest {importlib.metadata.version('tempest')}, `tempest.api.compute` and `tempest.api.volume` with {WORKERS} workers, users and projects for each test class, "
        "and no login to servers (`run_validation = false`)")


def run(cloud, directory, patterns):
    """Run the tests that match, and give their results."""
    upload_image(cloud)
    make_volume_type(cloud)
    workspace = directory / "tempest"
    subprocess.run(
        [COMMANDS / "tempest", "init", "--workspace-path", directory / "workspaces.yaml", workspace],
        check=True, stdout=subprocess.DEVNULL)
    (workspace / "etc" / "tempest.conf").write_text(SETTINGS.format(
        directory=directory, password=cloud.password, url=cloud.auth_url.removesuffix("/v3"), image=IMAGE,
        other_image=OTHER_IMAGE, public_network=PUBLIC_NETWORK))
    regex = "|".join(f"(?:{p})" for p in patterns) or "."
    regex = rf"^(?=.*(?:{regex}))tempest\.api\.(?:compute|volume)"
    # Its status only says that a test has failed, which the results say better.
    subprocess.run(
        [COMMANDS / "tempest", "run", "--concurrency", str(WORKERS), "--regex", regex],
        cwd=workspace, env={"PATH": f"{COMMANDS}:/usr/bin:/bin", "HOME": str(directory)}, check=False)
    stream = directory / "tempest.subunit"
    with stream.open("wb") as file:
        subprocess.run([COMMANDS / "stestr", "last", "--subunit"], cwd=workspace, check=False, stdout=file)
    return report.read(stream)


def upload_image(cloud):
    """Make a second image, since a server can be rebuilt with another one."""
    token = cloud_token(cloud)
    base = cloud.auth_url.rpartition("/identity")[0] + "/image/v2/images"
    call(base, token, "application/json", "POST", json.dumps({
        "id": OTHER_IMAGE, "name": "other", "visibility": "public", "disk_format": "raw", "container_format": "bare"}).encode())
    call(f"{base}/{OTHER_IMAGE}/file", token, "application/octet-stream", "PUT", b"another image\n" * 1000)


def make_volume_type(cloud):
    """Make a type of volumes that several servers may have at once."""
    url = cloud.auth_url.rpartition("/identity")[0] + "/volume/v3/types"
    body = {"volume_type": {"name": "multiattach", "extra_specs": {"multiattach": "<is> True"}}}
    call(url, cloud_token(cloud), "application/json", "POST", json.dumps(body).encode())


def cloud_token(cloud):
    """Log the administrator in."""
    user = {"name": "admin", "domain": {"name": "Default"}, "password": cloud.password}
    scope = {"project": {"name": "admin", "domain": {"name": "Default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    reply = call(f"{cloud.auth_url}/auth/tokens", "", "application/json", "POST", json.dumps(body).encode())
    return reply.headers["X-Subject-Token"]


def call(url, token, kind, method, body):
    request = urllib.request.Request(url, body, {"Content-Type": kind, "X-Auth-Token": token}, method=method)
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
