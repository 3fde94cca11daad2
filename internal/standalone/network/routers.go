package network

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The device owners of ports that belong to routers and floating IPs.
const (
	ownerInterface  = "network:router_interface"
	ownerGateway    = "network:router_gateway"
	ownerFloatingIP = "network:floatingip"
)

// routerAttributes are what a router can be told. There are neither distributed
// nor redundant routers here.
var routerAttributes = []attribute[networkdb.Router]{
	{name: "status", sort: "status"},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(r *networkdb.Router) *string { return &r.Name })},
	{name: "admin_state_up", post: anyone, put: anyone, column: "admin_state_up", find: asFlag, set: flag(func(r *networkdb.Router) *bool { return &r.AdminStateUp })},
	{name: "routes", put: anyone, set: shaped(func(r *networkdb.Router) *[]networkdb.HostRoute { return &r.Routes.V }, maxRoutes, areRoutes)},
	// The gateway is a port of its own: setGateway sees to it.
	{name: "external_gateway_info", post: anyone, put: anyone},
	// What this service has not.
	{name: "availability_zone_hints", post: anyone, set: onlyEmptyList[networkdb.Router]},
	{name: "distributed", post: admins, put: admins, set: onlyFalse[networkdb.Router]},
	{name: "ha", post: admins, put: admins, set: onlyFalse[networkdb.Router]},
}

// onlyFalse takes an attribute that asks for what this service can't do, as
// long as it doesn't ask.
func onlyFalse[T any](_ *T, name string, value any) error {
	if on, err := parseFlag(plain(value)); err != nil || on {
		return invalid(name, "'%s' is not supported here.", plain(value))
	}
	return nil
}

// routers describes routers to the calls that all kinds share.
func (s *Service) routers() resource[networkdb.Router] {
	return resource[networkdb.Router]{
		s: s, singular: "router", plural: "routers", limit: quotaOf("router"), attributes: routerAttributes,
		notFound: routerNotFound,
		record:   (*networkdb.Router).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.Router] { return s.Routers },
		defaults: func() networkdb.Router { return networkdb.Router{AdminStateUp: true, EnableSNAT: true} },
		view:     routerView,
		create:   s.createRouter,
		change:   s.changeRouter,
		remove:   s.removeRouter,
	}
}

// routerNotFound is Neutron's error for a router that isn't there or may not be
// seen.
func routerNotFound(id string) error {
	return kit.Typed("RouterNotFound", nova.NotFound, "Router %s could not be found", id)
}

// routerView shows a router and its gateway.
func routerView(r networkdb.Router, admin bool) object {
	v := object{
		"name":                    r.Name,
		"admin_state_up":          r.AdminStateUp,
		"status":                  "ACTIVE",
		"routes":                  listOf(r.Routes.V),
		"external_gateway_info":   nil,
		"flavor_id":               nil,
		"availability_zones":      []string{},
		"availability_zone_hints": []string{},
	}
	if r.GatewayNetworkID != nil {
		ips := make([]object, len(r.GatewayIPs))
		for i, ip := range r.GatewayIPs {
			ips[i] = object{"subnet_id": ip.SubnetID, "ip_address": ip.Address}
		}
		v["external_gateway_info"] = object{"network_id": r.GatewayNetworkID, "enable_snat": r.EnableSNAT, "external_fixed_ips": ips}
	}
	if admin {
		v["distributed"], v["ha"] = false, false
	}
	return v
}

// createRouter writes a router, and then its gateway, whose port refers to the
// router.
func (s *Service) createRouter(ctx context.Context, tx *networkdb.Store, c nova.Caller, r *networkdb.Router, body object) error {
	made, err := tx.Routers.Create(ctx, *r)
	if err != nil || body["external_gateway_info"] == nil {
		*r = made
		return err
	}
	*r, err = tx.Routers.Change(ctx, r.ID, func(tx *networkdb.Store, v *networkdb.Router) error {
		return s.setGateway(ctx, tx, c, v, body, "create_router")
	})
	return err
}

// changeRouter moves the gateway of a router, if the body names one.
func (s *Service) changeRouter(ctx context.Context, tx *networkdb.Store, c nova.Caller, _ networkdb.Router, r *networkdb.Router, body object) error {
	if _, ok := body["external_gateway_info"]; !ok {
		return nil
	}
	return s.setGateway(ctx, tx, c, r, body, "update_router")
}

