package compute

import (
	"context"
	"slices"
	"strconv"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// interfaceArgs are what attaching and detaching are told.
type interfaceArgs struct {
	NIC nicRequest `json:"nic"`
}

// Interfaces lists the ports of a server, as the network service shows them to the
// caller. The error is Unavailable if that can't be asked.
func (a *Servers) Interfaces(ctx context.Context, s nova.Server) ([]nova.Port, error) {
	return a.networks.As(nova.CallerOf(ctx)).Ports(ctx, s.ID)
}

// Interface finds a port of a server, as the network service shows it to the caller.
// The error is NotFound if there is none, or another device has it.
func (a *Servers) Interface(ctx context.Context, s nova.Server, id string) (nova.Port, error) {
	port, err := a.networks.As(nova.CallerOf(ctx)).Port(ctx, id)
	if err == nil && port.DeviceID != s.ID {
		err = nova.Errorf(nova.NotFound, "Instance %s does not have a port with id %s", s.ID, id)
	}
	return port, err
}

// AttachInterface connects a server to a network, or to a port that is there
// already: to the only network of its project if the NIC names neither. It waits
// for the end, and gives the ID of the port.
//
// The error is Conflict if the server is locked or in another state, or somebody
// has the port or the address; NotFound if there is no such port or network;
// Invalid or Forbidden for one that can't be used; OverQuota if the project has
// as many ports as it may have; Failed if the host can't plug the port in; and
// Unavailable if the end doesn't come in time: the work goes on then.
func (a *Servers) AttachInterface(ctx context.Context, s nova.Server, wanted NIC, may NetworkRights) (port string, err error) {
	record, err := a.beginAttach(ctx, s, wanted, may)
	if err != nil {
		return "", err
	}
	done, err := a.await(ctx, record)
	return done.Port, err
}

// beginAttach is AttachInterface without the wait. A port that the client brings
// along is noted first, so that it is kept whenever the server goes.
func (a *Servers) beginAttach(ctx context.Context, s nova.Server, wanted NIC, may NetworkRights) (nova.Action, error) {
	if err := transitions[AttachInterface].check(ctx, s); err != nil {
		return nova.Action{}, err
	}
	nic, err := a.resolveNIC(ctx, s, wanted, may)
	if err != nil {
		return nova.Action{}, err
	}
	return a.begin(ctx, s, AttachInterface, interfaceArgs{nic}, func(tx *db.Store) error {
		if nic.Port == "" {
			return nil
		}
		under, err := tx.UnderWay(ctx, s.ID, string(AttachInterface))
		if err != nil {
			return err
		}
		for _, other := range under {
			args, err := decodeArgs[interfaceArgs](other)
			if err != nil {
				return err
			}
			if args.NIC.Port == nic.Port {
				return nova.Errorf(nova.Conflict, "Port %s is still in use.", nic.Port)
			}
		}
		// A twin may have begun and ended since this request looked at the port.
		now, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		_, had := noteOf(s, nic.Port)
		if _, has := noteOf(now, nic.Port); has && !had {
			return nova.Errorf(nova.Conflict, "Port %s is still in use.", nic.Port)
		}
		return notePort(ctx, tx, s.ID, nova.Address{PortID: nic.Port, Keep: true, Tag: nic.Tag})
	})
}

// DetachInterface starts to take a port from a server. Whether the server has the
// port is found out on its host. The error is Conflict if the server is locked or
// in another state.
func (a *Servers) DetachInterface(ctx context.Context, s nova.Server, port string) error {
	_, err := a.begin(ctx, s, DetachInterface, interfaceArgs{nicRequest{Port: port}})
	return err
}

// resolveNIC finds the network or the port to attach, as the caller sees them. It
// refuses what Nova finds in _validate_requested_port_ids and
// _validate_requested_network_ids of nova/network/neutron.py, on the host and while
// the client waits.
func (a *Servers) resolveNIC(ctx context.Context, s nova.Server, wanted NIC, may NetworkRights) (nicRequest, error) {
	caller := nova.CallerOf(ctx)
	search := networkSearch{a.networks.As(caller), caller, s.ProjectID, ServerRequest{Name: s.ID, Hostname: s.Hostname, NetworkRights: may}}
	nic := nicRequest{Network: wanted.NetworkID, Port: wanted.PortID, IP: wanted.FixedIP, Tag: wanted.Tag}
	switch {
	case nic.Port != "":
		port, err := search.service.Port(ctx, nic.Port)
		if err == nil && port.DeviceID != "" && port.ProjectID == s.ProjectID {
			err = nova.Errorf(nova.Conflict, "Port %s is still in use.", port.ID)
		}
		if err == nil {
			err = search.checkPort(port)
		}
		if err != nil {
			return nic, err
		}
		nic.Network = port.NetworkID
	case nic.Network == "":
		available, err := search.service.Available(ctx, s.ProjectID)
		switch {
		case err != nil:
			return nic, err
		case len(available) > 1:
			return nic, nova.Errorf(nova.Invalid, "Multiple possible networks found, use a Network ID to be more specific.")
		case len(available) == 0:
			return nic, nova.Errorf(nova.Invalid, "No specific network was requested and none are available for project '%s'.", s.ProjectID)
		}
		nic.Network = available[0].ID
	}
	network, err := search.service.Network(ctx, nic.Network)
	if nova.Is(err, nova.NotFound) && nic.Port != "" {
		return nic, nil // a port on a network that the caller doesn't see
	}
	if err != nil {
		return nic, err
	}
	if err := search.checkExternal(network); err != nil {
		return nic, err
	}
	return nic, search.checkChoice(nic, network)
}

// attachPort is the step that gives a server a port.
func (w *Worker) attachPort(ctx context.Context, a *action) (effect, error) {
	if _, err := driverOf[virt.Attacher](a); err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[interfaceArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	network := w.networks.AsService()
	want, made := portFor(a, args.NIC), nova.Port{}
	if want.ID == "" {
		if made, err = findMarked(ctx, network, a); err != nil {
			return effect{}, err
		}
	}
	port, err := w.joinNetwork(ctx, network, want, made)
	if err != nil {
		return effect{}, err
	}
	return effect{
		note: func(p *progress) { p.Port = port.ID },
		also: func(tx *db.Store) error {
			return notePort(ctx, tx, a.ServerID, nova.Address{PortID: port.ID, Keep: args.NIC.Port != "", Tag: args.NIC.Tag})
		},
	}, nil
}

// portFor is the port that an attachment is to end with.
func portFor(a *action, nic nicRequest) nova.Port {
	port := nova.Port{
		ID: nic.Port, NetworkID: nic.Network, ProjectID: a.server.ProjectID, DeviceID: a.ServerID,
		DeviceOwner: "compute:" + a.server.Zone, Host: a.server.Host,
	}
	if nic.IP != "" {
		port.FixedIPs = []nova.FixedIP{{Address: nic.IP}}
	}
	if nic.Port == "" {
		port.Mark = markOf(a.Action)
	}
	return port
}

// markOf marks the port that an attachment makes, so that it is found again by
// whoever takes the work over: the server may get others on the same network at
// the same time.
func markOf(a nova.Action) string { return "action " + strconv.FormatInt(a.Serial, 10) }

// findMarked finds the port that an attachment has made already: the zero Port if
// it hasn't.
func findMarked(ctx context.Context, network *cloud.NetworkAdmin, a *action) (nova.Port, error) {
	had, err := network.Ports(ctx, a.ServerID)
	at := slices.IndexFunc(had, func(p nova.Port) bool { return p.Mark == markOf(a.Action) && isServers(p, a.server.ProjectID) })
	if err != nil || at < 0 {
		return nova.Port{}, err
	}
	return had[at], nil
}

// releasePort takes attachPort back.
func (w *Worker) releasePort(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[interfaceArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	network := w.networks.AsService()
	port := args.NIC.Port
	if port != "" {
		err = network.UnbindPort(ctx, port, a.ServerID)
	} else {
		var made nova.Port
		if made, err = findMarked(ctx, network, a); err == nil && made.ID != "" {
			port, err = made.ID, network.DeletePort(ctx, made.ID, a.ServerID)
		}
	}
	return effect{also: func(tx *db.Store) error { return forgetPort(ctx, tx, a.ServerID, port) }}, err
}

// plug is the step that plugs the port in on the server's host, which may be
// another than the one that the port was bound to.
func (w *Worker) plug(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Attacher](a)
	if err != nil {
		return effect{}, err
	}
	network := w.networks.AsService()
	port, err := network.Port(ctx, a.progress.Port)
	if err == nil && port.Host != a.server.Host {
		want := portFor(a, nicRequest{Port: port.ID})
		port, err = network.ClaimPort(ctx, want)
	}
	if err != nil {
		return effect{}, err
	}
	return effect{}, driver.AttachInterface(ctx, a.server, nics(a.server, []nova.Port{port})[0])
}

// pullOut takes plug back.
func (w *Worker) pullOut(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Attacher](a)
	if err != nil {
		return effect{}, err
	}
	err = driver.DetachInterface(ctx, a.server, a.progress.Port)
	if nova.Is(err, nova.NotFound) { // the host doesn't know the server
		err = nil
	}
	return effect{}, err
}

// unplug is the step that unplugs a port that is a server's.
func (w *Worker) unplug(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[interfaceArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	driver, err := driverOf[virt.Attacher](a)
	if err != nil {
		return effect{}, err
	}
	if _, known := noteOf(a.server, args.NIC.Port); !known {
		port, err := w.networks.AsService().Port(ctx, args.NIC.Port)
		if nova.Is(err, nova.NotFound) || err == nil && (port.DeviceID != a.ServerID || !isServers(port, a.server.ProjectID)) {
			err = nova.Errorf(nova.NotFound, "Port %s is not attached", args.NIC.Port)
		}
		if err != nil {
			return effect{}, err
		}
	}
	return effect{}, driver.DetachInterface(ctx, a.server, args.NIC.Port)
}

// detachPort is the step that takes a port from a server: one that was there
// before is kept, and one that was made for the server goes.
func (w *Worker) detachPort(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[interfaceArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	network, port := w.networks.AsService(), args.NIC.Port
	if note, _ := noteOf(a.server, port); note.Keep {
		err = network.UnbindPort(ctx, port, a.ServerID)
	} else {
		err = network.DeletePort(ctx, port, a.ServerID)
	}
	return effect{also: func(tx *db.Store) error { return forgetPort(ctx, tx, a.ServerID, port) }}, err
}

// notePort has a server know a port, in a transaction. One that it knows stays as
// it is noted.
func notePort(ctx context.Context, tx *db.Store, id string, note nova.Address) error {
	s, err := tx.LockServer(ctx, id)
	if err != nil {
		return err
	}
	if before, known := noteOf(s, note.PortID); known && before.IP != "" {
		return nil
	}
	addresses := withoutPort(s.Addresses, note.PortID)
	return tx.ChangeServer(ctx, id, db.ServerChange{Addresses: new(append(addresses, note))})
}

// forgetPort has a server know nothing of a port any more.
func forgetPort(ctx context.Context, tx *db.Store, id, port string) error {
	s, err := tx.LockServer(ctx, id)
	if err != nil {
		return err
	}
	return tx.ChangeServer(ctx, id, db.ServerChange{Addresses: new(withoutPort(s.Addresses, port))})
}

func withoutPort(addresses []nova.Address, port string) []nova.Address {
	return slices.DeleteFunc(slices.Clone(addresses), func(a nova.Address) bool { return a.PortID == port })
}

// explainAttach says why a port could not be attached, in the words of
// nova/exception.py: a driver's own are for administrators.
func explainAttach(a *action, cause error) error {
	if nova.Is(cause, nova.NotImplemented) {
		return nova.Because(cause, nova.Invalid, "Attaching interfaces is not supported for instance %s.", a.ServerID)
	}
	if nova.KindOf(cause) == nova.Internal {
		return nova.Because(cause, nova.Failed, "Failed to attach network adapter device to %s", a.ServerID)
	}
	return cause
}

// explainDetach says why a port could not be detached.
func explainDetach(a *action, cause error) error {
	if nova.KindOf(cause) != nova.Internal {
		return cause
	}
	return nova.Because(cause, nova.Failed, "Failed to detach network adapter device from %s", a.ServerID)
}
