"""The program itself: its subcommands, its files, its end and its return."""

import configparser
import os
import pathlib
import re
import stat

import pytest
import yaml
from cloud import execute

pytestmark = pytest.mark.ours
DATABASES = ("sqlite", "postgres")


def test_files_of_the_first_start(cloud):
    """Only the owner may read the passwords, and each file works."""
    assert stat.S_IMODE(cloud.state_dir.stat().st_mode) == 0o700
    for name in ("clouds.yaml", "openrc", "openrc-admin", "openrc-reader"):
        assert stat.S_IMODE((cloud.state_dir / name).stat().st_mode) == 0o600, name

    clouds = yaml.safe_load((cloud.state_dir / "clouds.yaml").read_text())["clouds"]
    assert set(clouds) == {"nova-admin", "nova", "nova-reader"}
    env = {"PATH": os.environ["PATH"], "HOME": cloud.home.name, "NO_PROXY": "*",
           "OS_CLIENT_CONFIG_FILE": str(cloud.state_dir / "clouds.yaml")}
    for name in clouds:
        done = execute(
            [pathlib.Path(os.sys.executable).parent / "openstack", "--os-cloud", name,
             "flavor", "list", "-f", "value", "-c", "Name"], env)
        assert "m1.nano" in done.stdout.split(), done


def test_log_has_no_secrets(cloud):
    token = cloud.token()["id"]
    log = cloud.log.read_text()

    assert "/v3/auth/tokens" in log
    assert cloud.password not in log
    assert token not in log


def test_log_has_a_line_a_request(cloud):
    reply = cloud.curl(
        "GET", f"{cloud.endpoint('compute')}/flavors/42", token=cloud.token()["id"])
    lines = [line for line in cloud.log.read_text().splitlines()
             if reply.headers["x-openstack-request-id"] in line]

    assert [line for line in lines if "/flavors/{id}" in line and "200" in line], lines


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_servers_and_tokens_outlive_the_process(cloud, how):
    image = cloud.openstack("image", "list", "--public", "-f", "json").json[0]["ID"]
    cloud.openstack(
        "server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private",
        "--tag", "kept", "--wait", "survivor", "--os-compute-api-version", "2.90")
    token = cloud.token()["id"]
    url = f"{cloud.endpoint('compute')}/servers/detail"
    before = cloud.curl("GET", url, "OpenStack-API-Version: compute latest", token=token)

    status = getattr(cloud, how)()
    cloud.start()
    after = cloud.curl("GET", url, "OpenStack-API-Version: compute latest", token=token)

    assert how == "kill" or status == 0
    assert after.status == 200
    assert after.json == before.json
    assert [s["name"] for s in after.json["servers"]] == ["survivor"]
    cloud.nova("stop", "survivor")
    cloud.wait("SHUTOFF", "survivor")
    cloud.openstack("server", "delete", "--wait", "survivor")


def test_kill_in_the_middle_of_creating(cloud):
    """Servers under way when the process is killed become ACTIVE all the same."""
    image = cloud.openstack("image", "list", "--public", "-f", "json").json[0]["ID"]
    cloud.openstack(
        "server", "create", "--flavor", "m1.nano", "--image", image, "--network", "private",
        "--min", "4", "--max", "4", "n")
    cloud.kill()
    cloud.start()
    for number in range(1, 5):
        cloud.wait("ACTIVE", f"n-{number}")
        actions = cloud.nova("instance-action-list", f"n-{number}").rows
        assert [r["Action"] for r in actions] == ["create"]
    cloud.openstack("server", "delete", "--wait", *[f"n-{number}" for number in range(1, 5)])
    assert cloud.nova("list").rows == []


def test_version(cloud):
    done = execute([cloud.binary, "version"], os.environ)

    assert done.status == 0
    assert done.stdout.strip()


def test_help_names_the_subcommands(cloud):
    done = execute([cloud.binary, "--help"], os.environ)

    assert done.status == 0
    for subcommand in ("serve", "db sync", "config", "policy", "version"):
        assert re.search(rf"\b{subcommand}\b", done.stdout), subcommand


def test_policy_sample(cloud):
    done = execute([cloud.binary, "policy"], os.environ)

    assert done.status == 0
    assert "os_compute_api:servers:create" in done.stdout


def test_config_lists_the_options(cloud):
    done = execute([cloud.binary, "config"], os.environ)

    assert done.status == 0
    for option in ("connection", "max_limit", "auth_url"):
        assert option in done.stdout, option


def test_bad_configuration(cloud, tmp_path):
    """All faults are told at once, each with file, section and option."""
    path = tmp_path / "nova.conf"
    parser = configparser.ConfigParser()
    parser.read_dict({"api": {"max_limit": "many"}, "quota": {"instances": "lots"}})
    with path.open("w") as file:
        parser.write(file)
    done = execute(
        [cloud.binary, "serve", "--listen", "127.0.0.1:0", "--config", path,
         "--state-dir", tmp_path / "state"], os.environ)

    assert done.status != 0
    for word in (str(path), "max_limit", "[quota]", "instances"):
        assert word in done.text, done
