"""The extension as real clients meet it: in Python and in the shell."""

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import IMAGE, REQUEST, SERVER
from keystoneauth1 import noauth, session, token_endpoint
from novaclient import client, exceptions

NOVA = pathlib.Path(sys.executable).parent / "nova"
BACKUP = f"POST /v2.1/servers/{SERVER}/backup_instance"


def connect(auth, version="2.1"):
    return client.Client(
        version,
        session=session.Session(auth=auth),
        extensions=client.discover_extensions(version),
    )


@pytest.fixture
def cs(stub):
    return connect(noauth.NoAuth(endpoint=f"{stub.url}/v2.1"))


def nova(stub, *args):
    """Run the nova command against the stub."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    env |= {
        "OS_AUTH_URL": f"{stub.url}/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p",
        "OS_PROJECT_NAME": "p", "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default", "NO_PROXY": "*",
        "NOVACLIENT_ISHOULDNTBEDOINGTHIS": "1",
    }
    return subprocess.run(
        [NOVA, *args], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("args", "body"), [
    (("nightly",), {"name": "nightly"}),
    (("nightly", None), {"name": "nightly"}),
    (("nightly", ""), {"name": "nightly", "description": ""}),
    (("nightly", "Größe"), {"name": "nightly", "description": "Größe"}),
])
def test_python_sends_the_body(stub, cs, args, body):
    image_id = cs.backup_instance.backup_instance(SERVER, *args)

    assert image_id == IMAGE
    assert isinstance(image_id, str)
    assert image_id.request_ids == [REQUEST]
    assert [(c.call, c.body) for c in stub.calls] == [(BACKUP, body)]


def test_python_takes_a_server(stub, cs):
    server = cs.servers.get(SERVER)

    assert cs.backup_instance.backup_instance(server, "n", description="d") == IMAGE
    assert stub.calls[-1].body == {"name": "n", "description": "d"}


def test_python_with_a_token_and_a_version(stub):
    cs = connect(token_endpoint.Token(f"{stub.url}/v2.1", "t"), "2.90")

    assert cs.backup_instance.backup_instance(SERVER, "n") == IMAGE
    assert stub.calls[-1].microversion == "compute 2.90"


def test_python_unknown_server(cs):
    with pytest.raises(exceptions.NotFound):
        cs.backup_instance.backup_instance("missing", "n")


def test_shell_help(stub):
    run = nova(stub, "help", "backup-instance")

    assert run.returncode == 0, run.stderr
    assert "usage: nova backup-instance <server> <name> [<description>]" in run.stdout
    assert "Back up a server quickly" in run.stdout


@pytest.mark.parametrize("server", ["web", SERVER])
@pytest.mark.parametrize(("description", "body"), [
    ((), {"name": "nightly"}),
    (("before the upgrade",), {"name": "nightly", "description": "before the upgrade"}),
])
def test_shell(stub, server, description, body):
    run = nova(stub, "backup-instance", server, "nightly", *description)

    assert run.returncode == 0, run.stderr
    rows = [line.split() for line in run.stdout.splitlines() if line.startswith("|")]
    assert rows == [
        ["|", "Property", "|", "Value", "|"],
        ["|", "id", "|", IMAGE, "|"],
        ["|", "name", "|", "nightly", "|"],
        ["|", "server", "|", SERVER, "|"],
    ]
    assert (stub.calls[-1].call, stub.calls[-1].body) == (BACKUP, body)
    assert stub.calls[-1].microversion == "compute 2.96"  # the newest that both know


def test_shell_unknown_server(stub):
    run = nova(stub, "backup-instance", "missing", "nightly")

    assert run.returncode == 1
    assert "No server with a name or ID of 'missing' exists." in run.stderr
    assert not any("backup_instance" in c.call for c in stub.calls)


def test_shell_needs_a_name(stub):
    run = nova(stub, "backup-instance", "web")

    assert run.returncode == 2
    assert "the following arguments are required: <name>" in run.stderr
    assert not any("backup_instance" in c.call for c in stub.calls)
