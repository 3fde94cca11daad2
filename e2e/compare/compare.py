"""Play the same calls against two clouds, and collect how their replies differ."""

import collections
import dataclasses
import json
import re

from clouds import eventually, send

# Values that differ between any two clouds, by their form. What they stand for
# is compared, and that they have this form, but not which value it is.
FORMS = [
    (re.compile(r"req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<request>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\b"), "<time in microseconds>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time in UTC>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\br-[0-9a-z]{8}\b"), "<reservation>"),
    (re.compile(r"\binstance-[0-9a-f]{8}\b"), "<instance name>"),
    (re.compile(r"\b[0-9a-f]{56}\b"), "<host id>"),
    (re.compile(r"\bfa:16:3e(?::[0-9a-f]{2}){3}\b"), "<mac>"),
    (re.compile(r"\b(?:10\.77|172\.24)\.\d+\.\d+\b"), "<address>"),
    (re.compile(r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){19}\b"), "<certificate fingerprint>"),
    (re.compile(r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){15}\b"), "<fingerprint>"),
    (re.compile(r"ssh-rsa [\w+/=]+ Generated-by-Nova\b"), "<generated key>"),
    (re.compile(r"-----BEGIN CERTIFICATE-----\n[\w+/=\n]{900,}-----END CERTIFICATE-----"), "<certificate>"),
    (re.compile(r"(?<=for flavor )\d+|(?<=[Aa]ggregate )\d+|(?<=not found for )\d+(?= /)"), "<number>"),
    (re.compile(r"\bfake-?\d\b"), "<host>"),
]
# Members of objects whose value is made up by the cloud.
MADE_UP = {"adminPass": str, "private_key": str, "id": int}
# Headers that depend on the server in front, not on Nova.
TRANSPORT = {"date", "connection", "content-length", "server", "transfer-encoding", "keep-alive"}


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where two replies differ: the place, and what each has there."""

    place: str
    reference: str
    subject: str


class Pair:
    """Two clouds that are asked the same."""

    def __init__(self, reference, subject, log=None):
        self.reference, self.subject = reference, subject
        self.chapter = ""
        self.calls = 0
        self.log = log
        # (chapter, call, difference) → [(version, persona)]
        self.found = collections.defaultdict(list)

    @property
    def both(self):
        return (self.reference, self.subject)

    def __call__(self, method, path, body=None, *, at="2.1", by="member", root="/v2.1", headers=(), save=None,
                 raw=None, note="", compare=True):
        """Send a call to both clouds, and note how the replies differ.

        `<name>` in the path and the body stands for what `save` or a cloud has
        given a name. `at` is a microversion, or None for no header.
        """
        replies = []
        for cloud in self.both:
            data = None if body is None else json.dumps(body)
            data = raw if raw is not None else data
            if isinstance(data, str):
                data = put_names(data, cloud).encode("utf-8", "surrogateescape")
            sent = [(k, put_names(v, cloud)) for k, v in headers]
            if data is not None and not any(k.lower() == "content-type" for k, _ in sent):
                sent.append(("Content-Type", "application/json"))
            if cloud.tokens.get(by):
                sent.append(("X-Auth-Token", cloud.tokens[by]))
            if at:
                sent.append(("OpenStack-API-Version", f"compute {at}"))
            if not any(k.lower() == "accept" for k, _ in sent):
                sent.append(("Accept", "application/json"))
            reply = send(cloud.compute + put_names(root + path, cloud), method,
                         [(k, v) for k, v in sent if v is not None], data)
            replies.append(reply)
            for name, where in (save or {}).items():
                if value := dig(reply, where):
                    cloud.bind(name, value)
        self.calls += 1
        what = f"{method} {root if root != '/v2.1' else ''}{path}"
        if note or body is not None or raw is not None:
            what += "  " + (note or shorten(json.dumps(body) if raw is None else repr(raw)))
        if compare:
            differences = compare_replies(self.both, replies)
            for difference in differences:
                self.found[self.chapter, what, difference].append((at or "-", by or "nobody"))
        if self.log:
            self.log.write(f"{replies[0].status} {replies[1].status} {at} {by} {what}\n")
            for cloud, reply in zip(self.both, replies, strict=True):
                self.log.write(f"    {cloud.name}: {shorten(reply.body.decode(errors='replace'), 600)}\n")
        return replies

    def beside(self, what, look):
        """Compare what both clouds have, as another service shows it."""
        values = [normalise(look(cloud), cloud) for cloud in self.both]
        self.calls += 1
        for difference in compare_values("", *values):
            self.found[self.chapter, what, difference].append(("-", "admin"))
        if self.log:
            self.log.write(f"beside {what}\n")
            for cloud, value in zip(self.both, values, strict=True):
                self.log.write(f"    {cloud.name}: {shorten(json.dumps(value), 1500)}\n")

    def bind(self, name, make):
        """Make something in both clouds, and give its ID a name."""
        for cloud in self.both:
            cloud.bind(name, make(cloud))

    def wait(self, name, status="ACTIVE", *, by="admin"):
        """Wait until a server has a status, and nothing is done to it."""
        for cloud in self.both:
            seen = {}

            def reached(cloud=cloud, seen=seen):
                reply = self._show(cloud, name, by)
                seen.clear()
                seen.update(reply.json.get("server", {}))
                assert status == "ERROR" or seen.get("status") != "ERROR", (cloud.name, name, seen.get("fault"))
                return seen.get("status") == status and seen.get("OS-EXT-STS:task_state") is None
            eventually(reached, f"{name} is {status} in {cloud.name}")

    def gone(self, name, *, by="admin"):
        """Wait until a server is not found any more."""
        for cloud in self.both:
            eventually(lambda cloud=cloud: self._show(cloud, name, by).status == 404, f"{name} is gone in {cloud.name}")

    def settled(self, name):
        """Wait until nothing is done to a server any more, whatever came of it."""
        for cloud in self.both:
            def quiet(cloud=cloud):
                shown = self._show(cloud, name, "admin")
                return shown.status == 404 or (
                    shown.json["server"]["OS-EXT-STS:task_state"] is None and shown.json["server"]["status"] != "BUILD")
            eventually(quiet, f"{name} is settled in {cloud.name}")

    def ask(self, cloud, method, path, by="admin", body=None, at=None):
        """Send a call to one cloud, and compare nothing."""
        data = None if body is None else put_names(json.dumps(body), cloud).encode()
        headers = [("X-Auth-Token", cloud.tokens[by]), ("Content-Type", "application/json")]
        headers += [("OpenStack-API-Version", f"compute {at}")] if at else []
        return send(f"{cloud.compute}/v2.1{put_names(path, cloud)}", method, headers, data)

    def _show(self, cloud, name, by):
        return self.ask(cloud, "GET", f"/servers/<{name}>", by)


def dig(reply, where):
    """Find a value in a reply: server.id in its body, or the end of a header."""
    if where.startswith("header:"):
        return reply.header(where.removeprefix("header:")).rsplit("/", 1)[-1]
    try:
        value = reply.json
        for key in where.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return value


def put_names(text, cloud):
    """Put a cloud's own values where names are."""
    if not isinstance(text, str):
        return text
    return re.sub(r"<([\w ]+)>", lambda m: cloud.names.get(m[1], m[0]), text)


def take_names(text, cloud):
    """Put names where a cloud's own values are."""
    for value, name in sorted(((v, k) for k, v in cloud.names.items()), key=lambda pair: -len(pair[0])):
        if len(value) >= 8:
            text = text.replace(value, f"<{name}>")
    text = text.replace(cloud.compute, "<nova>").replace(cloud.urls.get("image") or "\0", "<glance>")
    text = text.replace(cloud.identity.removesuffix("/v3"), "<keystone>")
    for form, name in FORMS:
        text = form.sub(name, text)
    return text


def normalise(value, cloud):
    """Take what differs between any two clouds out of a JSON value."""
    if isinstance(value, str):
        return take_names(value, cloud)
    if isinstance(value, list):
        return [normalise(item, cloud) for item in value]
    if isinstance(value, dict):
        return {
            take_names(key, cloud): "<made up>" if type(item) is MADE_UP.get(key) else normalise(item, cloud)
            for key, item in value.items()
        }
    return value


def compare_replies(clouds, replies):
    """List the differences between the replies of two clouds."""
    statuses = [str(reply.status) for reply in replies]
    headers = [header_values(reply, cloud) for cloud, reply in zip(clouds, replies, strict=True)]
    bodies = [body_value(reply, cloud) for cloud, reply in zip(clouds, replies, strict=True)]
    differences = []
    if statuses[0] != statuses[1]:
        return [Difference("status", f"{statuses[0]} {show(bodies[0])}", f"{statuses[1]} {show(bodies[1])}")]
    for name in sorted(set(headers[0]) | set(headers[1])):
        values = [h.get(name, "(none)") for h in headers]
        if values[0] != values[1]:
            differences.append(Difference("header " + name, *map(str, values)))
    differences += list(compare_values("", *bodies))
    return differences


def header_values(reply, cloud):
    """Give a reply's headers by name, in lower case, without the server's own."""
    values = collections.defaultdict(list)
    for name, value in reply.headers:
        if name.lower() not in TRANSPORT:
            values[name.lower()].append(take_names(value, cloud))
    return {name: " | ".join(value) for name, value in values.items()}


def body_value(reply, cloud):
    try:
        return normalise(reply.json, cloud)
    except ValueError:
        return take_names(reply.body.decode(errors="backslashreplace"), cloud)


def compare_values(place, reference, subject):
    """Walk two JSON values, and give where they differ."""
    if type(reference) is not type(subject):
        yield Difference(place, f"{show(reference)} ({type(reference).__name__})", f"{show(subject)} ({type(subject).__name__})")
    elif isinstance(reference, dict):
        for key in reference:
            if key not in subject:
                yield Difference(f"{place}.{key}", show(reference[key]), "(none)")
            else:
                yield from compare_values(f"{place}.{key}", reference[key], subject[key])
        for key in subject:
            if key not in reference:
                yield Difference(f"{place}.{key}", "(none)", show(subject[key]))
    elif isinstance(reference, list):
        yield from compare_lists(place, reference, subject)
    elif reference != subject:
        yield Difference(place, show(reference), show(subject))


def compare_lists(place, reference, subject):
    """Compare two lists: their lengths, their order, and then item by item."""
    names = [[brief(item) for item in items] for items in (reference, subject)]
    keys = [sorted(json.dumps(name, sort_keys=True) for name in some) for some in names]
    if len(reference) != len(subject):
        yield Difference(f"{place}[] length", f"{len(reference)} {show(names[0])}", f"{len(subject)} {show(names[1])}")
    elif names[0] != names[1] and keys[0] == keys[1]:
        yield Difference(f"{place}[] order", show(names[0]), show(names[1]))
    else:
        for one, other in zip(reference, subject, strict=True):
            yield from compare_values(f"{place}[]", one, other)


def brief(item):
    """Name an item of a list in short."""
    if isinstance(item, dict):
        return next((item[k] for k in ("name", "id", "zoneName", "request_id", "action", "event") if k in item), item)
    return item


def show(value):
    return shorten(value.encode(errors="backslashreplace").decode() if isinstance(value, str) else json.dumps(value), 300)


def shorten(text, most=110):
    return text if len(text) <= most else text[:most] + f"… ({len(text)})"
