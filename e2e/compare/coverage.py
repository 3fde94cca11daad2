"""Count which of Nova's operations the plays call, and as whom: no cloud is needed.

    python3 e2e/compare/coverage.py FOLDER [--missing]

The folder holds two tables with a header: routes.tsv, whose columns are method,
path, …, min_version and max_version, and actions.tsv, whose columns are key,
path, …, min_version and max_version. The plays are rehearsed: every call is
noted, and answered as if it had been accepted.
"""

import collections
import csv
import pathlib
import re
import sys
import time

import clouds

clouds.eventually = lambda condition, what: None  # whatever is waited for has happened
time.sleep = lambda seconds: None

import plays  # noqa: E402
import servers  # noqa: E402, F401
import moves  # noqa: E402, F401
import networks  # noqa: E402, F401
import others  # noqa: E402, F401
import operators  # noqa: E402, F401
import storage  # noqa: E402, F401
import rows as every_row  # noqa: E402, F401
from compare import Pair  # noqa: E402

PERSONAS = ("admin", "member", "reader", "other")
NEWEST = 104


class Anything(str):
    """A JSON value that has every key, and one item."""

    status = 202
    headers = ()
    body = b"{}"

    @property
    def json(self):
        return self

    def header(self, name):
        return name

    def get(self, key, default=None):
        return self[key]

    def __getitem__(self, key):
        return Anything("anything")

    def __iter__(self):
        return iter([Anything("anything")])

    def __len__(self):
        return 1


class Pretence:
    """A cloud in which everything is there."""

    identity = compute = "http://nowhere"

    def __init__(self):
        self.names, self.urls = {}, {}
        self.tokens = collections.defaultdict(str)

    def bind(self, name, value):
        self.names[name] = str(value)

    def __getattr__(self, name):
        return lambda *args, **more: Anything("anything")


class Rehearsal(Pair):
    """Two clouds that are asked nothing: what would be is kept."""

    def __init__(self):
        super().__init__(Pretence(), Pretence())
        for cloud in self.both:
            for name in ("home", "abroad", "member", "network", "image"):
                cloud.bind(name, name)
        self.asked = []  # method, path, key of the action, version, persona, whether outside of the API

    def __call__(self, method, path, body=None, *, at="2.1", by="member", root="/v2.1", save=None, **more):
        self.calls += 1
        key = next(iter(body), None) if isinstance(body, dict) else None
        if root != "/v2":
            self.asked.append((method, path.partition("?")[0] or "/", key, at, by, root == ""))
        for cloud in self.both:
            for name in save or {}:
                cloud.bind(name, name)
        return [Anything("anything")] * 2

    def beside(self, what, look):
        self.calls += 1

    def wait(self, name, status="ACTIVE", **more):
        """Do not wait."""

    def gone(self, name, **more):
        """Do not wait."""

    def settled(self, name):
        """Do not wait."""

    def ask(self, cloud, method, path, by="admin", body=None, at=None):
        return Anything("anything")


class Row:
    """An operation of Nova's, in a span of versions."""

    def __init__(self, method, path, key, first, last):
        self.method, self.path, self.key = method, path, key
        self.first, self.last = minor(first) or 1, minor(last) or NEWEST
        self.rooted = path.endswith("[server root]")  # such a row is for nobody in particular
        path = path.removesuffix("[server root]").strip().replace("[/{key}]", "(/[^/]+)?").replace("[/{tag}]", "(/[^/]+)?")
        self.form = re.compile(re.sub(r"\{[^}]*\}", "[^/]+" if not self.rooted else ".+", path) + "$")

    def __str__(self):
        return f"{self.method} {self.path} {self.key or ''} 2.{self.first}–2.{self.last}"

    def vague(self):
        """Tell how many paths fit beside the one that is meant."""
        return self.path.count("{")

    def fits(self, method, path, key, rooted):
        return self.rooted == rooted and self.method in (method, "ANY") and (self.key in (None, key)) and self.form.match(path)


def minor(version):
    """Give the number after 2., or None for what is no version."""
    found = re.fullmatch(r"2\.(\d+)", version or "")
    return int(found[1]) if found else None


def rows(folder):
    """Read both tables."""
    for row in csv.DictReader((folder / "routes.tsv").open(), delimiter="\t"):
        yield Row(row["method"], row["path"], None, row["min_version"], row["max_version"])
    for row in csv.DictReader((folder / "actions.tsv").open(), delimiter="\t"):
        method, _, words = row["key"].partition(" ")
        if method.isupper() or words == "write":  # an operation that the other table has, too
            continue
        yield Row("POST", row["path"], row["key"], row["min_version"], row["max_version"])


def covered(table, asked):
    """Give for each row who calls it, and at which versions."""
    seen = {row: {} for row in table}
    found = {}
    for method, path, key, at, by, rooted in asked:
        call = (method, path, key, rooted)
        if call not in found:
            fitting = [row for row in table if row.fits(*call)]
            least = min((row.vague() for row in fitting), default=0)
            found[call] = [row for row in fitting if row.vague() == least]
        for row in found[call]:
            if row.rooted:
                seen[row].setdefault("nobody", set()).update((row.first, row.last))
            elif minor(at) and row.first <= minor(at) <= row.last:
                seen[row].setdefault(by, set()).add(minor(at))
    return seen


def main():
    folder, *more = sys.argv[1:]
    rehearsal = Rehearsal()
    for play in plays.PLAYS:
        play(rehearsal)
    table = list(rows(pathlib.Path(folder)))
    seen = covered(table, rehearsal.asked)
    pairs = [(row, who) for row in table for who in (("nobody",) if row.rooted else PERSONAS)]
    missing = [(row, who) for row, who in pairs if who not in seen[row]]
    ends = [row for row in table if {row.first, row.last} <= set().union(*seen[row].values())]
    print(f"{len(plays.PLAYS)} plays, {rehearsal.calls} calls or more")
    print(f"{len(pairs) - len(missing)} of {len(pairs)} pairs of an operation and a persona ({len(table)} operations, {', '.join(PERSONAS)})")
    print(f"{len(ends)} of {len(table)} operations at both ends of their span of versions")
    if more:
        for row in table:
            lacking = [who for where, who in missing if where is row]
            if lacking or row not in ends:
                print(f"    {row}: {', '.join(lacking)}{'' if row in ends else ' (ends)'}")


if __name__ == "__main__":
    main()
