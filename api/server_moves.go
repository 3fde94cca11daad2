package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// resize gives the server another flavor.
func (c *Servers) resize(ctx context.Context, r *rest.Request, s nova.Server, in schema.ResizeBody) (any, error) {
	return nil, c.Compute.Resize(ctx, s, compute.NewFlavor{
		ID: string(in.Resize.FlavorRef), DiskConfig: in.Resize.DiskConfig, ZeroDisk: r.Can(policy.ServerCreateZeroDiskFlavor),
	})
}

// migrate moves the server to another host, which the client may name since 2.56.
func (c *Servers) migrate(ctx context.Context, r *rest.Request, s nova.Server, in schema.MigrateBody) (any, error) {
	host, rule := "", policy.Migrate
	if r.AtLeast(56) && in.Migrate.Value.Host != "" {
		host, rule = in.Migrate.Value.Host, policy.MigrateHost
	}
	if err := r.Enforce(rule, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID}); err != nil {
		return nil, err
	}
	return nil, c.Compute.Migrate(ctx, s, host)
}

// migrateLive moves the server to another host while it runs. The client may name the
// host, and until 2.67 forces the server there: always before 2.30. Since 2.34 the answer
// comes at once, and before when the hosts have been found fit.
func (c *Servers) migrateLive(ctx context.Context, r *rest.Request, s nova.Server, in schema.MigrateLiveBody) (any, error) {
	rule, wanted := policy.MigrateLive, compute.LiveMigration{Host: in.Migrate.Host, Wait: !r.AtLeast(34)}
	if wanted.Host != "" {
		rule, wanted.Force = policy.MigrateLiveHost, !r.AtLeast(30) || bool(in.Migrate.Force)
	}
	if err := r.Enforce(rule, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID}); err != nil {
		return nil, err
	}
	if bool(in.Migrate.Force) && wanted.Host == "" {
		return nil, errForcedNowhere
	}
	return nil, c.Compute.LiveMigrate(ctx, s, wanted)
}

// evacuate makes the server anew on another host, since its own is down. The client
// may name the host, and until 2.67 forces the server there: always before 2.29.
// Since 2.95 the server is stopped in the end.
func (c *Servers) evacuate(ctx context.Context, r *rest.Request, s nova.Server, in schema.EvacuateBody) (any, error) {
	e := compute.Evacuation{
		Host: in.Evacuate.Host, Force: in.Evacuate.Host != "" && (!r.AtLeast(29) || bool(in.Evacuate.Force)),
		Password: in.Evacuate.AdminPass, Shared: bool(in.Evacuate.OnSharedStorage), Stop: r.AtLeast(95),
	}
	if bool(in.Evacuate.Force) && e.Host == "" {
		return nil, errForcedNowhere
	}
	if e.Shared && e.Password != nil {
		return nil, nova.Errorf(nova.Invalid, "admin password can't be changed on existing disk")
	}
	password, err := c.Compute.Evacuate(ctx, s, e)
	if err != nil {
		return nil, err
	}
	return c.evacuated(r, e, password), nil
}

// errForcedNowhere is for a client that forces a server, but doesn't say where to.
var errForcedNowhere = nova.Errorf(nova.Invalid, "Can't force to a non-provided destination")

// evacuated answers with the administrator's password until 2.13: null if disks are
// shared, since it stays what it was.
func (c *Servers) evacuated(r *rest.Request, e compute.Evacuation, password string) any {
	switch {
	case r.AtLeast(14) || !c.ShowPassword:
		return nil
	case e.Shared:
		return views.Dict{{Key: "adminPass", Value: nil}}
	}
	return views.AdminPass(&password)
}

// confirmResize keeps the server as it was resized.
func (c *Servers) confirmResize(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.ConfirmResize(ctx, s)
}

// revertResize takes the server back to what it was.
func (c *Servers) revertResize(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.RevertResize(ctx, s)
}

// shelve shuts the server down and keeps an image of it.
func (c *Servers) shelve(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.Shelve(ctx, s)
}

// unshelve starts a shelved server again: in a zone that the client may name since
// 2.77, or on a host since 2.91. A zone that is null unpins the server.
func (c *Servers) unshelve(ctx context.Context, r *rest.Request, s nova.Server, in schema.UnshelveBody) (any, error) {
	to := compute.Unshelving{MayChoose: func() error {
		return r.Enforce(policy.UnshelveToHost, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID})
	}}
	if zone := in.Unshelve.Value.AvailabilityZone; zone.Set && r.AtLeast(77) {
		to.Zone = &zone.Value
	}
	if r.AtLeast(91) {
		to.Host = in.Unshelve.Value.Host
	}
	return nil, c.Compute.Unshelve(ctx, s, to)
}
