package network

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

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
func (s *Service) interfaceOf(r *http.Request, rule string) (networkdb.Router, interfaceRequest, error) {
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
	var port networkdb.Port
	err = s.Store.Tx(ctx, func(tx *networkdb.Store) error {
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
func (s *Service) joinSubnet(ctx context.Context, tx *networkdb.Store, c nova.Caller, router networkdb.Router, id string) (networkdb.Port, error) {
	subnet, err := s.subnets().find(ctx, tx, c, id)
	if err != nil {
		return networkdb.Port{}, err
	}
	if subnet.GatewayIP == nil {
		return networkdb.Port{}, badRouter("Subnet for router interface must have a gateway IP.")
	}
	port := servicePort(subnet.NetworkID, router.ProjectID, router.ID, ownerInterface)
	if err := notJoined(ctx, tx, router, subnet.ID); err != nil {
		return port, err
	}
	err = s.makeServicePort(ctx, tx, &port, []wantedIP{{SubnetID: subnet.ID, Address: canonical(*subnet.GatewayIP)}})
	return port, err
}

// joinPort makes a port that nobody uses the router's.
func (s *Service) joinPort(ctx context.Context, tx *networkdb.Store, c nova.Caller, router networkdb.Router, id string) (networkdb.Port, error) {
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
	return tx.Ports.Change(ctx, id, func(_ *networkdb.Store, p *networkdb.Port) error {
		p.DeviceID, p.DeviceOwner = router.ID, ownerInterface
		p.Status = statusOf(*p)
		return nil
	})
}

func notJoined(ctx context.Context, tx *networkdb.Store, router networkdb.Router, subnetID string) error {
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

func onSubnet(p networkdb.Port, subnetID string) bool {
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
	var port networkdb.Port
	err = s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		if port, err = interfaceToRemove(ctx, tx, router, in); err != nil {
			return err
		}
		if err := notNeeded(ctx, tx, router, port); err != nil {
			return err
		}
		return tx.Ports.Delete(ctx, port.ID)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return interfaceReply(router, port), nil
}

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

// notNeeded refuses to take a router from a subnet that floating addresses
// lead to.
func notNeeded(ctx context.Context, tx *networkdb.Store, router networkdb.Router, port networkdb.Port) error {
	floating, err := tx.FloatingIPs.List(ctx, networkdb.Filter{Match: map[string][]any{"router_id": {router.ID}}})
	if err != nil {
		return err
	}
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

func interfaceReply(router networkdb.Router, port networkdb.Port) kit.Reply {
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
