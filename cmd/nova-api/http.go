package main

import (
	"bytes"
	"context"
	"fmt"
	stdlog "log" //nolint:depguard // http.Server has no other way to complain
	"net"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/config"
)

// listen opens the listener of the process.
func listen(ctx context.Context, cfg *config.Config) (net.Listener, error) {
	address := net.JoinHostPort(cfg.ListenHost, strconv.Itoa(cfg.ListenPort))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

// An httpServer is a handler with all that it is served with.
type httpServer struct {
	handler     http.Handler
	patience    patience
	certificate *certificate // nil without TLS
	log         zerolog.Logger
}

// run serves until the context ends; then it lets requests that are under way
// finish, as far as patience goes.
func (s httpServer) run(ctx context.Context, listener net.Listener) error {
	p := s.patience
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(s.certificate != nil)
	protocols.SetUnencryptedHTTP2(s.certificate == nil)
	server := &http.Server{
		Handler: p.guard(s.handler), Protocols: protocols, ErrorLog: serverLog(s.log),
		MaxHeaderBytes: maxHead, ReadHeaderTimeout: p.head, IdleTimeout: p.idle,
		// Streams of HTTP/2 have the deadlines of guard; these are for connections
		// that take nothing any more, or are gone without a word.
		HTTP2: &http.HTTP2Config{WriteByteTimeout: p.stall, SendPingTimeout: p.idle, PingTimeout: p.head},
	}
	failed := make(chan error, 1)
	go func() { failed <- s.serve(server, listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.end)
	defer cancel()
	if err := server.Shutdown(ending); err != nil { // clients that dawdle are no failure of ours
		s.log.Warn().Err(err).Msg("some requests were cut off")
		return server.Close()
	}
	return nil
}

// serve serves with TLS or without.
func (s httpServer) serve(server *http.Server, listener net.Listener) error {
	if s.certificate == nil {
		return server.Serve(listenForPercents(listener, server))
	}
	server.TLSConfig = s.certificate.config()
	return server.ServeTLS(listener, "", "")
}

// serverLog is where net/http complains. Most of that is about clients that
// don't speak TLS, or not ours.
func serverLog(log zerolog.Logger) *stdlog.Logger {
	return stdlog.New(complaints{log}, "", 0)
}

// complaints are lines of net/http's own log.
type complaints struct{ log zerolog.Logger }

// Write logs a line.
func (c complaints) Write(line []byte) (int, error) {
	event := c.log.Warn()
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		event = c.log.Debug()
	}
	event.Msg(string(bytes.TrimSpace(line)))
	return len(line), nil
}
