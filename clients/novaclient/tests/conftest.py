"""A stub of the few calls that the client makes, on a loopback port."""

import json
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SERVER = "5d8b0f0c-27a5-4c12-9a4e-7c8f6f0e9d11"
IMAGE = "1b0cd4a8-6a53-4f6b-8c3b-2f1f5e9ad0c7"
REQUEST = "req-0a8c8c0e-64a7-4f7c-bf1e-4f8a4bb5a7d1"


def answers(base):
    """Map each call that the stub knows to its status and its body."""
    server = {"id": SERVER, "name": "web", "links": []}
    compute = f"{base}/v2.1"
    return {
        "GET /v3": (200, {"version": {
            "id": "v3.14", "status": "stable",
            "links": [{"rel": "self", "href": f"{base}/v3"}]}}),
        "POST /v3/auth/tokens": (201, {"token": {
            "methods": ["password"],
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p", "name": "p", "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": "r", "name": "member"}],
            "catalog": [{"id": "c", "type": "compute", "name": "nova", "endpoints": [
                {"id": "e", "interface": "public", "region": "RegionOne",
                 "region_id": "RegionOne", "url": compute}]}]}}),
        "GET /v2.1": (200, {"version": {
            "id": "v2.1", "status": "CURRENT", "version": "2.104", "min_version": "2.1",
            "links": [{"rel": "self", "href": f"{compute}/"}]}}),
        "GET /v2.1/servers": (200, {"servers": [server]}),
        f"GET /v2.1/servers/{SERVER}": (200, {"server": server}),
        f"POST /v2.1/servers/{SERVER}/backup_instance": (202, {"id": IMAGE}),
    }


class Handler(BaseHTTPRequestHandler):
    """Answers from the table, and writes down what was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        call = f"{self.command} {path.rstrip('/')}"
        self.server.calls.append(types.SimpleNamespace(
            call=call, query=query, body=json.loads(body or "null"),
            microversion=self.headers.get("OpenStack-API-Version")))
        status, reply = self.server.answers.get(
            call, (404, {"itemNotFound": {"code": 404, "message": f"no {call}"}}))
        if "name=" in query and "name=web" not in query:
            status, reply = 200, {"servers": []}
        payload = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("X-Subject-Token", "stub")
        self.send_header("X-Openstack-Request-Id", REQUEST)
        if version := self.headers.get("OpenStack-API-Version"):
            self.send_header("OpenStack-API-Version", version)
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = answer

    def log_message(self, *args):
        """Keep the test's output to itself."""


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Keep the client's completion cache out of the user's home."""
    monkeypatch.setenv("NOVACLIENT_UUID_CACHE_DIR", str(tmp_path))


@pytest.fixture
def stub():
    """A running stub: its address in .url, what it was asked in .calls."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    httpd.answers = answers(httpd.url)
    httpd.calls = []
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()
