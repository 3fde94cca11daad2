package api

import (
	"github.com/nova-api/nova-api/api/rest"
)

// removed is a controller whose operations are all removed ones.
type removed []string

// Operations are the removed operations.
func (c removed) Operations() rest.Operations {
	operations := rest.Operations{}
	for _, name := range c {
		operations[name] = rest.Gone()
	}
	return operations
}

// removedActions is a controller whose member actions are removed ones, too.
type removedActions struct {
	removed
	actions removed
}

// MemberActions are the removed actions.
func (c removedActions) MemberActions() rest.Operations { return c.actions.Operations() }

// gone maps the operations that Nova has removed: Cells v1, nova-network, the
// agents of Xen, certificates and cloudpipe. Where a part of a resource lives on,
// as in os-networks, the living part is mapped in routes.go. The removed action
// on servers, resetNetwork, is in Servers.MemberActions.
func gone(m, server rest.Mapper) {
	m.Resource("agent", "os-agents", removed{"index", "create", "update", "delete"})
	m.Resource("cell", "os-cells",
		removed{"index", "create", "show", "update", "delete", "detail", "info", "capacities", "sync_instances"},
		rest.Collection{"detail": "GET", "info": "GET", "capacities": "GET", "sync_instances": "POST"}, rest.Member{"capacities": "GET"})
	m.Resource("certificate", "os-certificates", removed{"create", "show"})
	m.Resource("cloudpipe", "os-cloudpipe", removed{"index", "create", "update"})
	m.Resource("fixed_ip", "os-fixed-ips", removedActions{removed{"show"}, removed{"reserve", "unreserve"}}, rest.Member{"action": "POST"})
	domain := m.Resource("domain", "os-floating-ip-dns", removed{"index", "update", "delete"})
	domain.Resource("entry", "entries", removed{"show", "update", "delete"})
	m.Resource("floating_ip_bulk", "os-floating-ips-bulk", removed{"index", "create", "show", "update"})
	m.Resource("fping", "os-fping", removed{"index", "show"})
	m.Resource("network", "os-networks",
		removedActions{removed{"create", "add", "delete"}, removed{"disassociate", "associate_host", "disassociate_host", "disassociate_project"}},
		rest.Collection{"add": "POST"}, rest.Member{"action": "POST"})
	m.Resource("default_rule", "os-security-group-default-rules", removed{"index", "create", "show", "delete"})
	m.Resource("tenant_network", "os-tenant-networks", removed{"create", "delete"})

	server.Resource("console", "consoles", removed{"index", "create", "show", "delete"})
	server.Resource("virtual_interface", "os-virtual-interfaces", removed{"index"})
}
