"""Why tests don't pass, if nova-api is not to blame: see report.py."""

# What the name of a test, or what it says, contains: a paragraph about it.
EXPLAINED = {
    r"volume\.admin\.test_group|services_negative|TestBackup|TestManageable":
        "**Block storage**: there are no backups or groups of volumes, no files are taken over as volumes, and the service can't be disabled or frozen "
        "([divergences.md](divergences.md)).",
    "get_hypervisor_uptime|TestHypervisorsGetUptime":
        "**Uptime**: the fake hypervisor tells none, as Nova's fake driver (`get_host_uptime` in `nova/virt/driver.py` is not implemented there), and so the answer is 501.",
    "TestHypervisorListQuery":
        "**Servers of a hypervisor**: the test of gophercloud looks for its server on the first of all hypervisors, and breaks down if it is on another of the three that there are here.",
    "Instance_changeFixedIP":
        "**Addresses**: the test chooses an address on a network that is shared by somebody else, which Neutron's default policy leaves to its owner.",
    "test_user_messages":
        "**Types of volumes**: the test wants a volume to fail whose type names a backend that isn't there. There is one backend, and no type chooses it.",
    "test_rebuild_volume_backed_server":
        "**Logging in**: the test logs in to its server by SSH, whatever `run_validation` says; it fails before it has rebuilt anything.",
    "alidation (tests are disabled|must be enabled|should be enabled)":
        "**Inside of servers**: there is nothing in a server of the fake hypervisor that one could log in to by SSH. "
        "Drivers are held to what a guest gets (files, keys, devices, config drive) by `internal/virt/virttest`.",
    "test_resize_down_revert":
        "**Resizing down**: a server counts for the larger of both flavors until its resize is confirmed or reverted, so that it can always be reverted "
        "([divergences.md](divergences.md)). In Nova it counts for the new one, since `_finish_resize` in `nova/compute/manager.py` has already made that the "
        "instance's own, and novaclient's test looks for the difference.",
    "test_get_os_instance_usage_audit_log":
        "**Usage audit**: the test wants there to be no hosts at all, as where hosts are in cells: `_get_audit_task_logs` in "
        "`nova/api/openstack/compute/instance_usage_audit_log.py` doesn't ask for those of all cells, and so hears of none.",
    "TestServersActionChangeAdminPassword":
        "**Passwords**: the test of gophercloud looks for the status `PASSWORD` after `changePassword` was answered. Nova answers when the password has been "
        "changed (`set_admin_password` in `nova/compute/rpcapi.py` is a call), when the status is `ACTIVE` again. So do we, and so the test isn't asked for.",
}
