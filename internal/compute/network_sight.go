package compute

import (
	"context"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// A sight is what the network service says of a server.
type sight struct {
	addresses []nova.Address
	groups    []string    // names, port by port: the API shows a group once for each port that is in it
	gone      []string    // IDs of ports that the server knew, and that are no more
	marked    []nova.Port // ports that an attachment made, and that the server doesn't know
}

// A picture is all that the network service says of a few servers.
type picture struct {
	ports    map[string][]nova.Port // by the ID of the server that has them
	exist    map[string]bool        // ports that servers know and don't have: those that some other device has, or none
	networks map[string]string      // names by ID
	groups   map[string]string      // names by ID
	floating map[string][]nova.FloatingIP
}

// see asks the network service about servers, in a few requests for all of them,
// and tells what each is to show, in the servers' order.
func see(ctx context.Context, network *cloud.NetworkAdmin, servers []nova.Server) ([]sight, error) {
	l, err := lookAt(ctx, network, servers)
	if err != nil {
		return nil, err
	}
	sights := make([]sight, len(servers))
	for i, s := range servers {
		sights[i] = l.sight(s)
	}
	return sights, nil
}

// lookAt asks what see needs to know.
func lookAt(ctx context.Context, network *cloud.NetworkAdmin, servers []nova.Server) (picture, error) {
	l := picture{ports: map[string][]nova.Port{}, exist: map[string]bool{}, networks: map[string]string{}, groups: map[string]string{}, floating: map[string][]nova.FloatingIP{}}
	ids := make([]string, len(servers))
	projectOf := map[string]string{}
	for i, s := range servers {
		ids[i], projectOf[s.ID] = s.ID, s.ProjectID
	}
	ports, err := network.Ports(ctx, ids...)
	if err != nil {
		return l, err
	}
	var portIDs, networkIDs, projects []string
	for _, port := range ports {
		if isServers(port, projectOf[port.DeviceID]) {
			l.ports[port.DeviceID] = append(l.ports[port.DeviceID], port)
			portIDs, networkIDs, projects = append(portIDs, port.ID), append(networkIDs, port.NetworkID), append(projects, port.ProjectID)
		}
	}
	if err := l.findMissing(ctx, network, servers, portIDs); err != nil {
		return l, err
	}
	return l, l.findNames(ctx, network, portIDs, unique(networkIDs), unique(projects))
}

// findMissing finds out which of the ports that servers know and don't have are
// still there.
func (l picture) findMissing(ctx context.Context, network *cloud.NetworkAdmin, servers []nova.Server, had []string) error {
	var missing []string
	for _, s := range servers {
		for _, address := range s.Addresses {
			if !slices.Contains(had, address.PortID) && !slices.Contains(missing, address.PortID) {
				missing = append(missing, address.PortID)
			}
		}
	}
	there, err := network.PortsByID(ctx, missing...)
	for _, port := range there {
		l.exist[port.ID] = true
	}
	return err
}

// findNames finds the names of networks and groups, and the floating addresses.
func (l picture) findNames(ctx context.Context, network *cloud.NetworkAdmin, portIDs, networkIDs, projects []string) error {
	networks, err := network.Networks(ctx, networkIDs)
	if err != nil {
		return err
	}
	for _, n := range networks {
		l.networks[n.ID] = n.Name
	}
	for _, project := range projects {
		groups, err := network.SecurityGroups(ctx, project)
		if err != nil {
			return err
		}
		for _, group := range groups {
			l.groups[group.ID] = group.Name
		}
	}
	floating, err := network.FloatingIPs(ctx, portIDs)
	for _, f := range floating {
		l.floating[f.PortID] = append(l.floating[f.PortID], f)
	}
	return err
}

// sight is what a server shows: the ports that it knows in their order, then
// those that it has besides. A port that a client brought along stays known as
// long as it exists, so that it is never deleted for the server. A port that an
// attachment made is that action's to show.
func (l picture) sight(s nova.Server) sight {
	var seen sight
	has := l.ports[s.ID]
	known := func(id string) int {
		return slices.IndexFunc(s.Addresses, func(a nova.Address) bool { return a.PortID == id })
	}
	for i, note := range s.Addresses {
		if known(note.PortID) < i {
			continue // another address of the same port
		}
		at := slices.IndexFunc(has, func(p nova.Port) bool { return p.ID == note.PortID })
		switch {
		case at >= 0:
			seen.add(l, has[at], note)
		case !l.exist[note.PortID]:
			seen.gone = append(seen.gone, note.PortID)
		case note.Keep:
			seen.addresses = append(seen.addresses, nova.Address{PortID: note.PortID, Tag: note.Tag, Keep: true})
		}
	}
	for _, port := range has {
		switch {
		case known(port.ID) >= 0:
		case port.Mark != "":
			seen.marked = append(seen.marked, port)
		default:
			seen.add(l, port, nova.Address{})
		}
	}
	return seen
}

// add adds a port's addresses, fixed and floating, and its groups. The note says
// what the network service doesn't know of the port.
func (seen *sight) add(l picture, port nova.Port, note nova.Address) {
	blank := nova.Address{Network: l.networks[port.NetworkID], PortID: port.ID, MAC: port.MAC, Tag: note.Tag, Keep: note.Keep}
	if len(port.FixedIPs) == 0 {
		seen.addresses = append(seen.addresses, blank)
	}
	put := func(ip, kind string) {
		one := blank
		one.IP, one.Version, one.Type = ip, ipVersion(ip), kind
		seen.addresses = append(seen.addresses, one)
	}
	for _, ip := range port.FixedIPs {
		put(ip.Address, "fixed")
	}
	for _, f := range l.floating[port.ID] {
		put(f.Address, "floating")
	}
	for _, id := range port.SecurityGroups {
		if name, ok := l.groups[id]; ok {
			seen.groups = append(seen.groups, name)
		}
	}
}

func unique(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }

func ipVersion(ip string) int {
	const v4, v6 = 4, 6
	if strings.Contains(ip, ":") {
		return v6
	}
	return v4
}

// same reports whether a server shows what was seen already.
func (seen sight) same(s nova.Server) bool {
	return slices.Equal(seen.addresses, s.Addresses) && slices.Equal(seen.groups, s.SecurityGroups)
}

// noteOf is what a server knows of a port, and whether it knows it at all.
func noteOf(s nova.Server, port string) (nova.Address, bool) {
	at := slices.IndexFunc(s.Addresses, func(a nova.Address) bool { return a.PortID == port })
	if at < 0 {
		return nova.Address{}, false
	}
	return s.Addresses[at], true
}
