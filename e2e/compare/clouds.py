"""The two clouds that are compared, and what a call to one of them answers."""

import dataclasses
import http.client
import json
import re
import time
import urllib.parse

PRINTABLE = "".join(map(chr, range(0x21, 0x7f)))  # what a request line takes as it is
PATIENCE = 60  # seconds, for whatever should happen soon
PASSWORD = "compare-me"  # of the users that live as long as the comparison

# Who calls: a user with one role in one project. Administrators are in both
# projects, since a list is that of the caller's project.
PERSONAS = {
    "admin": ("home", "admin"),
    "manager": ("home", "manager"),
    "member": ("home", "member"),
    "reader": ("home", "reader"),
    "other": ("abroad", "member"),
    "stranger": ("abroad", "admin"),
}


@dataclasses.dataclass
class Reply:
    """What a call was answered."""

    status: int
    headers: list
    body: bytes

    def header(self, name):
        """Give the first value of a header, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def json(self):
        return json.loads(self.body)


def send(url, method="GET", headers=(), body=None):
    """Send one request on a connection of its own."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    path = urllib.parse.quote(parts.path + ("?" + parts.query if parts.query else ""), safe=PRINTABLE)
    try:
        connection.putrequest(method, path or "/", skip_accept_encoding=True)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


class Cloud:
    """A Nova, and the services that it works with."""

    def __init__(self, name, identity, user, password, region=None):
        self.name = name
        self.identity = identity.rstrip("/")
        self.region = region
        self.names = {}  # what stands in replies for IDs that differ from cloud to cloud
        self.tokens = {}
        self._login = (user, password, "admin")
        self._root, catalog = self._token(*self._login)
        self.urls = {service["type"]: self._url(service) for service in catalog}
        self.compute = re.sub(r"/v2.*$", "", self.urls["compute"])

    def _url(self, service):
        urls = [
            e["url"] for e in service["endpoints"]
            if e["interface"] == "public" and self.region in (None, e["region"])
        ]
        return urls[0].rstrip("/") if urls else ""

    def _token(self, user, password, project):
        domain = {"id": "default"}
        reply = send(f"{self.identity}/auth/tokens", "POST", [("Content-Type", "application/json")], json.dumps({"auth": {
            "identity": {"methods": ["password"], "password": {
                "user": {"name": user, "domain": domain, "password": password}}},
            "scope": {"project": {"name": project, "domain": domain}},
        }}).encode())
        assert reply.status == 201, (self.name, user, project, reply)
        return reply.header("X-Subject-Token"), reply.json["token"]["catalog"]

    def service(self, service, method, path, body=None, token=None, ok=(200, 201, 202, 204), raw=None):
        """Call another service than Nova, as the administrator."""
        base = self.identity if service == "identity" else self.urls[service]
        headers = [("X-Auth-Token", token or self._root)]
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        headers.append(("Content-Type", "application/octet-stream" if raw is not None else "application/json"))
        reply = send(base + path, method, headers, data)
        assert reply.status in ok, (self.name, method, path, reply)
        return json.loads(reply.body) if reply.body else None

    def bind(self, name, value):
        """Give a value that differs from cloud to cloud a name for both."""
        self.names[name] = str(value)

    def prepare(self, suffix):
        """Make the projects and users that call, with images and networks."""
        roles = {role["name"]: role["id"] for role in self.service("identity", "GET", "/roles")["roles"]}
        for project in ("home", "abroad"):
            made = self.service("identity", "POST", "/projects", {
                "project": {"name": f"compare-{project}-{suffix}", "domain_id": "default"}})
            self.bind(project, made["project"]["id"])
        for persona, (project, role) in PERSONAS.items():
            name = f"compare-{persona}-{suffix}"
            user = self.service("identity", "POST", "/users", {
                "user": {"name": name, "domain_id": "default", "password": PASSWORD}})["user"]
            self.bind(persona, user["id"])
            self.service("identity", "PUT", f"/projects/{self.names[project]}/users/{user['id']}/roles/{roles[role]}")
            self.tokens[persona], _ = self._token(name, PASSWORD, f"compare-{project}-{suffix}")
        self.tokens[None] = None

    def make_image(self, name, visibility="public", data=b"an image", **properties):
        """Make an image with properties, and give its ID."""
        image = self.service("image", "POST", "/v2/images", {
            "name": name, "disk_format": "raw", "container_format": "bare", "visibility": visibility, **properties})
        if data:
            self.service("image", "PUT", f"/v2/images/{image['id']}/file", raw=data)
        return image["id"]

    def make_network(self, name, cidr, shared=True):
        """Make a network with a subnet, and give its ID."""
        network = self.service("network", "POST", "/v2.0/networks", {"network": {
            "name": name, "shared": shared}})["network"]
        self.service("network", "POST", "/v2.0/subnets", {"subnet": {
            "network_id": network["id"], "ip_version": 4, "cidr": cidr, "name": name}})
        return network["id"]

    def remove(self, service, path):
        """Delete something, if it is there."""
        self.service(service, "DELETE", path, ok=(200, 202, 204, 404, 409))


def eventually(condition, what):
    """Wait for a condition, for so long and no longer."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain until {what}"
        time.sleep(0.2)
