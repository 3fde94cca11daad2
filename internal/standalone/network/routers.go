package network

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Whose ports these are: routers', and floating addresses'.
const (
	ownerInterface  = "network:router_interface"
	ownerGateway    = "network:router_gateway"
	ownerFloatingIP = "network:floatingip"
)

// servicePorts come and go with what they belong to.
var servicePorts = []string{ownerInterface, ownerGateway, ownerFloatingIP}

var routerAttributes = []attribute[db.Router]{
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(r *db.Router) *string { return &r.Name })},
	{name: "admin_state_up", post: anyone, put: anyone, column: "admin_state_up", find: asFlag, set: flag(func(r *db.Router) *bool { return &r.AdminStateUp })},
	{name: "routes", put: anyone, set: shaped(func(r *db.Router) *[]db.HostRoute { return &r.Routes.V }, maxRoutes, areRoutes)},
	{name: "external_gateway_info", post: anyone, put: anyone},
	{name: "availability_zone_hints", post: anyone, set: emptyList[db.Router]},
	{name: "distributed", post: admins, put: admins, set: refused[db.Router]},
	{name: "ha", post: admins, put: admins, set: refused[db.Router]},
}

// refused takes false only, for what this service can't do.
func refused[T any](_ *T, name string, value any) error {
	if on, err := parseFlag(plain(value)); err != nil || on {
		return invalid(name, "'%s' is not supported here.", plain(value))
	}
	return nil
}

func (s *Service) routers() resource[db.Router] {
	return resource[db.Router]{
		s: s, one: "router", many: "routers", limit: quotaOf("router"), attributes: routerAttributes,
		missing: func(id string) error {
			return kit.Typed("RouterNotFound", nova.NotFound, "Router %s could not be found", id)
		},
		record: func(r *db.Router) *db.NetworkRecord { return &r.NetworkRecord },
		table:  func(t db.NetworkTables) db.NetworkTable[db.Router] { return t.Routers },
		fresh:  func() db.Router { return db.Router{AdminStateUp: true, EnableSNAT: true} },
		view:   routerView,
		create: s.createRouter,
		change: s.changeRouter,
		remove: s.removeRouter,
	}
}

