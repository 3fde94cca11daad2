package hosts

import "context"

// Beat is one heartbeat.
func (r *Registrar) Beat(ctx context.Context) error { return r.beat(ctx) }