// setGateway connects a router to an external network, or to none. Only
// administrators choose the gateway's addresses and whether it translates
// addresses. The router has been written before, and is written again by the
// caller.
func (s *Service) setGateway(
	ctx context.Context, tx *networkdb.Store, c nova.Caller, r *networkdb.Router, body object, rule string,
) error {
	var info struct {
		NetworkID  string     `json:"network_id"`
		EnableSNAT *bool      `json:"enable_snat"`
		FixedIPs   []wantedIP `json:"external_fixed_ips"`
	}
	if err := reshape(body["external_gateway_info"], &info); err != nil {
		return invalid("external_gateway_info", "'%s' is not of the form that is wanted.", plain(body["external_gateway_info"]))
	}
	switch {
	case isAdmin(c):
	case info.EnableSNAT != nil:
		return disallowedPart(rule, "external_gateway_info", "network_id", "enable_snat")
	case len(info.FixedIPs) > 0:
		return disallowedPart(rule, "external_gateway_info", "network_id", "external_fixed_ips")
	}
	if info.EnableSNAT != nil {
		r.EnableSNAT = *info.EnableSNAT
	}
	// A gateway that is to stay where it is keeps its port and addresses.
	if r.GatewayNetworkID != nil && *r.GatewayNetworkID == info.NetworkID && len(info.FixedIPs) == 0 {
		return nil
	}
	if err := dropGateway(ctx, tx, r); err != nil || info.NetworkID == "" {
		return err
	}
	network, err := s.networks().find(ctx, tx, c, info.NetworkID)
	if err != nil {
		return err
	}
	if !network.External {
		return kit.Typed("BadRequest", nova.Invalid, "Bad router request: Network %s is not an external network.", network.ID)
	}
	// The port belongs to nobody, so that the project can't take it for its
	// own.
	port := servicePort(network.ID, "", r.ID, ownerGateway)
	if err := s.makeServicePort(ctx, tx, &port, info.FixedIPs); err != nil {
		return err
	}
	r.GatewayNetworkID, r.GatewayPortID, r.GatewayIPs = &network.ID, &port.ID, port.FixedIPs
	return nil
}

// dropGateway takes a router from its external network, unless a floating IP
// leads through it.
func dropGateway(ctx context.Context, tx *networkdb.Store, r *networkdb.Router) error {
	if r.GatewayPortID == nil {
		return nil
	}
	needed, err := tx.FloatingIPs.List(ctx, networkdb.Filter{Match: map[string][]any{"router_id": {r.ID}}})
	if err != nil {
		return err
	}
	for _, ip := range needed {
		if ip.PortID != nil {
			return kit.Typed("RouterExternalGatewayInUseByFloatingIp", nova.Conflict,
				"Gateway cannot be updated for router %s, since a gateway to external network %s is required by one or more floating IPs.",
				r.ID, *r.GatewayNetworkID)
		}
	}
	// The router's row refers to the port, and must let go of it first.
	port := *r.GatewayPortID
	r.GatewayNetworkID, r.GatewayPortID, r.GatewayIPs = nil, nil, []networkdb.FixedIP{}
	if err := tx.ForgetGateway(ctx, r.ID); err != nil {
		return err
	}
	return tx.Ports.Delete(ctx, port)
}

// servicePort makes the port of a router or a floating IP. A port on an
// external network belongs to no project, so that nobody but administrators
// sees it.
func servicePort(networkID, project, device, owner string) networkdb.Port {
	port := networkdb.Port{NetworkID: networkID, AdminStateUp: true, VNICType: "normal", DeviceID: device, DeviceOwner: owner}
	port.ID, port.ProjectID = uuid.NewString(), project
	port.Status = portStatus(port)
	return port
}

// makeServicePort writes a port of a router or a floating IP, with the
// addresses that are wanted or, if there are none, with any.
func (s *Service) makeServicePort(ctx context.Context, tx *networkdb.Store, port *networkdb.Port, wanted []wantedIP) error {
	if err := insertPort(ctx, tx, port); err != nil {
		return err
	}
	body := object{}
	if len(wanted) > 0 {
		body["fixed_ips"] = wanted
	}
	return s.giveAddresses(ctx, tx, port, body)
}

// removeRouter deletes a router that has no interfaces, and its gateway.
func (s *Service) removeRouter(ctx context.Context, tx *networkdb.Store, r networkdb.Router) error {
	ports, err := interfaces(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	if len(ports) > 0 {
		ids := make([]string, len(ports))
		for i := range ports {
			ids[i] = ports[i].ID
		}
		return kit.Typed("RouterInUse", nova.Conflict, "Router %s has ports still attached: %s", r.ID, strings.Join(ids, ", "))
	}
	if err := dropGateway(ctx, tx, &r); err != nil {
		return err
	}
	return tx.Routers.Delete(ctx, r.ID)
}

// interfaces lists the ports by which a router is joined to networks.
func interfaces(ctx context.Context, tx *networkdb.Store, routerID string) ([]networkdb.Port, error) {
	return tx.Ports.List(ctx, networkdb.Filter{Where: []networkdb.Condition{networkdb.InterfaceOf(routerID)}})
}
