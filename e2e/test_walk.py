"""A walk over every subcommand of nova and every compute command of openstack.

The clients say what commands they have: one that no table here has fails a
test.
"""

import dataclasses
import os
import re
import shlex

import pytest
from cloud import eventually

pytestmark = pytest.mark.ours  # it counts on our zones, hosts, networks and quotas

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS me@here\n"
NOWHERE = "11111111-2222-3333-4444-555555555555"


@dataclasses.dataclass(frozen=True)
class Step:
    """A command line, and what comes of it. Names in braces are methods of Values."""

    line: str
    says: str = ""  # a regular expression that what it prints has
    leaves: str = ""  # the status that the server called walk gets to
    user: str = "demo"
    refused: bool = False  # as Nova refuses it too
    stdin: str = ""


def admin(line, says="", leaves="", **more):
    return Step(line, says, leaves, user="admin", **more)


def refused(line, says, **more):
    return Step(line, says, refused=True, **more)


GONE = "no longer available|HTTP 410"

NOVA = [
    Step("version-list", r"v2\.1 .*CURRENT"),
    Step("flavor-list", "m1.nano"),
    admin("flavor-create --is-public false walk walk-1 64 1 1", "walk-1"),
    admin("flavor-update walk-1 text", "text"),
    admin("flavor-key walk-1 set hw:cpu_policy=shared"),
    Step("flavor-show 42", "m1.nano"),
    admin("flavor-access-add walk-1 {project}", "{project}"),
    admin("flavor-access-list --flavor walk-1", "{project}"),
    admin("flavor-access-remove walk-1 {project}"),
    admin("flavor-delete walk-1"),
    Step("keypair-add --pub-key {key} walk"),
    Step("keypair-list", "walk"),
    Step("keypair-show walk", "ssh-ed25519"),
    Step("server-group-create --rule max_server_per_host=3 walk anti-affinity", "max_server_per_host"),
    Step("server-group-list", "walk"),
    Step("server-group-get {group}", "anti-affinity"),
    Step("availability-zone-list", "nova"),
    Step("limits", "maxTotalCores|Cores"),
    Step("quota-show", "instances"),
    Step("quota-defaults", "instances"),
    admin("quota-class-show default", "instances"),
    admin("quota-class-update --key-pairs 100 default"),
    admin("quota-update --instances 9 {project}"),
    admin("quota-delete --tenant {project}"),
    Step("usage", "Usage from"),
    admin("usage-list", "Usage from"),

    Step("boot --flavor 42 --image cirros --nic net-name=private --key-name walk --hint group={group} --poll walk", "Finished", "ACTIVE"),
    Step("list --name ^walk$", r"walk .*ACTIVE"),
    Step("show walk", "m1.nano"),
    Step("update --description text walk"),
    Step("meta walk set a=b"),
    Step("server-tag-add walk red", "red"),
    Step("server-tag-list walk", "red"),
    Step("server-tag-set walk green blue"),
    Step("server-tag-delete walk blue", "blue"),
    Step("server-tag-delete-all walk"),
    Step("lock walk"),
    refused("pause walk", "is locked"),
    Step("unlock walk"),
    Step("pause walk", leaves="PAUSED"),
    Step("unpause walk", leaves="ACTIVE"),
    Step("suspend walk", leaves="SUSPENDED"),
    Step("resume walk", leaves="ACTIVE"),
    Step("stop walk", leaves="SHUTOFF"),
    Step("start walk", leaves="ACTIVE"),
    Step("reboot walk", leaves="ACTIVE"),
    Step("rescue walk", "adminPass", leaves="RESCUE"),
    Step("unrescue walk", leaves="ACTIVE"),
    Step("rebuild --name walk walk cirros", "walk", leaves="ACTIVE"),
    Step("resize walk m1.tiny", leaves="VERIFY_RESIZE"),
    Step("resize-revert walk", leaves="ACTIVE"),
    Step("resize walk m1.tiny", leaves="VERIFY_RESIZE"),
    Step("resize-confirm walk", leaves="ACTIVE"),
    admin("migrate {server}", leaves="VERIFY_RESIZE"),
    admin("resize-confirm {server}", leaves="ACTIVE"),
    Step("set-password walk", "New password", stdin="s3cret\ns3cret\n"),
    Step("get-password walk"),
    Step("clear-password walk"),
    admin("diagnostics {server}", "driver"),
    admin("server-topology {server}", "nodes"),
    Step("trigger-crash-dump walk"),
    admin("reset-network {server}", GONE, refused=True),
    admin("refresh-network {server}"),
    admin("reset-state --active {server}", leaves="ACTIVE"),
    Step("console-log walk", "login:"),
    Step("get-vnc-console walk novnc", "/console/vnc_auto.html"),
    Step("get-serial-console walk", "ws://"),
    refused("get-spice-console walk spice-html5", "Unavailable console type spice-html5"),
    refused("get-rdp-console walk rdp-html5", "HTTP 400"),
    refused("get-mks-console walk", "Unavailable console type webmks"),
    Step("ssh --address-type fixed --login cirros walk", r"ssh -4 -p22 +cirros@\d+\."),
    Step("interface-attach --net-id {network} walk", leaves="ACTIVE"),
    Step("interface-list walk", "ACTIVE"),
    Step("interface-detach walk {port}", leaves="ACTIVE"),
    Step("add-secgroup walk {secgroup}"),
    Step("list-secgroup walk", "walk"),
    Step("remove-secgroup walk {secgroup}"),
    Step("image-create --poll walk walk-image", "Finished", "ACTIVE"),
    Step("backup walk walk-image daily 1", leaves="ACTIVE"),
    Step("backup-instance walk walk-image text", "walk-image", "ACTIVE"),
    Step("instance-action-list walk", "create"),
    Step("instance-action walk {request}", "create"),
    Step("shelve walk", leaves="SHELVED_OFFLOADED"),
    admin("shelve-offload {server}", "Cannot 'shelveOffload' instance", refused=True),
    Step("unshelve walk", leaves="ACTIVE"),
    Step("volume-attach walk {free_volume} /dev/vdf", "/dev/vdf"),
    Step("volume-attachments walk", "{used_volume}"),
    refused("volume-update {server} {used_volume} " + NOWHERE, "is not migrating", user="admin"),
    Step("volume-detach walk {used_volume}"),

    admin("agent-list", GONE, refused=True),
    admin("agent-create linux x86 1 http://nowhere md5 kvm", GONE, refused=True),
    admin("agent-modify 1 1 http://nowhere md5", GONE, refused=True),
    admin("agent-delete 1", GONE, refused=True),
    admin("evacuate {server}", "Compute service of .* is still in use", refused=True),
    admin("migration-list", "Source Compute|---"),
    admin("server-migration-list {server}", "Server UUID|---"),
    admin("server-migration-show {server} 9999", "In-progress live migration 9999 is not found", refused=True),
    admin("aggregate-create walk", "walk"),
    admin("aggregate-list", "walk"),
    admin("aggregate-update --name walk walk", "walk"),
    admin("aggregate-set-metadata walk a=b", "a=b"),
    admin("aggregate-add-host walk fake-1", "fake-1"),
    admin("aggregate-show walk", "fake-1"),
    admin("aggregate-cache-images walk {image}"),
    admin("aggregate-remove-host walk fake-1"),
    admin("aggregate-delete walk"),
    admin("hypervisor-list", "fake-1"),
    admin("hypervisor-show {hypervisor}", "hypervisor_hostname"),
    admin("hypervisor-servers fake-1", "Hypervisor Hostname|---"),
    admin("hypervisor-uptime {hypervisor}", "uptime"),
    admin("--os-compute-api-version 2.87 hypervisor-stats", "running_vms"),
    admin("service-list", "nova-compute"),
    admin("service-disable --reason walk {service}", "disabled"),
    admin("service-enable {service}", "enabled"),
    admin("service-force-down {service}", "True"),
    admin("service-force-down --unset {service}", "False"),
    admin(f"service-delete {NOWHERE}", "not found", refused=True),
    admin("instance-usage-audit-log"),
    admin("live-migration {server}", leaves="ACTIVE"),
    admin("live-migration-abort {server} 4711", "Instance .* is in an invalid state for 'abort live migration'", refused=True),
    admin("live-migration-force-complete {server} 4711", "Instance .* is in an invalid state for 'force_complete'", refused=True),
    *(admin(line.format("elsewhere"), "No hypervisor matching 'elsewhere'", refused=True)
      for line in ("host-meta {} set a=b", "host-servers-migrate {}", "host-evacuate {}", "host-evacuate-live {}")),

    refused("restore {server}", "Cannot 'restore' instance"),
    Step("delete walk", "accepted"),
    Step("boot --flavor 42 --image cirros --nic none --user-data {key} --config-drive true --hint any=thing --poll walk-2", r"config_drive +\| True"),
    Step("force-delete walk-2"),
    Step("server-group-delete {group}"),
    Step("keypair-delete walk"),
    Step("help boot", "usage: nova boot"),
]

