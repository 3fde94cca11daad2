"""Tests of projects in Go: built from the module proxy, run, and read."""

import collections
import dataclasses
import json
import os
import re
import subprocess
from collections.abc import Callable

from cloud import ROOT
from report import Result
from tempest_suite import IMAGE, PUBLIC_NETWORK, call, cloud_token

BUILT = ROOT / "bin" / "conformance"
NETWORK = "0e7a0001-0000-4000-8000-000000000001"  # the private one of a new cloud
CHOICES = {
    "OS_IMAGE_ID": IMAGE, "OS_IMAGE_NAME": "cirros", "OS_FLAVOR_ID": "43", "OS_FLAVOR_NAME": "m1.ephemeral", "OS_FLAVOR_ID_RESIZE": "1",
    "OS_NETWORK_ID": NETWORK, "OS_NETWORK_NAME": "private", "OS_EXTGW_ID": PUBLIC_NETWORK, "OS_POOL_NAME": "public",
    "OS_BRANCH": "master", "OS_DOMAIN_NAME": "Default",
}


@dataclasses.dataclass(frozen=True)
class Module:
    """A module of the Go module proxy, and a package of it."""

    path: str
    version: str
    package: str = "."
    tags: str = ""

    def build(self, *command):
        """Run a go command in the module's folder that writes what it builds to bin/conformance; give the file."""
        out = BUILT / re.sub(r"[^a-z0-9.]+", "-", f"{self.path.rpartition('github.com/')[2]}-{self.version}{self.package if self.package != '.' else ''}{'-test' * ('test' in command)}")
        if not out.exists():
            found = subprocess.run(["go", "mod", "download", "-json", f"{self.path}@{self.version}"], check=True, capture_output=True)
            subprocess.run(["nice", "go", *command, f"-tags={self.tags}", "-o", out, self.package], check=True, cwd=json.loads(found.stdout)["Dir"])
        return out


@dataclasses.dataclass(frozen=True)
class Suite:
    """The tests of a module that match, as users of a cloud."""

    module: Module
    tests: str  # what the names of tests begin with: a regular expression
    users: tuple[str, ...]  # a later one runs what an earlier one was too mighty for
    environment: Callable[[], dict] = dict

    def about(self):
        return f"The acceptance tests `{self.tests}` of {self.module.path} {self.module.version}, from the Go module proxy"

    def run(self, cloud, directory, patterns):
        """Run the tests that match, and give their results."""
        make_flavors(cloud)
        binary = self.module.build("test", "-c")
        listed = subprocess.run([binary, "-test.list", f"^{self.tests}"], check=True, capture_output=True, text=True).stdout.split()
        names = [name for name in listed if not patterns or any(re.search(pattern, name) for pattern in patterns)]
        found = {}
        for user in self.users:
            for result in self.attempt(binary, [name for name in names if found.get(name, NOBODY).is_for_others], cloud.users[user], directory):
                found[result.name] = result
        return list(found.values())

    def attempt(self, binary, names, user, directory):
        """Run tests as one user."""
        if not names:
            return []
        env = {k: v for k, v in os.environ.items() if not k.startswith(("OS_", "NOVA"))}
        env |= {"NO_PROXY": "*", "HOME": str(directory)} | user | CHOICES | self.environment()
        said = directory / f"{user['OS_USERNAME']}.json"
        with said.open("wb") as file:
            subprocess.run(
                ["go", "tool", "test2json", binary, "-test.v", "-test.timeout=40m", "-test.run", f"^({'|'.join(names)})$"],
                env=env, cwd=directory, stdout=file, stderr=subprocess.STDOUT, check=False)
        return read(said)


def make_flavors(cloud):
    """Make what a new cloud lacks: a flavor with room for ephemeral disks, and those that Terraform's tests look for."""
    url, token = cloud.auth_url.rpartition("/identity")[0] + "/v2.1/flavors", cloud_token(cloud)
    for number, name, ram, disk, ephemeral in (("43", "m1.ephemeral", 64, 1, 4), ("99", "m1.acctest", 512, 10, 10), ("98", "m1.resize", 512, 11, 10)):
        flavor = {"id": number, "name": name, "ram": ram, "vcpus": 1, "disk": disk, "OS-FLV-EXT-DATA:ephemeral": ephemeral}
        call(url, token, "application/json", "POST", json.dumps({"flavor": flavor}).encode())


def read(path):
    """Read the results out of what test2json prints: those of the tests, not of parts of them."""
    said, outcomes = collections.defaultdict(list), {}
    for line in path.read_text().splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        name = event.get("Test", "").partition("/")[0]
        if event.get("Action") == "output":
            said[name].append(event["Output"])
        elif event.get("Action") in OUTCOMES and event.get("Test") == name:
            outcomes[name] = OUTCOMES[event["Action"]]
    assert outcomes, f"no test was run: see {path}"
    return [GoResult(name, outcome, why(said[name]), {}) for name, outcome in outcomes.items()]


OUTCOMES = {"pass": "passed", "fail": "failed", "skip": "skipped"}


def why(output):
    """Give what a test says, without its own marks."""
    return "".join(line for line in output if not line.lstrip().startswith(("=== ", "--- "))).strip()


class GoResult(Result):
    """The result of a test whose name says what it is about."""

    @property
    def suite(self):
        """Give the first word after what all names begin with."""
        return re.match(r"Test(?:Acc(?:Compute|Networking)V2|Acc(?=BlockStorage))?(QoS|[A-Z][a-z]+(?:Storage)?)", self.name).group(1)

    @property
    def is_for_others(self):
        return self.outcome == "skipped" and re.search(r"must be a non-admin|requires the demo", self.why)

    @property
    def reason(self):
        """Give what the cloud answered, or else the line that tells most."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.why).replace('\\"', '"')
        if found := re.search(r'got (\d{3}) instead: .*?"message": ?"(.*?)(?:<|"[,}])', text):
            return self.short(" ".join(found.groups()))
        lines = [re.sub(r"^\S+\.go:\d+: ", "", line.strip()) for line in text.splitlines() if line.strip()] or [""]
        return self.short(next((line for line in lines if re.search(r"Error|unexpected error", line)), lines[-1]))


class NOBODY:  # what hasn't been run yet
    is_for_others = True


TERRAFORM = Module("github.com/hashicorp/terraform", "v1.5.7")
SUITES = {
    "gophercloud": Suite(
        Module("github.com/gophercloud/gophercloud/v2", "v2.15.0", "./internal/acceptance/openstack/compute/v2", "acceptance"),
        "Test", ("admin", "demo")),
    "gophercloud-volumes": Suite(
        Module("github.com/gophercloud/gophercloud/v2", "v2.15.0", "./internal/acceptance/openstack/blockstorage/v3", "acceptance"),
        "Test", ("admin", "demo")),
    "terraform": Suite(
        Module("github.com/terraform-provider-openstack/terraform-provider-openstack/v3", "v3.4.0", "./openstack"),
        "TestAcc(ComputeV2|BlockStorageV3|NetworkingV2FloatingIP)", ("admin", "demo"),
        lambda: {"TF_ACC": "1", "TF_ACC_TERRAFORM_PATH": str(TERRAFORM.build("build")), "CHECKPOINT_DISABLE": "1"}),
}
