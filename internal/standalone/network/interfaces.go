package network

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// An interfaceRequest names the subnet or the port by which a router is joined
// to a network.
type interfaceRequest struct {
	SubnetID string `json:"subnet_id"`
	PortID   string `json:"port_id"`
}

// badRouter refuses a request about a router's interfaces.
func badRouter(format string, args ...any) error {
	return kit.Typed("BadRequest", nova.Invalid, "Bad router request: "+format, args...)
}

// interfaceOf reads a request about an interface, and finds the router that it
// is about, which must be the caller's.
func (s *Service) interfaceOf(r *http.Request, rule string) (networkdb.Router, interfaceRequest, error) {
	var in interfaceRequest
	caller := nova.CallerOf(r.Context())
	router, err := s.routers().findToChange(r.Context(), caller, chi.URLParam(r, "id"), rule)
	if err != nil {
		return router, in, err
	}
	if err := s.kit.Decode(r, &in); err != nil {
		return router, in, err
	}
	if in.SubnetID == "" && in.PortID == "" {
		return router, in, badRouter("Either subnet_id or port_id must be specified.")
	}
	// Neutron has an error of its own for IDs in this request.
	for _, text := range []string{in.SubnetID, in.PortID} {
		if text != "" && isID("id", text) != nil {
			return router, in, badRouter("'%s' is not a valid UUID.", text)
		}
	}
	return router, in, nil
}