OPENSTACK = [
    Step("flavor list", "m1.nano"),
    Step("flavor show m1.nano", "42"),
    admin("flavor create --id walk-2 --ram 64 --disk 1 --private walk", "walk-2"),
    admin("flavor set --property a=b --project {project} walk"),
    admin("flavor unset --property a --project {project} walk"),
    admin("flavor delete walk"),
    Step("keypair create --public-key {key} walk", "walk"),
    Step("keypair list", "walk"),
    Step("keypair show walk", "ssh"),
    Step("server group create --policy soft-affinity walk", "soft-affinity"),
    Step("server group list", "walk"),
    Step("server group show walk", "soft-affinity"),

    Step("server create --flavor m1.nano --image cirros --network private --key-name walk --hint group={group} --wait walk", "walk", "ACTIVE"),
    Step("server list --name ^walk$", "walk .*ACTIVE"),
    Step("server show walk", "m1.nano"),
    Step("usage show", "RAM MB-Hours"),
    admin("usage list", "demo"),
    Step("server set --property a=b --tag red walk"),
    Step("server unset --property a --tag red walk"),
    Step("server lock walk"),
    refused("server pause walk", "is locked"),
    Step("server unlock walk"),
    Step("server pause walk", leaves="PAUSED"),
    Step("server unpause walk", leaves="ACTIVE"),
    Step("server suspend walk", leaves="SUSPENDED"),
    Step("server resume walk", leaves="ACTIVE"),
    Step("server stop walk", leaves="SHUTOFF"),
    Step("server start walk", leaves="ACTIVE"),
    Step("server reboot --wait walk", "Complete", "ACTIVE"),
    Step("server rescue walk", leaves="RESCUE"),
    Step("server unrescue walk", leaves="ACTIVE"),
    Step("server rebuild --wait walk", "walk", "ACTIVE"),
    Step("server resize --flavor m1.tiny walk", leaves="VERIFY_RESIZE"),
    Step("server resize revert walk", leaves="ACTIVE"),
    Step("server resize --flavor m1.tiny walk", leaves="VERIFY_RESIZE"),
    Step("server resize confirm walk", leaves="ACTIVE"),
    admin("server migrate --wait {server}", leaves="VERIFY_RESIZE"),
    admin("server migration revert {server}", leaves="ACTIVE"),
    Step("server dump create walk"),
    Step("console log show walk", "login:"),
    Step("console url show walk", "/console/vnc_auto.html"),
    admin("console connection show {token}", "{server}"),
    Step("server add network walk private", leaves="ACTIVE"),
    Step("server remove network walk private", leaves="ACTIVE"),
    Step("server add fixed ip walk private", "Port ID", leaves="ACTIVE"),
    Step("--os-compute-api-version 2.43 server remove fixed ip walk {address}", leaves="ACTIVE"),
    Step("server remove port walk {port}", leaves="ACTIVE"),  # it has no address left
    Step("server add port walk {fresh_port}", leaves="ACTIVE"),
    Step("server ssh --address-type private walk -- -l cirros", r"ssh .*\d+\."),
    Step("server add floating ip walk {floating}"),
    Step("server remove floating ip walk {floating}"),
    Step("server add security group walk walk"),
    Step("server remove security group walk walk"),
    Step("server remove port walk {port}", leaves="ACTIVE"),
    Step("server image create --name walk-image --wait walk", "walk-image", "ACTIVE"),
    Step("server backup create --name walk-backup --wait walk", "walk-backup", "ACTIVE"),
    Step("server event list walk", "create"),
    Step("server event show walk {request}", "create"),
    Step("server shelve walk", leaves="SHELVED_OFFLOADED"),
    Step("server unshelve walk", leaves="ACTIVE"),
    Step("server add volume --device /dev/vdf walk {free_volume}"),
    Step("server volume list walk", "{used_volume}"),
    Step("server volume set --delete-on-termination walk {used_volume}"),
    Step("server volume update --preserve-on-termination walk {used_volume}"),
    Step("server remove volume walk {used_volume}"),
    refused(f"server add share walk {NOWHERE}", ""),
    refused(f"server remove share walk {NOWHERE}", ""),
    Step("server share list walk"),
    refused(f"server share show walk {NOWHERE}", ""),

    admin("compute agent list", GONE, refused=True),
    admin("compute agent create linux x86 1 http://nowhere md5 kvm", GONE, refused=True),
    admin("compute agent set --agent-version 1 1", GONE, refused=True),
    admin("compute agent delete 1", GONE, refused=True),
    admin("server evacuate {server}", "Compute service of .* is still in use", refused=True),
    admin("server migration list", "^\\s*$|Id"),
    # openstackclient confuses the two, and asks for the migration of that server's id
    admin("server migration show {server} 9999", "Instance 9999 could not be found", refused=True),
    admin("aggregate create walk", "walk"),
    admin("aggregate list", "walk"),
    admin("aggregate set --name walk --property a=b walk"),
    admin("aggregate add host walk fake-1", "fake-1"),
    admin("aggregate show walk", "a='b'"),
    admin("aggregate unset --property a walk"),
    admin("aggregate cache image walk cirros"),
    admin("aggregate remove host walk fake-1"),
    admin("aggregate delete walk"),
    admin("compute service list", "nova-compute"),
    admin("compute service set --disable --disable-reason walk fake-2 nova-compute"),
    admin("compute service set --enable --down fake-2 nova-compute"),
    admin("compute service set --up fake-2 nova-compute"),
    admin(f"compute service delete {NOWHERE}", "1 of 1 compute services failed to delete", refused=True),
    admin("--os-compute-api-version 2.42 host list", "compute"),
    admin("--os-compute-api-version 2.42 host show fake-1", r"\(total\)"),
    admin("--os-compute-api-version 2.42 host set --enable fake-1"),
    admin("hypervisor list", "fake-1"),
    admin("hypervisor show fake-1", "hypervisor_hostname"),
    admin("--os-compute-api-version 2.87 hypervisor stats show", "running_vms"),
    admin("server migration abort {server} 4711", "is in an invalid state for 'abort live migration'", refused=True),
    admin("server migration force complete {server} 4711", "is in an invalid state for 'force_complete'", refused=True),
    *(refused(f"server {word} {verb} {{server}}", f"Cannot '{verb}Resize' instance", user="admin")
      for word in ("migrate", "migration") for verb in ("confirm", "revert")),

    refused("server restore {server}", "Cannot 'restore' instance"),
    Step("server delete --wait walk"),
    Step("server group delete walk"),
    Step("keypair delete walk"),
]



