"""Why tests don't pass, if nova-api is not to blame: see report.py."""

# What the name of a test, or what it says, contains: a paragraph about it.
EXPLAINED = {
    "Cinder is not available|[Vv]olume service|block.storage": "**Volumes**: there is no volume service yet, so whatever needs one is skipped or fails.",
    "alidation (tests are disabled|must be enabled|should be enabled)":
        "**Inside of servers**: there is nothing in a server of the fake hypervisor that one could log in to by SSH. "
        "Drivers are held to what a guest gets (files, keys, devices, config drive) by `internal/virt/virttest`.",
    "TestServersActionChangeAdminPassword":
        "**Passwords**: the test of gophercloud looks for the status `PASSWORD` after `changePassword` was answered. Nova answers when the password has been "
        "changed (`set_admin_password` in `nova/compute/rpcapi.py` is a call), when the status is `ACTIVE` again. So do we, and so the test isn't asked for.",
}