func routerView(r db.Router, admin bool) object {
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

func (s *Service) createRouter(ctx context.Context, tx *db.Store, c nova.Caller, r *db.Router, given object) error {
	made, err := tx.Network().Routers.Create(ctx, *r)
	if err != nil || given["external_gateway_info"] == nil {
		*r = made
		return err
	}
	*r, err = tx.Network().Routers.Change(ctx, r.ID, func(tx *db.Store, v *db.Router) error {
		return s.setGateway(ctx, tx, c, v, given)
	})
	return err
}

func (s *Service) changeRouter(ctx context.Context, tx *db.Store, c nova.Caller, _ db.Router, r *db.Router, given object) error {
	if _, ok := given["external_gateway_info"]; !ok {
		return nil
	}
	return s.setGateway(ctx, tx, c, r, given)
}

// setGateway joins a router to an external network, or to none. The router
// has been written before, and is written again.
func (s *Service) setGateway(ctx context.Context, tx *db.Store, c nova.Caller, r *db.Router, given object) error {
	var info struct {
		NetworkID  string     `json:"network_id"`
		EnableSNAT *bool      `json:"enable_snat"`
		FixedIPs   []wantedIP `json:"external_fixed_ips"`
	}
	if err := reshape(given["external_gateway_info"], &info); err != nil {
		return invalid("external_gateway_info", "'%s' is not of the form that is wanted.", plain(given["external_gateway_info"]))
	}
	if len(info.FixedIPs) > 0 && !isAdmin(c) {
		return disallowedPart("create_router", "external_gateway_info:external_fixed_ips")
	}
	if info.EnableSNAT != nil {
		r.EnableSNAT = *info.EnableSNAT
	}
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
	port := servicePort(network.ID, "", r.ID, ownerGateway)
	if err := s.makeServicePort(ctx, tx, &port, info.FixedIPs); err != nil {
		return err
	}
	r.GatewayNetworkID, r.GatewayPortID, r.GatewayIPs = &network.ID, &port.ID, port.FixedIPs
	return nil
}

// dropGateway takes a router off its external network, unless a floating
// address needs it there.
func dropGateway(ctx context.Context, tx *db.Store, r *db.Router) error {
	if r.GatewayPortID == nil {
		return nil
	}
	needed, err := tx.Network().FloatingIPs.List(ctx, db.NetworkList{Match: map[string][]any{"router_id": {r.ID}}})
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
	port := *r.GatewayPortID
	r.GatewayNetworkID, r.GatewayPortID, r.GatewayIPs = nil, nil, []db.FixedIP{}
	if err := tx.ForgetGateway(ctx, r.ID); err != nil {
		return err
	}
	return tx.Network().Ports.Delete(ctx, port)
}

// servicePort is a port that belongs to a router or a floating address.
func servicePort(networkID, project, device, owner string) db.Port {
	port := db.Port{NetworkID: networkID, AdminStateUp: true, VNICType: "normal", DeviceID: device, DeviceOwner: owner}
	port.ID, port.ProjectID = uuid.NewString(), project
	port.Status = statusOf(port)
	return port
}

func (s *Service) makeServicePort(ctx context.Context, tx *db.Store, port *db.Port, wanted []wantedIP) error {
	if err := insertPort(ctx, tx, port); err != nil {
		return err
	}
	given := object{}
	if len(wanted) > 0 {
		given["fixed_ips"] = wanted
	}
	return s.addressPort(ctx, tx, port, given)
}

// removeRouter drops a router that joins no networks, and its gateway.
func (s *Service) removeRouter(ctx context.Context, r db.Router) error {
	return s.Store.Tx(ctx, func(tx *db.Store) error {
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
		return tx.Network().Routers.Delete(ctx, r.ID)
	})
}

func interfaces(ctx context.Context, tx *db.Store, routerID string) ([]db.Port, error) {
	return tx.Network().Ports.List(ctx, db.NetworkList{Match: map[string][]any{"device_id": {routerID}, "device_owner": {ownerInterface}}})
}

// An interfaceRequest names the subnet or the port that a router is, or is to
// be, joined to.
type interfaceRequest struct {
	SubnetID string `json:"subnet_id"`
	PortID   string `json:"port_id"`
}

func badRouter(format string, args ...any) error {
	return kit.Typed("BadRequest", nova.Invalid, "Bad router request: "+format, args...)
}

// interfaceOf reads a request about an interface of a router of the caller's.
func (s *Service) interfaceOf(r *http.Request, rule string) (db.Router, interfaceRequest, error) {
	var in interfaceRequest
	caller := nova.CallerOf(r.Context())
	router, err := s.routers().own(r.Context(), caller, chi.URLParam(r, "id"), rule)
	if err != nil {
		return router, in, err
	}
	if err := s.kit.Decode(r, &in); err != nil {
		return router, in, err
	}
	if in.SubnetID == "" && in.PortID == "" {
		return router, in, badRouter("Either subnet_id or port_id must be specified.")
	}
	for _, text := range []string{in.SubnetID, in.PortID} {
		if text != "" && isID("id", text) != nil {
			return router, in, badRouter("'%s' is not a valid UUID.", text)
		}
	}
	return router, in, nil
}

func (s *Service) addInterface(r *http.Request) (kit.Reply, error) {
	router, in, err := s.interfaceOf(r, "add_interface")
	if err != nil {
		return kit.Reply{}, err
	}
	ctx, caller := r.Context(), nova.CallerOf(r.Context())
	var port db.Port
	err = s.Store.Tx(ctx, func(tx *db.Store) error {
		if in.PortID != "" {
			port, err = s.joinPort(ctx, tx, caller, router, in.PortID)
			return err
		}
		port, err = s.joinSubnet(ctx, tx, caller, router, in.SubnetID)
		return err
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return interfaceReply(router, port), nil
}

// joinSubnet makes the router the gateway of a subnet.
func (s *Service) joinSubnet(ctx context.Context, tx *db.Store, c nova.Caller, router db.Router, id string) (db.Port, error) {
	subnet, err := s.subnets().find(ctx, tx, c, id)
	if err != nil {
		return db.Port{}, err
	}
	if subnet.GatewayIP == nil {
		return db.Port{}, badRouter("Subnet for router interface must have a gateway IP.")
	}
	port := servicePort(subnet.NetworkID, router.ProjectID, router.ID, ownerInterface)
	if err := notJoined(ctx, tx, router, subnet.ID); err != nil {
		return port, err
	}
	err = s.makeServicePort(ctx, tx, &port, []wantedIP{{SubnetID: subnet.ID, Address: canonical(*subnet.GatewayIP)}})
	return port, err
}

// joinPort makes a port that nobody uses the router's.
func (s *Service) joinPort(ctx context.Context, tx *db.Store, c nova.Caller, router db.Router, id string) (db.Port, error) {
	port, err := s.ports().find(ctx, tx, c, id)
	if err != nil {
		return port, err
	}
	if port.DeviceID != "" {
		return port, kit.Typed("PortInUse", nova.Conflict,
			"Unable to complete operation on port %s for network %s. Port already has an attached device %s.", id, port.NetworkID, port.DeviceID)
	}
	if len(port.FixedIPs) == 0 {
		return port, badRouter("Router port must have at least one fixed IP.")
	}
	for _, ip := range port.FixedIPs {
		if err := notJoined(ctx, tx, router, ip.SubnetID); err != nil {
			return port, err
		}
	}
	return tx.Network().Ports.Change(ctx, id, func(_ *db.Store, p *db.Port) error {
		p.DeviceID, p.DeviceOwner = router.ID, ownerInterface
		p.Status = statusOf(*p)
		return nil
	})
}

func notJoined(ctx context.Context, tx *db.Store, router db.Router, subnetID string) error {
	ports, err := interfaces(ctx, tx, router.ID)
	if err != nil {
		return err
	}
	for _, port := range ports {
		if onSubnet(port, subnetID) {
			return badRouter("Router already has a port on subnet %s.", subnetID)
		}
	}
	return nil
}

func onSubnet(p db.Port, subnetID string) bool {
	for _, ip := range p.FixedIPs {
		if ip.SubnetID == subnetID {
			return true
		}
	}
	return false
}

func (s *Service) removeInterface(r *http.Request) (kit.Reply, error) {
	router, in, err := s.interfaceOf(r, "remove_interface")
	if err != nil {
		return kit.Reply{}, err
	}
	ctx := r.Context()
	var port db.Port
	err = s.Store.Tx(ctx, func(tx *db.Store) error {
		if port, err = interfaceToRemove(ctx, tx, router, in); err != nil {
			return err
		}
		if err := notNeeded(ctx, tx, router, port); err != nil {
			return err
		}
		return tx.Network().Ports.Delete(ctx, port.ID)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return interfaceReply(router, port), nil
}

func interfaceToRemove(ctx context.Context, tx *db.Store, router db.Router, in interfaceRequest) (db.Port, error) {
	ports, err := interfaces(ctx, tx, router.ID)
	if err != nil {
		return db.Port{}, err
	}
	for _, port := range ports {
		if (in.PortID == "" || in.PortID == port.ID) && (in.SubnetID == "" || onSubnet(port, in.SubnetID)) {
			return port, nil
		}
	}
	if in.PortID != "" {
		return db.Port{}, kit.Typed("RouterInterfaceNotFound", nova.NotFound, "Router %s does not have an interface with id %s", router.ID, in.PortID)
	}
	return db.Port{}, kit.Typed("RouterInterfaceNotFoundForSubnet", nova.NotFound, "Router %s has no interface on subnet %s", router.ID, in.SubnetID)
}

// notNeeded refuses to take a router from a subnet that floating addresses
// lead to.
func notNeeded(ctx context.Context, tx *db.Store, router db.Router, port db.Port) error {
	floating, err := tx.Network().FloatingIPs.List(ctx, db.NetworkList{Match: map[string][]any{"router_id": {router.ID}}})
	if err != nil {
		return err
	}
	for _, f := range floating {
		if f.PortID == nil {
			continue
		}
		target, err := tx.Network().Ports.Get(ctx, "", *f.PortID)
		if err != nil {
			return err
		}
		for _, ip := range target.FixedIPs {
			if ip.Address == f.FixedIP && onSubnet(port, ip.SubnetID) {
				return kit.Typed("RouterInterfaceInUseByFloatingIP", nova.Conflict,
					"Router interface for subnet %s on router %s cannot be deleted, as it is required by one or more floating IPs.",
					ip.SubnetID, router.ID)
			}
		}
	}
	return nil
}

func interfaceReply(router db.Router, port db.Port) kit.Reply {
	subnets := make([]string, len(port.FixedIPs))
	for i, ip := range port.FixedIPs {
		subnets[i] = ip.SubnetID
	}
	body := object{
		"id": router.ID, "tenant_id": router.ProjectID, "port_id": port.ID, "network_id": port.NetworkID, "subnet_ids": subnets,
	}
	if len(subnets) > 0 {
		body["subnet_id"] = subnets[0]
	}
	return kit.Reply{Body: body}
}