class Values(dict):
    """What names in braces stand for, as the cloud has it when it is asked for."""

    def __init__(self, cloud, directory):
        super().__init__()
        self.cloud = cloud
        self.directory = directory

    def __missing__(self, name):
        return getattr(self, name)()

    def field(self, *words, user="demo"):
        return self.cloud.openstack(*words, "-f", "value", user=user).stdout.strip()

    def key(self):
        path = self.directory / "key.pub"
        path.write_text(KEY)
        return path

    def project(self):
        return self.field("token", "issue", "-c", "project_id")

    def network(self):
        return self.field("network", "show", "private", "-c", "id")

    def image(self):
        return self.field("image", "show", "cirros", "-c", "id")

    def secgroup(self):
        return self.field("security", "group", "show", "walk", "-c", "id")

    def group(self):
        return self.cloud.nova("server-group-list").rows[0]["Id"]

    def server(self):
        return self.cloud.nova("list", "--name", "^walk$").rows[0]["ID"]

    def hypervisor(self):
        return self.field("hypervisor", "list", "--matching", "fake-1", "-c", "ID", user="admin")

    def service(self):
        """Give the ID of the service of a host on which the walk has no server."""
        return self.field("compute", "service", "list", "--host", "fake-2", "--service", "nova-compute", "-c", "ID", user="admin")

    def request(self):
        """Give the ID of the request that made the server."""
        return self.cloud.openstack("server", "event", "list", "walk", "-f", "json").json[-1]["Request ID"]

    def interface(self):
        return self.cloud.nova("interface-list", "walk").rows[-1]

    def port(self):
        return self.interface()["Port ID"]

    def address(self):
        return self.interface()["IP addresses"].split(",")[0]

    def fresh_port(self):
        return self.field("port", "create", "--network", "private", "walk", "-c", "id")

    def floating(self):
        listed = self.cloud.openstack("floating", "ip", "list", "-f", "json").json
        if listed:
            return listed[0]["Floating IP Address"]
        return self.field("floating", "ip", "create", "public", "-c", "floating_ip_address")

    def volume(self, status):
        """Give the ID of a volume once it has a status; make it first if there is none."""
        def shown():
            return self.cloud.openstack("volume", "list", "-f", "json").json
        if not shown():
            self.cloud.openstack("volume", "create", "--size", "1", "walk")
        eventually(lambda: shown()[0]["Status"] == status, f"the volume is {status}")
        return shown()[0]["ID"]

    def free_volume(self):
        return self.volume("available")

    def used_volume(self):
        return self.volume("in-use")

    def token(self):
        return self.field("console", "url", "show", "walk", "-c", "url").rpartition("token%3D")[2]


