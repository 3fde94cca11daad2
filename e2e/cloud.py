"""A running nova-api, and the real commands that drive it.

Nothing here knows what the commands should print: that is for the tests.
"""

import atexit
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMANDS = pathlib.Path(sys.executable).parent  # where nova and openstack live
PATIENCE = 30  # seconds, for whatever should happen soon
CHEAP_PASSWORDS = "identity.password_hash_rounds=4"  # each command logs in
RC_FILES = {"demo": "openrc", "admin": "openrc-admin", "reader": "openrc-reader"}


@dataclasses.dataclass
class Run:
    """A command that has ended: its status, and what it printed."""

    command: str
    status: int
    stdout: str
    stderr: str

    def __str__(self):
        return f"$ {self.command}\n{self.stdout}{self.stderr}-- exit {self.status}"

    @property
    def text(self):
        """Give all that was printed, as a person sees it."""
        return self.stdout + self.stderr

    @property
    def json(self):
        """Give what `-f json` printed."""
        return json.loads(self.stdout)

    @property
    def rows(self):
        """Give the rows of the printed table, by column."""
        lines = [
            [cell.strip() for cell in line.strip("|").split(" | ")]
            for line in self.stdout.splitlines() if line.startswith("|")
        ]
        return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]

    @property
    def properties(self):
        """Give a table of properties and values as a dict."""
        return {row["Property"]: row["Value"] for row in self.rows}


@dataclasses.dataclass
class Reply:
    """What curl was answered."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Cloud:
    """A nova-api that answers, for the commands of several users."""

    def __init__(self, rc_dir, rc_files=RC_FILES):
        self.users = {user: source(pathlib.Path(rc_dir) / name) for user, name in rc_files.items()}
        self.auth_url = self.users["demo"]["OS_AUTH_URL"].rstrip("/")
        self.home = tempfile.TemporaryDirectory(prefix="nova-e2e-home-")

    def nova(self, *args, user="demo", ok=True, stdin="", **env):
        """Run nova; it must succeed, or fail where ok is False."""
        return self._client("nova", args, user, ok, stdin, env)

    def openstack(self, *args, user="demo", ok=True, stdin="", **env):
        """Run openstack; it must succeed, or fail where ok is False."""
        return self._client("openstack", args, user, ok, stdin, env)

    def _client(self, name, args, user, ok, stdin, env):
        known = {k: v for k, v in os.environ.items() if not k.startswith(("OS_", "NOVA"))}
        known |= {"HOME": self.home.name, "NO_PROXY": "*", "COLUMNS": "200"}
        done = client(name, args, known | self.users[user] | env, stdin)
        assert (done.status == 0) == ok, done
        return done

    def curl(self, method, url, *headers, body=None, token=None):
        """Run curl, and give what it was answered."""
        command = ["curl", "-sS", "--noproxy", "*", "--max-time", str(PATIENCE), "-X", method]
        command += ["-D", "-", "-o", f"{self.home.name}/body", "-w", "%{stderr}%{http_code}", url]
        if token:
            headers += (f"X-Auth-Token: {token}",)
        if body is not None:
            headers += ("Content-Type: application/json",)
            command += ["--data-binary", body if isinstance(body, str) else json.dumps(body)]
        for header in headers:
            command += ["-H", header]
        pathlib.Path(self.home.name, "body").write_bytes(b"")
        done = execute(command, os.environ)
        assert done.status == 0, done
        lines = [line.partition(":") for line in done.stdout.splitlines()[1:] if ":" in line]
        return Reply(
            int(done.stderr[-3:]), {name.lower(): value.strip() for name, _, value in lines},
            pathlib.Path(self.home.name, "body").read_bytes())

    def token(self, user="demo"):
        """Get a token, as a user of openstackclient would."""
        return self.openstack("token", "issue", "-f", "json", user=user).json

    def endpoint(self, service):
        """Give the public address of a service in the catalog."""
        done = self.openstack("catalog", "show", service, "-f", "json")
        urls = [e["url"] for e in done.json["endpoints"] if e["interface"] == "public"]
        return urls[0].rstrip("/")

    def show(self, server, user="demo"):
        """Give a server as openstackclient shows it."""
        return self.openstack("server", "show", "-f", "json", server, user=user).json

    def wait(self, status, server, user="demo"):
        """Wait until a server has a status, and nothing under way."""
        def reached():
            shown = self.show(server, user)
            return shown["status"] == status and shown["OS-EXT-STS:task_state"] is None
        eventually(reached, f"{server} becomes {status}")

    def gone(self, server):
        """Wait until a server is in no list any more."""
        eventually(
            lambda: server not in self.openstack("server", "list", "-f", "value", "-c", "Name").stdout,
            f"{server} is gone")

    def wait_image(self, image, status="active"):
        """Wait until an image has a status, and give the image."""
        seen = {}

        def reached():
            seen.update(self.openstack("image", "show", "-f", "json", image).json)
            return seen["status"] == status
        eventually(reached, f"image {image} becomes {status}")
        return seen


class Process(Cloud):
    """A nova-api of our own: a process that can be killed and started again."""

    def __init__(self, binary, directory, config=""):
        self.binary = binary
        self.directory = pathlib.Path(directory)
        self.state_dir = self.directory / "state"  # which nova-api makes
        self.password = secrets.token_hex(8)
        self.log = self.directory / "nova-api.log"
        self.listen = f"127.0.0.1:{free_port()}"
        self.options = []
        if config:
            path = self.directory / "nova.conf"
            path.write_text(config)
            self.options = ["--config", str(path)]
        self.process = None
        self.start()
        super().__init__(self.state_dir)

    def start(self):
        """Start the process, and wait until it says that it is ready."""
        # Its options may come from NOVA_<SECTION>_<OPTION>: it gets none of ours.
        env = {k: v for k, v in os.environ.items() if not k.startswith("NOVA_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--listen", self.listen,
                 "--state-dir", str(self.state_dir), "--set", CHEAP_PASSWORDS, *self.options],
                env=env | {"NOVA_BOOTSTRAP_PASSWORD": self.password},
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ready():
            assert self.process.poll() is None, f"nova-api ended:\n{self.log.read_text()}"
            return answers(f"http://{self.listen}/readyz")
        try:
            eventually(ready, "nova-api is ready", every=0.05)
        except BaseException:
            self.kill()
            raise

    def kill(self):
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        """Ask the process to end, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def execute(command, env):
    """Run a command to its end."""
    command = [str(word) for word in command]
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=4 * PATIENCE, check=False)
    words = [os.path.basename(command[0]), *command[1:]]
    return Run(" ".join(words), done.returncode, done.stdout, done.stderr)


