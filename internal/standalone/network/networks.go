package network

import (
	"context"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The MTUs of networks in tunnels and on wires. There are neither here, but
// guests are told one.
const (
	tunnelMTU = 1450
	wireMTU   = 1500
)

// networkAttributes are what a network can be told. What other projects see,
// and what is below a network, is for administrators.
var networkAttributes = []attribute[networkdb.Network]{
	{name: "status", sort: "status"},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(n *networkdb.Network) *string { return &n.Name })},
	{name: "admin_state_up", post: anyone, put: anyone, column: "admin_state_up", find: asFlag, set: flag(func(n *networkdb.Network) *bool { return &n.AdminStateUp })},
	// These change what other projects see.
	{name: "shared", post: admins, isDefault: isFalse, put: admins, column: "shared", find: asFlag, set: flag(func(n *networkdb.Network) *bool { return &n.Shared })},
	{name: "router:external", post: admins, isDefault: isFalse, put: admins, column: "external", find: asFlag, set: flag(func(n *networkdb.Network) *bool { return &n.External })},
	{name: "is_default", post: admins, isDefault: isFalse, put: admins, column: "is_default", find: asFlag, set: flag(func(n *networkdb.Network) *bool { return &n.IsDefault })},
	// The default of new ports on the network.
	{name: "port_security_enabled", post: anyone, put: anyone, column: "port_security", find: asFlag, set: flag(func(n *networkdb.Network) *bool { return &n.PortSecurity })},
	{name: "mtu", post: anyone, put: anyone, column: "mtu", find: asNumber, set: number(func(n *networkdb.Network) *int64 { return &n.MTU }, 0)},
	// What is below the network. It is kept and shown, and means nothing here.
	{name: "provider:network_type", post: admins, column: "provider_type", find: asText, set: text(func(n *networkdb.Network) *string { return &n.ProviderType })},
	{name: "provider:physical_network", post: admins, column: "provider_physical", find: asText, set: optional(func(n *networkdb.Network) **string { return &n.ProviderPhysical }, nil)},
	{name: "provider:segmentation_id", post: admins, column: "provider_segment", find: asNumber, set: optionalNumber(func(n *networkdb.Network) **int64 { return &n.ProviderSegment })},
	// What this service has not.
	{name: "availability_zone_hints", post: anyone, put: anyone, set: onlyEmptyList[networkdb.Network]},
	{name: "dns_domain", post: anyone, put: anyone, set: onlyEmptyText[networkdb.Network]},
}

// networks describes networks to the calls that all kinds share.
func (s *Service) networks() resource[networkdb.Network] {
	o := resource[networkdb.Network]{
		s: s, singular: "network", plural: "networks", limit: quotaOf("network"), attributes: networkAttributes,
		notFound: networkNotFound,
		record:   (*networkdb.Network).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.Network] { return s.Networks },
		defaults: func() networkdb.Network {
			return networkdb.Network{AdminStateUp: true, PortSecurity: true, MTU: tunnelMTU, ProviderType: "vxlan", SubnetIDs: []string{}}
		},
		view: networkView, filter: networkFilter, remove: s.removeNetwork,
	}
	o.create = func(ctx context.Context, tx *networkdb.Store, _ nova.Caller, n *networkdb.Network, _ object) (err error) {
		*n, err = o.table(tx).Create(ctx, *n)
		return err
	}
	o.change = s.changeNetwork
	return o
}

// networkNotFound is Neutron's error for a network that isn't there or may not
// be seen.
func networkNotFound(id string) error {
	return kit.Typed("NetworkNotFound", nova.NotFound, "Network %s could not be found.", id)
}

// networkView shows a network. What is below it is for administrators.
func networkView(n networkdb.Network, admin bool) object {
	v := object{
		"name":                    n.Name,
		"admin_state_up":          n.AdminStateUp,
		"status":                  "ACTIVE",
		"mtu":                     n.MTU,
		"shared":                  n.Shared,
		"router:external":         n.External,
		"port_security_enabled":   n.PortSecurity,
		"subnets":                 n.SubnetIDs,
		"availability_zones":      []string{},
		"availability_zone_hints": []string{},
		"ipv4_address_scope":      nil,
		"ipv6_address_scope":      nil,
	}
	// Neutron shows this of external networks only.
	if n.External {
		v["is_default"] = n.IsDefault
	}
	if admin {
		v["provider:network_type"] = n.ProviderType
		v["provider:physical_network"] = n.ProviderPhysical
		v["provider:segmentation_id"] = n.ProviderSegment
	}
	return v
}

// networkFilter knows the status, which is ACTIVE for all networks.
func networkFilter(l *networkdb.Filter, name string, values []string) (bool, error) {
	if name != "status" {
		return false, nil
	}
	for _, value := range values {
		if strings.EqualFold(value, "ACTIVE") {
			return true, nil
		}
	}
	// No network has another status, so nothing matches.
	l.Match["id"] = []any{""}
	return true, nil
}

// changeNetwork refuses to take a shared network from projects that use it.
func (s *Service) changeNetwork(ctx context.Context, tx *networkdb.Store, _ nova.Caller, was networkdb.Network, n *networkdb.Network, _ object) error {
	if was.Shared && !n.Shared {
		used, err := tx.UsedByOthers(ctx, n.ID, n.ProjectID)
		if err != nil {
			return err
		}
		if used {
			return kit.Typed("InvalidSharedSetting", nova.Conflict,
				"Unable to reconfigure sharing settings for network %s. Multiple tenants are using it.", n.ID)
		}
	}
	return nil
}

// removeNetwork deletes a network and its subnets, unless there are ports on
// it. The network is locked, so no port can be created after the look.
func (s *Service) removeNetwork(ctx context.Context, tx *networkdb.Store, n networkdb.Network) error {
	const shown = 10
	ports, err := tx.PortsOn(ctx, n.ID, shown)
	if err != nil {
		return err
	}
	if len(ports) == 0 {
		return tx.Networks.Delete(ctx, n.ID)
	}
	return kit.Typed("NetworkInUse", nova.Conflict,
		"Unable to complete operation on network %s. There are one or more ports still in use on the network, id for these ports is: %s.",
		n.ID, strings.Join(ports, ","))
}

// optionalNumber makes the setter of a whole number that may be null.
func optionalNumber[T any](field func(*T) **int64) setter[T] {
	return func(to *T, name string, value any) error {
		if value == nil {
			*field(to) = nil
			return nil
		}
		n, err := integer(name, value)
		if err == nil {
			*field(to) = &n
		}
		return err
	}
}

// onlyEmptyList and onlyEmptyText take attributes that this service has no use
// for, as long as they ask for nothing.
func onlyEmptyList[T any](_ *T, name string, value any) error {
	if list, ok := value.([]any); !ok || len(list) > 0 {
		return invalid(name, "'%s' is not supported here.", plain(value))
	}
	return nil
}

func onlyEmptyText[T any](_ *T, name string, value any) error {
	if s, ok := value.(string); !ok || s != "" {
		return invalid(name, "'%s' is not supported here.", plain(value))
	}
	return nil
}
