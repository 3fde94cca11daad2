"""The Python clients, imported once: a process that forks for each command.

Nine tenths of the time that an openstack command takes goes by before its first
request. Here the entry points of the same clients run in children of a process
that has imported them, each with arguments, environment and output of its own,
as if it had been started.

    zygote.py SOCKET    serves until its standard input ends

A request is one message, {"name": …, "args": […], "env": {…}} in JSON, with the
file descriptors for standard input, output and error. The answer is the exit status.
"""

import gc
import importlib
import importlib.metadata
import json
import os
import selectors
import signal
import socket
import sys
import traceback

CLIENTS = {"nova": "novaclient.shell", "openstack": "openstackclient.shell"}
# What the clients import when they know what they are asked for.
MODULES = ("openstack.connection", "keystoneclient.v3.client", "novaclient.v2.client")
# Where openstack finds its commands, and ways to print and to authenticate.
GROUPS = ("openstack.", "cliff.formatter.", "keystoneauth1.plugin")
LARGEST = 1 << 18  # bytes of a request: the kernel takes no larger message


def load():
    """Import, and let stevedore and cliff look up, what a command would."""
    import cliff.command
    from stevedore import ExtensionManager

    sys.argv[0] = "openstack"  # the name that cliff takes once and for all
    for name in (*CLIENTS.values(), *MODULES):
        importlib.import_module(name)
    for group in importlib.metadata.entry_points().groups:
        if group.startswith(GROUPS):
            ExtensionManager(group, on_load_failure_callback=lambda *_: None)
    cliff.command._get_distributions_by_modules()  # which keeps what it finds
    gc.freeze()  # children leave it alone, so that its memory stays shared


def serve(path):
    """Fork for each request, until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener, selectors.DefaultSelector() as ready:
        listener.bind(path)
        listener.listen()
        ready.register(listener, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        while sys.stdin not in [key.fileobj for key, _ in ready.select()]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(connection)
            connection.close()


def answer(connection):
    """Run one command, answer with its status, and end."""
    message, files, *_ = socket.recv_fds(connection, LARGEST, 3)
    request = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = [request["name"], *request["args"]]
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", closefd=False, buffering=1)
    status = run(sys.modules[CLIENTS[request["name"]]].main)
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(status).encode())
    os._exit(0)


def run(main):
    """Run an entry point as its script does, and give the exit status."""
    try:
        sys.exit(main(sys.argv[1:]))
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    return 1


if __name__ == "__main__":
    address = sys.argv[1]
    load()
    serve(address)