def client(name, args, env, stdin=""):
    """Run one of the Python clients, without importing it anew."""
    args = [str(word) for word in args]
    with (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as zygote,
          tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr):
        given.write(stdin.encode())
        given.seek(0)
        zygote.settimeout(4 * PATIENCE)
        zygote.connect(zygotes())
        request = json.dumps({"name": name, "args": args, "env": env}).encode()
        socket.send_fds(zygote, [request], [file.fileno() for file in (given, stdout, stderr)])
        status = int(zygote.recv(16) or -1)
        said = [file.seek(0) or file.read().decode() for file in (stdout, stderr)]
    return Run(" ".join([name, *args]), status, *said)


@functools.cache
def zygotes():
    """Start the process that forks for the clients, once; give its address."""
    directory = tempfile.TemporaryDirectory(prefix="nova-e2e-zygote-")
    path = os.path.join(directory.name, "socket")
    process = subprocess.Popen(
        [sys.executable, ROOT / "e2e" / "zygote.py", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n", "the clients can't be imported"

    @atexit.register
    def end():
        process.stdin.close()
        process.wait(PATIENCE)
        directory.cleanup()
    return path


def source(path):
    """Give the OS_ variables that a shell has after sourcing a file."""
    done = execute(["bash", "-c", '. "$1" && env -0', "bash", path], {"PATH": os.environ["PATH"]})
    assert done.status == 0, done
    pairs = [line.partition("=") for line in done.stdout.split("\0") if line.startswith("OS_")]
    return {name: value for name, _, value in pairs}


def eventually(condition, what, patience=PATIENCE, every=0.3):
    """Wait for a condition, for so long and no longer."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, f"waited {patience} s in vain until {what}"
        time.sleep(every)


def answers(url):
    """Tell whether an address answers with 200."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as reply:
            return reply.status == 200
    except OSError:  # which urllib's errors are
        return False


def free_port():
    """Give a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def postgres():
    """Run a private PostgreSQL, and give its URL."""
    script = ROOT / "scripts" / "postgres.sh"
    directory = tempfile.mkdtemp(prefix="nova-e2e-postgres-")
    started = execute([script, "start", directory], os.environ)
    assert started.status == 0, started
    try:
        yield started.stdout.strip()
    finally:
        stopped = execute([script, "stop", directory], os.environ)
        assert stopped.status == 0, stopped
