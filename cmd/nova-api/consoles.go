package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/console"
)

// consoleURL makes the addresses of consoles: at the proxy that the configuration
// names, or at the one in this process. The token is where Nova has it: noVNC
// takes the path of its WebSocket from the query of its page.
func consoleURL(cfg *config.Config) func(r *rest.Request, kind, token string) string {
	return func(r *rest.Request, kind, token string) string {
		if kind == "novnc" {
			base := cfg.Consoles.VNCURL
			if base == "" {
				base = r.Base() + console.Path + console.Page
			}
			return withQuery(base, "path", "?token="+token)
		}
		base := cfg.Consoles.SerialURL
		if base == "" {
			base = "ws" + strings.TrimPrefix(r.Base(), "http") + console.Path + "/"
		}
		return withQuery(base, "token", token)
	}
}

// withQuery adds a parameter to an address.
func withQuery(base, name, value string) string {
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	return base + separator + url.Values{name: {value}}.Encode()
}

// closeConsoles ends the sessions on consoles when the context ends: the server
// does not know of them any more.
func closeConsoles(ctx context.Context, proxy *console.Proxy, patience time.Duration) error {
	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return proxy.Close(ending)
}
