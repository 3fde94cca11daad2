package notify

import (
	"context"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// flavorPayload shows a flavor. The projects are those that may use it if it is
// private: nil if they are not known.
func flavorPayload(f nova.Flavor, projects []string) fields {
	return object("FlavorPayload", "1.4", fields{
		"flavorid": f.ID, "name": f.Name, "memory_mb": f.RAM, "vcpus": f.VCPUs, "root_gb": f.Disk, "ephemeral_gb": f.Ephemeral, "swap": f.Swap,
		"rxtx_factor": f.RxTx, "vcpu_weight": f.VCPUWeight, "disabled": f.Disabled, "is_public": f.Public, "description": f.Description,
		"extra_specs": orNone(f.ExtraSpecs), "projects": projects,
	})
}

// Flavor tells of a flavor that was made, changed or removed, and of the projects that
// may use it if it is private: nil for one that is gone. Call it in a transaction that
// has locked the flavor.
func (n *Notifier) Flavor(ctx context.Context, tx *db.Store, action string, f nova.Flavor, projects []string) error {
	if n == nil {
		return nil
	}
	return n.write(ctx, tx, "flavor", f.ID, n.byAPI(ctx, action, ""), flavorPayload(f, projects))
}

// byAPI is an event that the API tells of, and its caller has caused.
func (n *Notifier) byAPI(ctx context.Context, action, phase string) Event {
	return Event{Action: action, Phase: phase, From: n.API(), By: InitiatorOf(ctx)}
}

// keyPairPayload shows a key pair. Before it is made, it has no keys.
func keyPairPayload(k nova.KeyPair) fields {
	return object("KeypairPayload", "1.0", fields{
		"user_id": k.UserID, "name": k.Name, "type": k.Type, "fingerprint": orNull(k.Fingerprint), "public_key": orNull(k.PublicKey),
	})
}

// keyPairsOf are the key pairs that a server is made with: one or none.
func keyPairsOf(k *nova.KeyPair) []fields {
	if k == nil {
		return []fields{}
	}
	return []fields{keyPairPayload(*k)}
}

// KeyPair tells that a key pair was made, imported or removed: as it was before, and as
// it is after. Call it in the transaction that does so.
func (n *Notifier) KeyPair(ctx context.Context, tx *db.Store, action string, before, after nova.KeyPair) error {
	if n == nil {
		return nil
	}
	id := after.UserID + "/" + after.Name
	if err := n.write(ctx, tx, "keypair", id, n.byAPI(ctx, action, Start), keyPairPayload(before)); err != nil {
		return err
	}
	return n.write(ctx, tx, "keypair", id, n.byAPI(ctx, action, End), keyPairPayload(after))
}

// ServerGroup tells that a server group was made or removed, or has got a member. Call
// it in a transaction that has locked the group.
func (n *Notifier) ServerGroup(ctx context.Context, tx *db.Store, action string, g nova.ServerGroup) error {
	if n == nil {
		return nil
	}
	rules := map[string]string{}
	if g.MaxServerPerHost != nil {
		rules["max_server_per_host"] = strconv.Itoa(*g.MaxServerPerHost)
	}
	return n.write(ctx, tx, "server_group", g.ID, n.byAPI(ctx, action, ""), object("ServerGroupPayload", "1.1", fields{
		"uuid": g.ID, "name": g.Name, "user_id": g.UserID, "project_id": g.ProjectID, "policies": []nova.GroupPolicy{g.Policy}, "policy": g.Policy,
		"rules": rules, "members": orEmpty(g.Members), "hosts": nil,
	}))
}

// Aggregate tells that an aggregate was changed: as it was before, and as it is after.
// One that there was not before has no number then. Call it in a transaction that has
// locked the aggregate.
func (n *Notifier) Aggregate(ctx context.Context, tx *db.Store, action string, before, after nova.Aggregate) error {
	if n == nil {
		return nil
	}
	if err := n.write(ctx, tx, "aggregate", after.ID, n.byAPI(ctx, action, Start), aggregatePayload(before)); err != nil {
		return err
	}
	return n.write(ctx, tx, "aggregate", after.ID, n.byAPI(ctx, action, End), aggregatePayload(after))
}

func aggregatePayload(a nova.Aggregate) fields {
	var serial any
	if a.Serial != 0 {
		serial = a.Serial
	}
	return object("AggregatePayload", "1.1", fields{
		"id": serial, "uuid": a.ID, "name": a.Name, "hosts": orEmpty(a.Hosts), "metadata": orNone(a.Metadata),
	})
}

// serviceVersion is what services of Nova 34 say of themselves: SERVICE_VERSION in
// nova/objects/service.py.
const serviceVersion = 73

// Service tells that a service was made, changed or removed. It tells so itself, as
// Nova's do. How often it has reported is not counted. Call it in a transaction that
// has locked the service.
func (n *Notifier) Service(ctx context.Context, tx *db.Store, action string, s nova.Service) error {
	if n == nil {
		return nil
	}
	e := Event{Action: action, From: Publisher{s.Binary, s.Host}, By: InitiatorOf(ctx)}
	return n.write(ctx, tx, "service", s.ID, e, object("ServiceStatusPayload", "1.1", fields{
		"host": s.Host, "binary": s.Binary, "topic": strings.TrimPrefix(s.Binary, "nova-"), "uuid": s.ID, "version": serviceVersion, "report_count": 0,
		"disabled": s.Disabled, "disabled_reason": s.DisabledReason, "forced_down": s.ForcedDown,
		"availability_zone": nil, "last_seen_up": moment(&s.SeenAt),
	}))
}
