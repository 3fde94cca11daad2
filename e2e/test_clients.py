"""The clients that the tests drive."""

import os

import pytest
from cloud import COMMANDS, client, execute


@pytest.mark.parametrize("command", [
    ["nova", "flavor-list"], ["nova", "show", "nonesuch"], ["nova", "nonesuch"], ["nova", "--version"],
    ["openstack", "flavor", "list", "-f", "json"], ["openstack", "server", "show", "nonesuch"], ["openstack", "nonesuch"], ["openstack", "--version"],
])
def test_clients_are_as_if_started(cloud, command):
    """The other tests fork the clients; as programs of their own they say and do the same."""
    name, *args = command
    env = cloud.users["demo"] | {"PATH": os.environ["PATH"], "HOME": cloud.home.name, "NO_PROXY": "*", "COLUMNS": "200"}

    assert client(name, args, env) == execute([COMMANDS / name, *args], env)
