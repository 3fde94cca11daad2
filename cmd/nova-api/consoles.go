package main

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/console"
)

// consoleURL makes the addresses of consoles for a request.
func consoleURL(cfg *config.Config) func(r *rest.Request, kind, token string) string {
	return func(r *rest.Request, kind, token string) string {
		return consoleAddress(cfg.Consoles, r.Base(), kind, token)
	}
}

// consoleAddress is the address of a console: at the proxy that the configuration
// names, or at the one in this process. The token is where Nova has it: noVNC
// takes the path of its WebSocket, from the root of the host, from the query of its
// page; a path that the page has already in the configuration is where the token
// goes.
func consoleAddress(c config.Consoles, base, kind, token string) string {
	name, value := "token", token
	address := cmp.Or(c.SerialURL, "ws"+strings.TrimPrefix(base, "http")+console.Path+"/")
	if kind == "novnc" {
		name, value = "path", "?token="+token
		address = cmp.Or(c.VNCURL, base+console.Path+console.Page+"?path="+url.QueryEscape(pathOf(base)+console.Path[1:]+"/"))
	}
	page, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	if name == "path" {
		value = values.Get("path") + value
	}
	values.Set(name, value)
	return page + "?" + values.Encode()
}

// pathOf is the path of an address, without the slash that it begins with and
// with one at its end: empty for the root.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return ""
	}
	return strings.Trim(u.Path, "/") + "/"
}

// closeConsoles ends the sessions on consoles when the context ends: the server
// does not know of them any more.
func closeConsoles(ctx context.Context, proxy *console.Proxy, patience time.Duration) error {
	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return proxy.Close(ending)
}
