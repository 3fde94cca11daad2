"""Record what Nova's own schemas answer for bodies and queries.

Run by the Python that Nova is installed in:

    …/bin/python e2e/compare/schemas.py < api/schema/testdata/nova34.jsonl > new.jsonl

Each line in names a schema of ours and a value; each line out adds a span of
versions, and what Nova says of the value there: a message, or for /v2 what is
left of the value. A value has a line for each span in which the answer is the
same, and lines that are there several times are written once.
"""

import ast
import copy
import importlib
import json
import re
import sys

from nova import exception
from nova.api.openstack import api_version_request as versions
from nova.api.validation import validators

NEWEST = 104
# Where Nova has what we call by a name: module, method.
METHODS = {
    "AddFixedIP": "multinic._add_fixed_ip", "AddFloatingIP": "floating_ips._add_floating_ip",
    "HostUpdate": "hosts.update",
    "AggregateAddHost": "aggregates._add_host", "AggregateCreate": "aggregates.create", "AggregateImages": "aggregates.images",
    "AggregateRemoveHost": "aggregates._remove_host", "AggregateSetMetadata": "aggregates._set_metadata", "AggregateUpdate": "aggregates.update",
    "AddSecurityGroup": "security_groups._addSecurityGroup", "AddTenantAccess": "flavor_access._add_tenant_access",
    "ChangePassword": "admin_password.change_password", "ConfirmResize": "servers._confirm_resize",
    "CreateBackup": "create_backup._create_backup", "CreateImage": "servers._create_image", "Evacuate": "evacuate._evacuate",
    "FlavorCreate": "flavors.create", "FlavorExtraSpecUpdate": "flavors_extraspecs.update",
    "FlavorExtraSpecsCreate": "flavors_extraspecs.create", "FlavorUpdate": "flavors.update",
    "ForceComplete": "server_migrations._force_complete", "ForceDelete": "deferred_delete._force_delete",
    "GetConsoleOutput": "console_output.get_console_output", "GetRDPConsole": "remote_consoles.get_rdp_console",
    "GetSPICEConsole": "remote_consoles.get_spice_console", "GetSerialConsole": "remote_consoles.get_serial_console",
    "GetVNCConsole": "remote_consoles.get_vnc_console", "InjectNetworkInfo": "admin_actions._inject_network_info",
    "KeyPairCreate": "keypairs.create", "Lock": "lock_server._lock", "Migrate": "migrate_server._migrate",
    "MigrateLive": "migrate_server._migrate_live", "Pause": "pause_server._pause",
    "QuotaClassSetUpdate": "quota_classes.update", "QuotaSetUpdate": "quota_sets.update", "Reboot": "servers._reboot",
    "Rebuild": "servers._rebuild", "RemoteConsoleCreate": "remote_consoles.create", "RemoveFixedIP": "multinic._remove_fixed_ip",
    "RemoveFloatingIP": "floating_ips._remove_floating_ip", "RemoveSecurityGroup": "security_groups._removeSecurityGroup",
    "RemoveTenantAccess": "flavor_access._remove_tenant_access", "Rescue": "rescue._rescue", "ResetState": "admin_actions._reset_state", "Resize": "servers._resize",
    "Restore": "deferred_delete._restore", "Resume": "suspend_server._resume", "RevertResize": "servers._revert_resize",
    "ServerCreate": "servers.create", "ServerGroupCreate": "server_groups.create", "ServerMetadataCreate": "server_metadata.create",
    "ServerMetadataUpdate": "server_metadata.update", "ServerTagUpdate": "server_tags.update",
    "ServerTagsReplace": "server_tags.update_all", "ServerUpdate": "servers.update", "ServiceUpdate": "services.update",
    "Shelve": "shelve._shelve",
    "ShelveOffload": "shelve._shelve_offload", "Start": "servers._start", "Stop": "servers._stop",
    "Suspend": "suspend_server._suspend", "TriggerCrashDump": "servers._trigger_crash_dump", "Unlock": "lock_server._unlock",
    "Unpause": "pause_server._unpause", "Unrescue": "rescue._unrescue", "Unshelve": "shelve._unshelve",
}
QUERIES = {
    "FlavorsQuery": "flavors.index", "InstanceActionsQuery": "instance_actions.index", "KeyPairQuery": "keypairs.show",
    "KeyPairsQuery": "keypairs.index", "LimitsQuery": "limits.index", "QuotaSetQuery": "quota_sets.show",
    "ServersQuery": "servers.index", "ServicesQuery": "services.index", "HostsQuery": "hosts.index",
    "HypervisorQuery": "hypervisors.show", "HypervisorsQuery": "hypervisors.index", "NoQuery": "servers.show", "IgnoredQuery": "server_tags.index",
}


def find(name):
    """Find the functions that a name stands for: several, if versions have one each."""
    module, _, method = name.partition(".")
    module = importlib.import_module("nova.api.openstack.compute." + module)
    found = []
    for value in vars(module).values():
        if not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        for base in [value, *value.__bases__]:
            member = base.__dict__.get(method)
            if member is None:
                continue
            several = value.__dict__.get("versioned_methods", {}).get(method)
            found += [m.func for m in several] if several else [member]
    return found


def spans(functions, kind):
    """Give the schemas of functions with the versions that they are for."""
    for function in functions:
        yield from getattr(function, kind, None) and getattr(function, kind)._schemas or []


def schema_at(all_schemas, version):
    """Find the schema for a version; 0 is /v2."""
    for schema, least, most in all_schemas:
        if version == 0:
            if least.is_null() or least.ver_minor == 0:
                return schema
        elif versions.APIVersionRequest(f"2.{version}").matches(least, most):
            return schema
    return None


def answer(schema, version, value, is_body):
    """Say what Nova answers: a message, and for /v2 what is left."""
    value = copy.deepcopy(value)
    if schema is None:
        return "", value if version == 0 else None
    try:
        validators._SchemaValidator(schema, version == 0, is_body).validate(value)
    except exception.ValidationError as err:
        return in_order(err.format_message()), None
    return "", value if version == 0 else None


def in_order(message):
    """Put the keys of a message in order that Nova names in that of a Python set."""
    keys = re.search(r"Additional properties are not allowed \((.*) were unexpected\)$", message)
    if not keys:
        return message
    named = ast.literal_eval(f"[{keys[1]}]")
    return message[:keys.start(1)] + ", ".join(repr(key) for key in sorted(named)) + message[keys.end(1):]


def main():
    seen = set()
    for line in sys.stdin:
        asked = json.loads(line)
        name, value = asked["schema"], asked["in"]
        key = name, json.dumps(value)
        if key in seen:
            continue
        seen.add(key)
        is_body = name not in QUERIES
        functions = find(METHODS.get(name) or QUERIES[name])
        kind = "request_body_schemas" if is_body else "request_query_schemas"
        all_schemas = list(spans(functions, kind))
        assert all_schemas, name
        runs = []
        for version in range(0 if is_body else 1, NEWEST + 1):
            said = answer(schema_at(all_schemas, version), version, value, is_body)
            if runs and version > 1 and runs[-1][2] == said:
                runs[-1][1] = version
            else:
                runs.append([version, version, said])
        for first, last, (message, out) in runs:
            row = {"schema": name, "versions": [first, last], "in": value, "message": message}
            if out is not None and out != value:
                row["out"] = out
            print(json.dumps(row, ensure_ascii=False))


main()
