package main

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

// TestUnderSystemd listens in systemd's place: the process is ready, alive, and ends.
func TestUnderSystemd(t *testing.T) {
	address := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	t.Setenv("NOTIFY_SOCKET", address)
	t.Setenv("WATCHDOG_USEC", "20000")
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); underSystemd(ctx, zerolog.Nop()) }()
	read := func() string {
		t.Helper()
		text := make([]byte, 100)
		_ = socket.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := socket.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	told := []string{read(), read(), read()}
	end()
	last := read()
	for last == "WATCHDOG=1" {
		last = read()
	}
	<-ended
	if diff := cmp.Diff([]string{"READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"}, append(told, last)); diff != "" {
		t.Errorf("systemd was told (-want +got):\n%s", diff)
	}
}
