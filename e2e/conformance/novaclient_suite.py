"""The functional tests that python-novaclient brings along: run, and read."""

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

import report
from cloud import zygotes
from tempest_suite import call, cloud_token

TESTS = "novaclient.tests.functional"

# test_list_instance_action_with_changes_before takes the time a second after it has asked
# for a server to be stopped, and wants the action to have changed before: it must be over,
# or not over for long.
PACE = "stop_time = 0\n"


def about():
    """Say what is run."""
    return (
        f"The functional tests of python-novaclient {importlib.metadata.version('python-novaclient')}, as an administrator, "
        "one after the other as its authors run them, with `stop_time = 0`")


def run(cloud, directory, patterns):
    """Run the tests that match, and give their results."""
    make_flavor(cloud)
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "NO_PROXY": "*", "TOX_ENV_DIR": str(directory)}
    env |= cloud.users["admin"] | {"OS_USER_DOMAIN_ID": "default", "OS_PROJECT_DOMAIN_ID": "default"}
    env |= {"OS_NOVACLIENT_NETWORK": "private", "OS_TEST_TIMEOUT": "120"}
    install_nova(directory / "bin" / "nova")
    tests = importlib.util.find_spec(TESTS).submodule_search_locations[0]
    discover = ["discover", "-s", tests, "-t", pathlib.Path(tests).parents[2]]
    listed = subprocess.run(
        [sys.executable, "-m", "testtools.run", *discover, "--list"], env=env, cwd=directory, check=True, stdout=subprocess.PIPE, text=True)
    chosen = directory / "tests"
    chosen.write_text("\n".join(name for name in listed.stdout.split() if not patterns or any(re.search(p, name) for p in patterns)))
    # Its status only says that a test has failed, which the results say better.
    stream = directory / "novaclient.subunit"
    with stream.open("wb") as file:
        subprocess.run([sys.executable, "-m", "subunit.run", *discover, "--load-list", chosen], env=env, cwd=directory, check=False, stdout=file)
    return report.read(stream)


def install_nova(path):
    """Write the command nova that the tests run: it has the zygote fork, since Python takes most of a second to import the real one."""
    path.parent.mkdir()
    path.write_text(NOVA.format(zygote=zygotes()))
    path.chmod(0o755)


NOVA = """#!/usr/bin/python3 -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as zygote:
    zygote.connect({zygote!r})
    request = {{"name": "nova", "args": sys.argv[1:], "env": dict(os.environ)}}
    socket.send_fds(zygote, [json.dumps(request).encode()], [0, 1, 2])
    sys.exit(int(zygote.recv(16) or -1))
"""


def make_flavor(cloud):
    """Make the flavor that servers of m1.nano are resized to, which a new cloud lacks."""
    url = cloud.auth_url.rpartition("/identity")[0] + "/v2.1/flavors"
    flavor = {"id": "84", "name": "m1.micro", "ram": 128, "vcpus": 1, "disk": 1}
    call(url, cloud_token(cloud), "application/json", "POST", json.dumps({"flavor": flavor}).encode())