// addInterface answers PUT …/add_router_interface. The router is locked, so
// that two requests can't join it to one subnet twice.
func (s *Service) addInterface(r *http.Request) (kit.Reply, error) {
	router, in, err := s.interfaceOf(r, "add_interface")
	if err != nil {
		return kit.Reply{}, err
	}
	ctx, caller := r.Context(), nova.CallerOf(r.Context())
	var port networkdb.Port
	err = s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		if _, err := tx.Routers.Lock(ctx, router.ID); err != nil {
			return asMissing(err, routerNotFound(router.ID))
		}
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

// joinSubnet makes a router the gateway of a subnet. Only the subnet's owner
// and administrators may do that: on a shared network the gateway serves
// everybody. As in Neutron (db/l3_db.py, _add_interface_by_subnet).
func (s *Service) joinSubnet(ctx context.Context, tx *networkdb.Store, c nova.Caller, router networkdb.Router, id string) (networkdb.Port, error) {
	subnet, err := s.subnets().find(ctx, tx, c, id)
	if err != nil {
		return networkdb.Port{}, err
	}
	if subnet.GatewayIP == nil {
		return networkdb.Port{}, badRouter("Subnet for router interface must have a gateway IP.")
	}
	if !owns(c, subnet.ProjectID) {
		return networkdb.Port{}, badRouter("Cannot add interface to router because subnet %s is not owned by project making the request.", id)
	}
	port := servicePort(subnet.NetworkID, router.ProjectID, router.ID, ownerInterface)
	if err := checkNotJoined(ctx, tx, router, subnet.ID); err != nil {
		return port, err
	}
	if err := s.makeServicePort(ctx, tx, &port, []wantedIP{{SubnetID: subnet.ID, Address: canonical(*subnet.GatewayIP)}}); err != nil {
		return port, err
	}
	return port, tx.AddInterface(ctx, router.ID, port.ID)
}

// joinPort makes a port that no device has an interface of a router. The port
// must belong to the router's project, unless an administrator joins the two.
// As in Neutron (db/l3_db.py, _validate_router_port_info).
func (s *Service) joinPort(ctx context.Context, tx *networkdb.Store, c nova.Caller, router networkdb.Router, id string) (networkdb.Port, error) {
	port, err := s.ports().find(ctx, tx, c, id)
	if err != nil {
		return port, err
	}
	if port.DeviceID != "" {
		return port, portInUse(port)
	}
	if len(port.FixedIPs) == 0 {
		return port, badRouter("Router port must have at least one fixed IP.")
	}
	if !isAdmin(c) && port.ProjectID != router.ProjectID {
		return port, deviceNotOwned(router.ID)
	}
	for _, ip := range port.FixedIPs {
		if err := checkNotJoined(ctx, tx, router, ip.SubnetID); err != nil {
			return port, err
		}
		if err := checkInPool(ctx, tx, c, port.ID, ip); err != nil {
			return port, err
		}
	}
	// The port may have found a device since it was read without a lock.
	return tx.Ports.Change(ctx, id, func(tx *networkdb.Store, p *networkdb.Port) error {
		if p.DeviceID != "" {
			return portInUse(*p)
		}
		p.DeviceID, p.DeviceOwner = router.ID, ownerInterface
		p.Status = portStatus(*p)
		return tx.AddInterface(ctx, router.ID, p.ID)
	})
}

// portInUse is Neutron's error for a port that a device has.
func portInUse(p networkdb.Port) error {
	return kit.Typed("PortInUse", nova.Conflict,
		"Unable to complete operation on port %s for network %s. Port already has an attached device %s.", p.ID, p.NetworkID, p.DeviceID)
}

// deviceNotOwned is Neutron's error for a port whose device would be the router
// of another project.
func deviceNotOwned(id string) error {
	return kit.Typed("DeviceIDNotOwnedByTenant", nova.Conflict,
		"The following device_id %s is not owned by your tenant or matches another tenants router.", id)
}

// checkInPool refuses an interface at an address that the subnet's owner keeps
// out of the pools, such as the gateway's, unless the caller is that owner. As
// in Neutron (db/l3_db.py, _validate_port_in_range_or_admin).
func checkInPool(ctx context.Context, tx *networkdb.Store, c nova.Caller, portID string, ip networkdb.FixedIP) error {
	subnet, err := tx.Subnets.Get(ctx, "", ip.SubnetID)
	if err != nil || owns(c, subnet.ProjectID) {
		return err
	}
	address, err := netip.ParseAddr(ip.Address)
	if err != nil {
		return fmt.Errorf("port %s: %w", portID, err)
	}
	if slices.ContainsFunc(subnet.Pools.V, func(pool networkdb.AddressRange) bool { return contains(pool, address) }) {
		return nil
	}
	return badRouter("Cannot add interface to router because specified port %s has an IP address out of the allocation pool "+
		"of subnet %s, which is not owned by the project making the request.", portID, ip.SubnetID)
}

// checkNotJoined refuses a second interface of a router on a subnet.
func checkNotJoined(ctx context.Context, tx *networkdb.Store, router networkdb.Router, subnetID string) error {
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

// onSubnet reports whether a port has an address of a subnet.
func onSubnet(p networkdb.Port, subnetID string) bool {
	for _, ip := range p.FixedIPs {
		if ip.SubnetID == subnetID {
			return true
		}
	}
	return false
}

// removeInterface answers PUT …/remove_router_interface. The port goes with the
// interface.
func (s *Service) removeInterface(r *http.Request) (kit.Reply, error) {
	router, in, err := s.interfaceOf(r, "remove_interface")
	if err != nil {
		return kit.Reply{}, err
	}
	ctx := r.Context()
	var port networkdb.Port
	err = s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		if port, err = interfaceToRemove(ctx, tx, router, in); err != nil {
			return err
		}
		// The interface goes first: a floating IP that is about to lead through
		// it holds it until its own transaction ends.
		if err := tx.RemoveInterface(ctx, port.ID); err != nil {
			return err
		}
		if err := checkNotNeeded(ctx, tx, router, port); err != nil {
			return err
		}
		return tx.Ports.Delete(ctx, port.ID)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return interfaceReply(router, port), nil
}

// interfaceToRemove finds the interface that a request names by its port, its
// subnet or both.
func interfaceToRemove(ctx context.Context, tx *networkdb.Store, router networkdb.Router, in interfaceRequest) (networkdb.Port, error) {
	ports, err := interfaces(ctx, tx, router.ID)
	if err != nil {
		return networkdb.Port{}, err
	}
	for _, port := range ports {
		if (in.PortID == "" || in.PortID == port.ID) && (in.SubnetID == "" || onSubnet(port, in.SubnetID)) {
			return port, nil
		}
	}
	if in.PortID != "" {
		return networkdb.Port{}, kit.Typed("RouterInterfaceNotFound", nova.NotFound, "Router %s does not have an interface with id %s", router.ID, in.PortID)
	}
	return networkdb.Port{}, kit.Typed("RouterInterfaceNotFoundForSubnet", nova.NotFound, "Router %s has no interface on subnet %s", router.ID, in.SubnetID)
}

// checkNotNeeded refuses to take a router from a subnet as long as floating IPs
// lead through it to ports there.
func checkNotNeeded(ctx context.Context, tx *networkdb.Store, router networkdb.Router, port networkdb.Port) error {
	floating, err := tx.FloatingIPs.List(ctx, networkdb.Filter{Match: map[string][]any{"router_id": {router.ID}}})
	if err != nil {
		return err
	}
	// A floating IP that leads nowhere keeps its router, and needs nothing.
	for _, f := range floating {
		if f.PortID == nil {
			continue
		}
		target, err := tx.Ports.Get(ctx, "", *f.PortID)
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

// interfaceReply shows an interface of a router.
func interfaceReply(router networkdb.Router, port networkdb.Port) kit.Reply {
	subnets := make([]string, len(port.FixedIPs))
	for i, ip := range port.FixedIPs {
		subnets[i] = ip.SubnetID
	}
	body := object{
		"id": router.ID, "tenant_id": router.ProjectID, "port_id": port.ID, "network_id": port.NetworkID, "subnet_ids": subnets,
	}
	// Clients of old know one subnet per interface.
	if len(subnets) > 0 {
		body["subnet_id"] = subnets[0]
	}
	return kit.Reply{Body: body}
}
