package network

import (
	"context"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
)

// tell tells whoever wants to know what a change means for servers. Should that
// fail, the change stands all the same: who shows it looks again after a while.
func (o resource[T]) tell(ctx context.Context, was, now *T) {
	if o.s.onChange == nil || o.events == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	events, err := o.events(ctx, was, now)
	if err == nil && len(events) > 0 {
		err = o.s.onChange(ctx, events)
	}
	if err != nil {
		o.s.Log.Warn().Err(err).Msg("servers can't be told of a change")
	}
}

// portEvents are what Neutron tells Nova of ports: that of a server was changed or
// deleted. Of a new one it says nothing.
func portEvents(_ context.Context, was, now *networkdb.Port) ([]nova.ServerEvent, error) {
	switch {
	case was == nil:
		return nil, nil
	case now == nil:
		return eventOf(nova.EventPortDeleted, *was), nil
	case was.DeviceID == now.DeviceID:
		return eventOf(nova.EventNetworkChanged, *now), nil
	}
	return append(eventOf(nova.EventNetworkChanged, *was), eventOf(nova.EventNetworkChanged, *now)...), nil
}

// floatingEvents are what Neutron tells Nova of floating addresses: a server has
// one more, or one less.
func (s *Service) floatingEvents(ctx context.Context, was, now *networkdb.FloatingIP) ([]nova.ServerEvent, error) {
	var events []nova.ServerEvent
	for _, f := range []*networkdb.FloatingIP{was, now} {
		if f == nil || f.PortID == nil {
			continue
		}
		port, err := s.Store.Ports.Get(ctx, "", *f.PortID)
		if err != nil {
			return events, err
		}
		events = append(events, eventOf(nova.EventNetworkChanged, port)...)
	}
	return events, nil
}

// eventOf is an event about a port, if the port is a server's.
func eventOf(name string, p networkdb.Port) []nova.ServerEvent {
	if p.DeviceID == "" || !strings.HasPrefix(p.DeviceOwner, "compute:") {
		return nil
	}
	return []nova.ServerEvent{{Name: name, ServerID: p.DeviceID, Tag: &p.ID}}
}
