package network

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// extensionsServed are the parts of Neutron's API that this service has beside
// its core. Clients look here for what they can ask. The descriptions are shown
// to people.
var extensionsServed = []struct{ alias, name, description string }{
	{"allowed-address-pairs", "Allowed Address Pairs", "Ports may send from addresses that aren't their own."},
	{"binding", "Port Binding", "Ports are bound to hosts."},
	{"external-net", "Neutron external network", "Networks that lead out of the cloud."},
	{"ext-gw-mode", "Neutron L3 Configurable external gateway mode", "Gateways with or without source NAT."},
	{"extra_dhcp_opt", "Neutron Extra DHCP options", "Ports may be given DHCP options."},
	{"extraroute", "Neutron Extra Route", "Routers may have routes of their own."},
	{"filter-validation", "Filter parameters validation", "Unknown filters are refused."},
	{"net-mtu", "Network MTU", "Networks tell their MTU."},
	{"net-mtu-writable", "Network MTU (writable)", "The MTU of a network can be chosen."},
	{"pagination", "Pagination support", "Lists come in pages."},
	{"port-security", "Port Security", "Ports can do without security groups."},
	{"port-security-groups-filtering", "Port filtering on security groups", "Ports are found by their security groups."},
	{"project-id", "project_id field enabled", "Everything shows its project_id."},
	{"provider", "Provider Network", "Administrators see what is below a network."},
	{"quotas", "Quota management support", "Projects have limits."},
	{"quota_details", "Quota details management support", "Projects see how much of their limits they use."},
	{"revision-if-match", "If-Match constraints based on revision_number", "Updates and deletes can be bound to a revision."},
	{"router", "Neutron L3 Router", "Routers and floating addresses."},
	{"security-group", "security-group", "Security groups and their rules."},
	{"security-groups-normalized-cidr", "Normalized CIDR field for security group rules", "Rules show their prefix in its usual form."},
	{"sorting", "Sorting support", "Lists can be sorted."},
	{"standard-attr-description", "standard-attr-description", "Everything has a description."},
	{"standard-attr-revisions", "Resource revision numbers", "Everything counts its changes."},
	{"standard-attr-timestamp", "Resource timestamps", "Everything tells when it was made and changed."},
	{"stateful-security-group", "Stateful security group", "Security groups can be stateless."},
}

// extensionView shows an extension.
func extensionView(alias, name, description string) object {
	return object{
		"alias": alias, "name": name, "description": description,
		"updated": "2026-11-22T00:00:00-00:00", "links": []object{},
	}
}

// extensions lists what clients can ask.
func (s *Service) extensions(*http.Request) (kit.Reply, error) {
	views := make([]object, len(extensionsServed))
	for i, e := range extensionsServed {
		views[i] = extensionView(e.alias, e.name, e.description)
	}
	return kit.Reply{Body: object{"extensions": views}}, nil
}

// extension shows one extension. Clients take a 404 for "not there".
func (s *Service) extension(r *http.Request) (kit.Reply, error) {
	alias := chi.URLParam(r, "alias")
	for _, e := range extensionsServed {
		if e.alias == alias {
			return kit.Reply{Body: object{"extension": extensionView(e.alias, e.name, e.description)}}, nil
		}
	}
	return kit.Reply{}, kit.Typed("ExtensionNotFound", nova.NotFound, "Extension with alias %s does not exist", alias)
}
