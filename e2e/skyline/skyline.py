"""Skyline in front of a nova-api: its API server, and nginx with its console and the way to the services."""

import contextlib
import importlib.util
import os
import pathlib
import re
import secrets
import subprocess
import sys

import openstack
from cloud import answers, eventually, execute, free_port

COMMANDS = pathlib.Path(sys.executable).parent
REGION = "RegionOne"
# What Skyline's configuration of nginx leaves out, since it expects to be the only one of a machine.
NGINX_OWN = """
daemon off;
user {user};
pid {directory}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
"""


def commands(directory):
    """Write Skyline's configuration and give a function that runs a command with it."""
    env = os.environ | {"OS_CONFIG_DIR": str(directory), "PYTHONWARNINGS": "ignore"}

    def run(*command, cwd=directory):
        done = subprocess.run(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout
    return run, env


def connect(cloud, user):
    """Give openstacksdk's connection of a user."""
    names = ("auth_url", "username", "password", "user_domain_name", "project_name", "project_domain_name")
    return openstack.connect(region_name=REGION, **{name: cloud.users[user]["OS_" + name.upper()] for name in names})


def configure(cloud, directory):
    """Make Skyline's user in the cloud, and write its configuration."""
    password = secrets.token_hex(16)
    identity = connect(cloud, "admin").identity
    project, role = identity.find_project("service"), identity.find_role("admin")
    user = identity.create_user(name="skyline", password=password, default_project_id=project.id)
    identity.assign_project_role_to_user(project, user, role)
    (directory / "policy").mkdir()
    (directory / "skyline.yaml").write_text(f"""
default:
  database_url: sqlite:///{directory}/skyline.db
  log_dir: {directory}
  policy_file_path: {directory}/policy
  secret_key: {secrets.token_hex(32)}
  ssl_enabled: false
openstack:
  keystone_url: {cloud.auth_url}/
  system_user_password: {password}
  default_region: {REGION}
""")


def nginx_config(generated, directory):
    """Make of the configuration that Skyline writes one for an ordinary process, with its own folder and socket."""
    user = execute(["id", "-un"], os.environ).stdout.strip()
    http = re.search(r"^http \{$(.*)", generated, re.DOTALL | re.MULTILINE).group(1)
    http = http.replace("unix:/var/lib/skyline/skyline.sock", f"unix:{directory}/skyline.sock")
    path = directory / "nginx.conf"
    path.write_text(NGINX_OWN.format(user=user, directory=directory) + http)
    return path


@contextlib.contextmanager
def started(command, log, **options):
    """Run a process for as long as it is needed."""
    with log.open("wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def skyline(cloud, directory):
    """Run Skyline for a cloud, and give its URL."""
    configure(cloud, directory)
    run, env = commands(directory)
    package = pathlib.Path(importlib.util.find_spec("skyline_apiserver").origin).parent
    run(COMMANDS / "alembic", "-c", "alembic.ini", "upgrade", "head", cwd=package / "db" / "alembic")
    address = f"127.0.0.1:{free_port()}"
    config = nginx_config(run(COMMANDS / "skyline-nginx-generator", "--listen-address", address, "--log-dir", str(directory)), directory)
    api = [COMMANDS / "gunicorn", "-k", "uvicorn.workers.UvicornWorker", "-w", "1", "-b", f"unix:{directory}/skyline.sock", "--timeout", "300", "skyline_apiserver.main:app"]
    with started(api, directory / "gunicorn.log", env=env, cwd=directory), \
            started(["nginx", "-e", directory / "nginx-start.log", "-p", directory, "-c", config], directory / "nginx.log"):
        eventually(lambda: answers(f"http://{address}/api/openstack/skyline/api/v1/contrib/keystone_endpoints"), "Skyline is ready", 60)
        yield f"http://{address}"
