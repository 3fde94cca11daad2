"""The clouds that the tests run against.

By default that is the binary in NOVA_API_BIN (or one that is built), on a free
port of 127.0.0.1 with a state directory of its own. A module says on which
databases its tests run: DATABASES = ("sqlite", "postgres").

With NOVA_E2E_RC=DIR the tests run against a cloud that exists: an OpenStack
with Nova, say, to see whether what we assert is what it does. DIR holds
openrc, openrc-admin and openrc-reader. Tests marked "ours" are left out then.

`make e2e` spreads the modules and classes over two processes (pytest-xdist),
each with clouds of its own. Without -n there is one process.
"""

import contextlib
import os
import subprocess
import tempfile

import pytest
from cloud import ROOT, Cloud, Process, postgres


def pytest_configure(config):
    config.addinivalue_line("markers", "ours: asks for what only nova-api has, or for its process")


def pytest_collection_modifyitems(config, items):
    if "NOVA_E2E_RC" not in os.environ:
        return
    ours = [item for item in items if item.get_closest_marker("ours")]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


def pytest_generate_tests(metafunc):
    if "cloud" not in metafunc.fixturenames:
        return
    databases = getattr(metafunc.module, "DATABASES", ("sqlite",))
    if "NOVA_E2E_RC" in os.environ:
        databases = ("theirs",)
    metafunc.parametrize("cloud", databases, indirect=True, scope="session")


@pytest.fixture(scope="session")
def binary():
    """Give the path of the nova-api to test."""
    if path := os.environ.get("NOVA_API_BIN"):
        return path
    subprocess.run(["make", "-s", "build"], cwd=ROOT, check=True)
    return str(ROOT / "bin" / "nova-api")


@pytest.fixture(scope="session")
def cloud(request):
    """Give a running cloud, the same one for all tests on a database."""
    if request.param == "theirs":
        yield Cloud(os.environ["NOVA_E2E_RC"])
        return
    with contextlib.ExitStack() as stack:
        config = ""
        if request.param == "postgres":
            config = f"[database]\nconnection = {stack.enter_context(postgres())}\n"
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="nova-e2e-"))
        process = Process(request.getfixturevalue("binary"), directory, config)
        stack.callback(lambda: process.process.poll() is None and process.kill())
        yield process
        assert process.stop() == 0, process.log.read_text()[-4000:]


@pytest.fixture(scope="session")
def image(cloud):
    """Give the name of a public image."""
    return cloud.openstack("image", "list", "--public", "-f", "json").json[0]["Name"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the server's log beside a failure."""
    report = yield
    cloud = getattr(item, "funcargs", {}).get("cloud")
    if report.failed and isinstance(cloud, Process):
        lines = cloud.log.read_text(errors="replace").splitlines()[-40:]
        report.sections.append(("nova-api's log, its end", "\n".join(lines)))
    return report