@pytest.fixture(scope="module")
def values(cloud, tmp_path_factory):
    """Give what the steps need beside a server; remove all that they leave."""
    directory = tmp_path_factory.mktemp("walk")
    ssh = directory / "ssh"  # in the place of a program that would find no server
    ssh.write_text('#!/bin/sh\necho ssh "$@"\n')
    ssh.chmod(0o700)
    cloud.openstack("security", "group", "create", "walk")
    # Floating IPs need a way from outside, and the network is the administrator's.
    cloud.openstack("router", "create", "--external-gateway", "public", "walk", user="admin")
    cloud.openstack("router", "add", "subnet", "walk", "private-subnet", user="admin")
    yield Values(cloud, directory)
    for kind, which in (("server", []), ("image", ["--private"]), ("port", ["--name", "walk"]), ("floating ip", []), ("volume", [])):
        left = [row["ID"] for row in cloud.openstack(*kind.split(), "list", *which, "-f", "json").json]
        if left:
            cloud.openstack(*kind.split(), "delete", *left)
    eventually(lambda: not cloud.nova("list").rows, "no server is left")
    cloud.openstack("security", "group", "delete", "walk")
    cloud.openstack("router", "remove", "subnet", "walk", "private-subnet", user="admin")
    cloud.openstack("router", "delete", "walk", user="admin")


