package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// RemoteConsoles answers for /servers/{server_id}/remote-consoles, since 2.6.
// Before, there was an action for each protocol.
type RemoteConsoles struct{ ofServer }

// Operations are the operations on consoles.
func (c *RemoteConsoles) Operations() rest.Operations {
	return rest.Operations{
		"create": rest.OnWith(c.load, schema.RemoteConsoleCreate, c.create).Needs(policy.RemoteConsoles).Since(6),
	}
}

// create opens a console of a type and protocol that fit together. The URL in
// the reply holds a token, which is valid for a while.
func (c *RemoteConsoles) create(ctx context.Context, r *rest.Request, s nova.Server, in schema.RemoteConsoleCreateBody) (any, error) {
	protocol, kind := in.Console.Protocol, in.Console.Type
	if protocol == "rdp" {
		return nil, errNoRDP
	}
	token, err := c.Compute.OpenConsole(ctx, s, protocol, kind)
	if err != nil {
		return nil, err
	}
	return views.RemoteConsole(protocol, kind, c.ConsoleURL(r, kind, token)), nil
}

// consoleActions are the actions on servers that opened a console until 2.5,
// one for each type. Policy is asked before the server is looked for.
func (c *Servers) consoleActions() rest.Operations {
	open := func(protocol string, kind func(schema.GetConsoleBody) string) func(context.Context, *rest.Request, schema.GetConsoleBody) (any, error) {
		return func(ctx context.Context, r *rest.Request, in schema.GetConsoleBody) (any, error) {
			server, err := c.load(ctx, r)
			if err != nil {
				return nil, err
			}
			token, err := c.Compute.OpenConsole(ctx, server, protocol, kind(in))
			if err != nil {
				return nil, err
			}
			return views.ConsoleURL(kind(in), c.ConsoleURL(r, kind(in), token)), nil
		}
	}
	vnc := open("vnc", func(in schema.GetConsoleBody) string { return in.VNC.Type })
	spice := open("spice", func(in schema.GetConsoleBody) string { return in.SPICE.Type })
	serial := open("serial", func(in schema.GetConsoleBody) string { return in.Serial.Type })
	return rest.Operations{
		"os-getVNCConsole":    rest.DoWith(schema.GetVNCConsole, vnc).Needs(policy.RemoteConsoles).Until(5),
		"os-getSPICEConsole":  rest.DoWith(schema.GetSPICEConsole, spice).Needs(policy.RemoteConsoles).Until(5),
		"os-getSerialConsole": rest.DoWith(schema.GetSerialConsole, serial).Needs(policy.RemoteConsoles).Until(5),
		"os-getRDPConsole":    rest.DoWith(schema.GetRDPConsole, rdpConsole).Until(5),
	}
}

// errNoRDP refuses a type of console that only Hyper-V had, whose driver Nova has
// removed. Nova has a text for it that gets lost on the way.
var errNoRDP = nova.Errorf(nova.Invalid, "")

// rdpConsole refuses every body, whatever it says.
func rdpConsole(context.Context, *rest.Request, schema.NoArguments) (any, error) {
	return nil, errNoRDP
}

// ConsoleAuthTokens answers for /os-console-auth-tokens: proxies ask which console
// a token opens.
type ConsoleAuthTokens struct{ Options }

// Operations are the operations on console tokens.
func (c *ConsoleAuthTokens) Operations() rest.Operations {
	return rest.Operations{
		"show": rest.Do(c.show).Needs(policy.ConsoleAuthTokens).Query(schema.ConsoleAuthTokenQuery).Refuse(onlyRDP),
	}
}

// onlyRDP refuses every token until 2.30, which knew of RDP consoles only.
func onlyRDP(r *rest.Request) error {
	if allProtocols := r.AtLeast(31); allProtocols {
		return nil
	}
	return nova.Errorf(nova.Invalid, "")
}

// show finds the console that a token opens.
func (c *ConsoleAuthTokens) show(ctx context.Context, r *rest.Request) (any, error) {
	address, err := c.Store.ConsoleOfToken(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return views.ConsoleAuthToken(r, address), nil
}
