"""The differences that are there on purpose: docs/divergences.md says why."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Accepted:
    """A kind of difference, by patterns of which all that are given must match."""

    why: str
    place: str = ""
    reference: str = ""
    subject: str = ""
    call: str = ""

    def covers(self, difference, call):
        """Tell whether a difference is of this kind."""
        return bool(
            re.search(self.place, difference.place) and re.search(self.reference, difference.reference, re.DOTALL)
            and re.search(self.subject, difference.subject, re.DOTALL) and re.search(self.call, call))


ACCEPTED = [
    Accepted("hints are heeded without further configuration", call="made at .* with .*'(query|build_near_host_ip)'", place=r"^\.server\."),
    Accepted("a hint that is neither text nor a list is refused, not a breakdown", call="POST /servers ", place="^status$", reference="^500 .*ValueError", subject="^400 .*Malformed request body"),
    Accepted("what a driver tells of a machine is made up by both", call="/diagnostics", place=r"^\.(vda|vnet|cpu|memory|disk|nic|num_nics|uptime|hypervisor_os|config_drive)"),
    Accepted("consoles are at proxies of their own", call="os-console-auth-tokens", place=r"^\.console\.(host|port|internal_access_path)$"),
    Accepted("no host mounts shares, and no file service is asked for them", call="/shares", place="^status$", reference="^500 .*EndpointNotFound", subject="^409 "),
    Accepted("a description for /v2 may be long", call="PUT /v2/servers", place="^status$", reference="^500 .*DBDataError", subject="^200 "),
    Accepted("a list with a query that is not known is a list, not a breakdown", call=r"GET /os-(networks|floating-ips|hypervisors/statistics)\?", place="^status$", reference="^500 .*KeyError"),
    Accepted("a group's name that is taken is a conflict, not a breakdown", call="PUT /os-security-groups", place="^status$", reference="^500 .*Conflict", subject="^409 "),
    Accepted("where both clouds have one network service, it has each group twice", call="GET /os-security-groups", place=r"^\.security_groups\[\]\.(id|rules\[\]\.parent_group_id)$"),
    Accepted("filters of properties keep their names whole", call=r"GET /images.*property-own", place=r"^\.images\[\] length$", reference="^0 "),
    Accepted("where both clouds have one block storage service, it has each volume twice", call="GET /os-(volumes|snapshots)", place=r"^\.(volumes|snapshots)\[\] order$"),
    Accepted("services are listed as they first reported", call="GET /os-services", place=r"^\.services\[\]\.binary$", reference="^nova-(conductor|scheduler)$"),
    Accepted("no host is turned off or put under maintenance", call="/os-hosts/fake", place="^status$", reference="^(200 .*(power_action|maintenance_mode)|500 .*KeyError)", subject="^501 "),
    Accepted("a query that is not known is passed over, not a breakdown", call=r"/os-hosts/fake1(/startup)?\?x=1", place="^status$", reference="^500 .*KeyError"),
    Accepted("the status of a host is that of its service, as on KVM; Nova's fake driver says yes and does nothing", call="GET /os-(services|hosts)", place=r"^\.services\[\]\.status$|^\.hosts\[\] length$"),
    Accepted("services are listed as they first reported", call="/os-hosts", place=r"^\.hosts\[\] order$"),
    Accepted("other comparisons may be under way, and servers are on other hosts", call="GET /os-hosts/fake1", place=r"^\.host\[\] length$"),
    Accepted("our driver is like KVM, whose disks are virtio's; Nova's fake driver has SCSI disks", place=r"\.device$", reference="^/dev/sd", subject="^/dev/vd"),
    Accepted("long replies are compressed for those who ask for it, and all are told so", place="^header vary$", reference="Version$|none", subject="Accept-Encoding$"),
    Accepted("there is no bare metal service, and that is not a breakdown", call="os-baremetal-nodes", place="^status$", reference="^500 ", subject="^501 "),
    Accepted("hosts are of another size", call="os-hypervisors", place=r"\.(disk_available_least|free_disk_gb|free_ram_mb|local_gb|memory_mb|memory_mb_used|vcpus|hypervisor_version|cpu_info\.?.*)$"),
    Accepted("other comparisons may be under way, and servers are on other hosts", call="os-hypervisors", place=r"(vcpus_used|local_gb_used|running_vms|current_workload|servers\[\] length)$"),
    Accepted("bad input that Nova breaks down over is refused, by the reason", place="^status$", reference="^500 .*UnicodeDecodeError", subject="^400 .*user_data"),
    Accepted("a snapshot's ID that is empty names none", call="POST /os-volumes", place="^status$", reference="^500 .*KeyError", subject="^200 "),
    Accepted("Nova's controller of /os-volumes_boot loses the body of every request", call="os-volumes_boot", place="^status$", reference="^500 .*HTTPInternalServerError"),
    Accepted("a snapshot of a volume that isn't there is 404, not a breakdown", call="os-snapshots", place="^status$", reference="^500 .*VolumeNotFound", subject="^404 "),
    Accepted("bad input that Nova breaks down over is refused, by the reason", call="multipart|name=|rxtx_factor|vcpus\": 1\\.0|xff|brackets|user_data|personality", place="^status$",
             reference="^500 ", subject="^4"),
    Accepted("a limit that there is no such thing for is passed over by /v2", call="/v2/os-quota-sets", place="^status$", reference="^500 .*KeyError", subject="^200 "),
    Accepted("an interface whose port, network or address can't be used is refused, by the reason", call="os-interface", place="^status$",
             reference="^500 .*RemoteError", subject="^40[049] "),
    Accepted("what Neutron's policy refuses is refused before Neutron is asked", place=r"\.forbidden\.message$", reference="Neutron server returns request_ids",
             subject="disallowed by policy$"),
    Accepted("our driver is like KVM, whose disks are virtio's; Nova's fake driver has SCSI disks",
             place="root_device_name$", reference="^/dev/sda$", subject="^/dev/vda$"),
    Accepted("what a console says is the guest's business", place=r"^\.output$"),
    Accepted("policy is asked before a floating address is looked for", call="removeFloatingIp", place="^status$", reference="^404 .*Floating IP not found", subject="^403 "),
    Accepted("consoles are at proxies of their own", place=r"console\.url$"),
    Accepted("there are no SPICE consoles", subject="Unavailable console type spice"),
    Accepted("usage is counted to the moment, and the two clouds are a moment apart", call="os-simple-tenant-usage",
             place=r"(hours|uptime|_usage|_at|instance_id)$"),
    Accepted("the description of an extension is its name", place=r"^\.extensions\[\]\.description$|^\.extension\.description$"),
    Accepted("Nova 34 forgets to fill in the number", place=r"^\.message$", reference=r"max_request_body_size \(%s\)"),
    Accepted("text that is not UTF-8, or has a NUL, is refused before anything else", call=r"%00|%ff|%zz|\\xff|\\\\ud800"),
    Accepted("paths are UTF-8; Nova quotes their bytes one by one", place=r"message$", call="%E2%82%AC"),
    Accepted("NaN and Infinity are no JSON", subject="Malformed request body", call="NaN|Infinity|1e400"),
    Accepted("patterns of a screenful are quoted in our words", place=r"message$", subject=r"does not match '\^\[\^\\\\p\{C\}"),
    Accepted("traits are known by their families", call="trait", place="^status$", reference="^400 ", subject="^20[01] "),
    Accepted("Nova lists sort keys in the order of a Python set", place=r"message$", reference="parameters sort_key.*is not one of"),
    Accepted("servers that are equal in the keys of an order are in that of their creation, in Nova's of their UUIDs",
             place="order$", call=r"/servers.*sort_key"),
    Accepted("tags heed upper and lower case, as Nova does on PostgreSQL", place=r"tags\[\] length$"),
    Accepted("tags heed upper and lower case, as Nova does on PostgreSQL", place="^status$", call="/tags", reference="^500 .*DBDuplicateEntry"),
    Accepted("a header ends without spaces", place="^header location$", reference="/tags/ $"),
    Accepted("X509 certificates are refused in Go's words", place=r"message$", reference="failed to generate X509 fingerprint"),
    Accepted("Nova's fake driver leaves the power of servers that are paused, suspended, rescued or soft-deleted as it is", place="power_state$",
             reference="^[14]$", subject="^[1347]$"),
    Accepted("Nova puts two slashes where the image service's own address ends in one", place=r"^header location$|links\[\]\.href$", reference="//images/", subject="/images/"),
    Accepted("addresses are added and removed before the client is answered", call="addFixedIp|removeFixedIp", place=r"^status$|^\.server\.fault$",
             subject=r"^40[04] |^\(none\)$"),
    Accepted("deleting what was resized is one action; Nova records a confirmResize as well", call="forceDelete when VERIFY|deleted when VERIFY|DELETE when VERIFY",
             place=r"instanceActions\[\] length$"),
    Accepted("ports are listed as the network service lists them, which is in no order", call="os-interface", place="order$"),
    Accepted("faults and events have no traceback of Python's", place=r"\.fault\.details$|\.traceback$", reference="Traceback|File \""),
    Accepted("nothing runs in the zone of services; Nova puts such a server on any host", call="made at .* with .*'availability_zone': 'internal'"),
    Accepted("a deleted server shows no host status; in Nova's lists that of the server before it on the same host", place=r"servers\[\]\.host_status$",
             reference="^UP$", subject="^$"),
]
