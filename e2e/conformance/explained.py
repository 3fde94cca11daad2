"""Why tests don't pass, if nova-api is not to blame: see report.py."""

# What the name of a test, or what it says, contains: a paragraph about it.
EXPLAINED = {
    r"Cinder is not available|[Vv]olume service|block.storage|No suitable endpoint|failed to get volume":
        "**Volumes**: servers have no volumes yet. What needs one is skipped, isn't found in the catalog, or is a 400 that says that the volume can't be had.",
    r"The resource could not be found\.|no such action: (migrate|os-migrateLive|evacuate)":
        "**Operators**: a 404 `The resource could not be found.` is the answer for hypervisors, aggregates and other resources of operators that are not served yet, "
        "and `There is no such action` that for their actions.",
    "alidation (tests are disabled|must be enabled|should be enabled)":
        "**Inside of servers**: there is nothing in a server of the fake hypervisor that one could log in to by SSH. "
        "Drivers are held to what a guest gets (files, keys, devices, config drive) by `internal/virt/virttest`.",
    "test_resize_down_revert":
        "**Resizing down**: a server counts for the larger of both flavors until its resize is confirmed or reverted, so that it can always be reverted "
        "([divergences.md](divergences.md)). In Nova it counts for the new one, since `_finish_resize` in `nova/compute/manager.py` has already made that the "
        "instance's own, and novaclient's test looks for the difference.",
    "TestServersActionChangeAdminPassword":
        "**Passwords**: the test of gophercloud looks for the status `PASSWORD` after `changePassword` was answered. Nova answers when the password has been "
        "changed (`set_admin_password` in `nova/compute/rpcapi.py` is a call), when the status is `ACTIVE` again. So do we, and so the test isn't asked for.",
}
