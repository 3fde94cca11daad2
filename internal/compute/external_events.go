package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// needTag are the events that say nothing without a tag: TAG_REQUIRED in
// nova/api/openstack/compute/server_external_events.py.
var needTag = []string{nova.EventVolumeExtended, nova.EventPowerUpdate, "accelerator-request-bound"}

// powerUpdates are the verbs by the tags of power-update.
var powerUpdates = map[string]Verb{"POWER_ON": PoweredOn, "POWER_OFF": PoweredOff}

// ExternalEvents takes notice of what other services say has happened to servers,
// and tells what became of each event, in their order. What is to be done about it
// is written down, for the processes of the servers' hosts. The error is Unavailable
// if that can't be: some events may have been taken then, and may come again.
func (a *Servers) ExternalEvents(ctx context.Context, events []nova.ServerEvent) ([]nova.EventFate, error) {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ServerID
	}
	hosts, err := a.store.HostsOf(ctx, unique(ids))
	if err != nil {
		return nil, err
	}
	fates := make([]nova.EventFate, len(events))
	var changed []string // servers whose network has changed
	for i, event := range events {
		fates[i] = fateOf(event, hosts)
		switch {
		case fates[i] != nova.EventTaken:
		case event.Name == nova.EventNetworkChanged, event.Name == nova.EventPortDeleted:
			changed = append(changed, event.ServerID)
		case event.Name == nova.EventVolumeExtended:
			err = a.volumeExtended(ctx, event)
		case event.Name == nova.EventVolumeReimaged && event.Tag != nil:
			err = a.store.Wake(ctx, nova.ReimageQueue(*event.Tag))
		case event.Name == nova.EventPowerUpdate:
			err = a.powerUpdated(ctx, event)
		}
		if err != nil {
			return nil, err
		}
	}
	return fates, a.store.NetworkChanged(ctx, unique(changed)...)
}

func fateOf(event nova.ServerEvent, hosts map[string]string) nova.EventFate {
	host, found := hosts[event.ServerID]
	switch {
	case !found:
		return nova.EventNoServer
	case event.Tag == nil && slices.Contains(needTag, event.Name):
		return nova.EventNoTag
	case host == "":
		return nova.EventNoHost
	}
	return nova.EventTaken
}

// volumeExtended has a server see that a volume has grown. One that has never run will
// see it when it does, so that this is only put on the record.
func (a *Servers) volumeExtended(ctx context.Context, event nova.ServerEvent) error {
	s, err := a.store.Server(ctx, event.ServerID)
	if err == nil {
		_, err = a.begin(ctx, s, ExtendVolume, volumeArgs{*event.Tag})
	}
	return a.orRecord(ctx, err, event.ServerID, ExtendVolume)
}

// powerUpdated has a server start or stop that has been turned on or off from
// outside. One that is not in the state for that is left alone, on the record.
// Other tags mean nothing.
func (a *Servers) powerUpdated(ctx context.Context, event nova.ServerEvent) error {
	verb, ok := powerUpdates[*event.Tag]
	if !ok {
		return nil
	}
	s, err := a.store.Server(ctx, event.ServerID)
	if err == nil {
		_, err = a.begin(ctx, s, verb, nil)
	}
	return a.orRecord(ctx, err, event.ServerID, verb)
}

// orRecord only records a verb of one step that a server's state doesn't allow. A server
// that has gone meanwhile is left alone.
func (a *Servers) orRecord(ctx context.Context, err error, id string, verb Verb) error {
	switch {
	case nova.Is(err, nova.Conflict):
		return a.onServer(ctx, id, func(tx *db.Store, s nova.Server) error {
			return record(ctx, tx, s, transitions[verb].action, transitions[verb].steps[0].event)
		})
	case nova.Is(err, nova.NotFound):
		return nil
	}
	return err
}

// onServer does something to a server in a transaction that holds it, unless it has
// gone.
func (a *Servers) onServer(ctx context.Context, id string, do func(tx *db.Store, s nova.Server) error) error {
	err := a.store.Tx(ctx, func(tx *db.Store) error {
		s, err := tx.LockServer(ctx, id)
		if err != nil {
			return err
		}
		return do(tx, s)
	})
	if nova.Is(err, nova.NotFound) {
		return nil
	}
	return err
}