@pytest.fixture(scope="module")
def commands(cloud):
    """Give what each client says that it can do."""
    words = cloud.nova("bash-completion").stdout.split()
    listed = cloud.openstack("command", "list", "--group", "openstack.compute.v2", "-f", "json").json
    return {
        "nova": {word for word in words if not word.startswith("-")},
        "openstack": set(listed[0]["Commands"]),
    }


def command(line):
    """Give the words of a line up to the first that only an argument can be."""
    words = [word for word in line.split() if word != "--os-compute-api-version" and not re.fullmatch(r"2\.\d+", word)]
    return " ".join(words)


def named(line, known):
    """Give the command of a line: the longest that it begins with."""
    fitting = [name for name in known if f"{command(line)} ".startswith(f"{name} ")]
    assert fitting, f"there is no command in: {line}"
    return max(fitting, key=len)


@pytest.mark.parametrize(("client", "steps"), [("nova", NOVA), ("openstack", OPENSTACK)])
def test_every_command_is_walked(commands, client, steps):
    walked = {named(step.line, commands[client]) for step in steps}

    assert walked == commands[client]


@pytest.mark.parametrize(("client", "step"), [
    pytest.param(client, step, id=f"{client} {step.line}") for client, steps in (("nova", NOVA), ("openstack", OPENSTACK)) for step in steps
])
def test_walk(cloud, commands, values, client, step):
    args = shlex.split(step.line.format_map(values))
    path = f"{values.directory}:{os.environ['PATH']}"
    done = getattr(cloud, client)(*args, user=step.user, ok=not step.refused, stdin=step.stdin, PATH=path)
    assert re.search(step.says.format_map(values) if "{" in step.says else step.says, done.text), done
    if step.leaves:
        cloud.wait(step.leaves, "walk")
