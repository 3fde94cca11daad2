package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Services answers for /os-services: the parts of the cloud that report to be
// alive. Since 2.53 they are known by UUID, before by number or by what they are.
type Services struct{ Options }

// Operations are the operations on services.
func (c *Services) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.ServicesQuery).Needs(policy.ServiceList),
		"update": rest.DoWith(schema.ServiceUpdate, c.update).Needs(policy.ServiceUpdate).Refuse(noUUID),
		"delete": rest.Do(c.delete).Needs(policy.ServiceDelete).Status(http.StatusNoContent),
	}
}

// index lists all services, or those of a host or with a binary.
func (c *Services) index(ctx context.Context, r *rest.Request) (any, error) {
	services, err := c.Hosts.Services(ctx, db.ServiceFilter{Host: r.Last("host"), Binary: r.Last("binary")})
	if err != nil {
		return nil, err
	}
	return views.Services{}.Index(r, services), nil
}

// noUUID refuses what can't be the ID of a service, of which 2.53 made UUIDs.
func noUUID(r *rest.Request) error {
	if byID := r.AtLeast(53); !byID {
		return nil
	}
	return checkUUID(r.ID())
}

// update changes a service that runs a host.
func (c *Services) update(ctx context.Context, r *rest.Request, in schema.ServiceUpdateBody) (any, error) {
	if byID := r.AtLeast(53); byID {
		return c.updateByID(ctx, r, in)
	}
	return c.updateByName(ctx, r, in)
}

func (c *Services) updateByID(ctx context.Context, r *rest.Request, in schema.ServiceUpdateBody) (any, error) {
	change := hosts.ServiceChange{ForcedDown: (*bool)(in.ForcedDown)}
	if in.Status != nil {
		change.Disabled = new(*in.Status == "disabled")
		change.Reason = in.DisabledReason
	}
	service, err := c.Hosts.ChangeService(ctx, r.ID(), change)
	if err != nil {
		return nil, err
	}
	return views.Services{}.Show(r, service), nil
}

// A serviceVerb is what the path of an update named until 2.52: what it changes,
// or why it can't.
type serviceVerb func(in schema.ServiceUpdateBody) (hosts.ServiceChange, error)

// serviceVerbs finds the verbs of a version.
func serviceVerbs(r *rest.Request) map[string]serviceVerb {
	verbs := map[string]serviceVerb{"enable": enable, "disable": disable, "disable-log-reason": disableWithReason}
	if r.AtLeast(11) {
		verbs["force-down"] = forceDown
	}
	return verbs
}

func enable(schema.ServiceUpdateBody) (hosts.ServiceChange, error) {
	return hosts.ServiceChange{Disabled: new(false)}, nil
}

func disable(schema.ServiceUpdateBody) (hosts.ServiceChange, error) {
	return hosts.ServiceChange{Disabled: new(true)}, nil
}

func disableWithReason(in schema.ServiceUpdateBody) (hosts.ServiceChange, error) {
	if in.DisabledReason == nil {
		return hosts.ServiceChange{}, nova.Errorf(nova.Invalid, "Missing disabled reason field")
	}
	return hosts.ServiceChange{Disabled: new(true), Reason: in.DisabledReason}, nil
}

func forceDown(in schema.ServiceUpdateBody) (hosts.ServiceChange, error) {
	if in.ForcedDown == nil {
		return hosts.ServiceChange{}, nova.Errorf(nova.Invalid, "Missing forced_down field")
	}
	return hosts.ServiceChange{ForcedDown: (*bool)(in.ForcedDown)}, nil
}

func (c *Services) updateByName(ctx context.Context, r *rest.Request, in schema.ServiceUpdateBody) (any, error) {
	verb, ok := serviceVerbs(r)[r.ID()]
	if !ok {
		return nil, nova.Errorf(nova.NotFound, "Unknown action")
	}
	change, err := verb(in)
	if err != nil {
		return nil, err
	}
	service, err := c.Hosts.ChangeNamed(ctx, in.Host, in.Binary, change)
	if err != nil {
		return nil, err
	}
	return views.Services{}.Changed(service, change.ForcedDown != nil), nil
}

// delete removes a service. With one that runs a host, the host is gone.
func (c *Services) delete(ctx context.Context, r *rest.Request) (any, error) {
	filter, err := serviceFilter(r)
	if err != nil {
		return nil, err
	}
	err = c.Hosts.DeleteService(ctx, filter)
	if nova.Is(err, nova.NotFound) {
		return nil, nova.Errorf(nova.NotFound, "Service %s not found.", r.ID())
	}
	return nil, err
}

// serviceFilter finds the service that a path names: by its UUID since 2.53, and
// by its number before.
func serviceFilter(r *rest.Request) (db.ServiceFilter, error) {
	if byID := r.AtLeast(53); byID {
		return db.ServiceFilter{ID: r.ID()}, checkUUID(r.ID())
	}
	serial, err := serialIn(r.ID())
	return db.ServiceFilter{Serial: serial}, err
}

func checkUUID(id string) error {
	if schema.IsUUID(id) {
		return nil
	}
	return nova.Errorf(nova.Invalid, "Invalid uuid %s", id)
}
