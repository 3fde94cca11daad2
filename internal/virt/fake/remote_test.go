package fake_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// TestOpenConsole goes to consoles as a proxy does.
func TestOpenConsole(t *testing.T) {
	t.Parallel()
	d, err := fake.New(fake.Options{Dir: t.TempDir(), Host: "h", VCPUs: 8, RAM: 8192, Disk: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	server := nova.Server{ID: uuid.NewString(), Name: "web-1", Flavor: nova.Flavor{VCPUs: 1, RAM: 64, Disk: 1}}
	if _, err := d.OpenConsole(t.Context(), server, "serial"); !nova.Is(err, nova.NotFound) {
		t.Errorf("the console of a server that is not there: %v", err)
	}
	if err := d.Spawn(t.Context(), server, virt.Build{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.OpenConsole(t.Context(), server, "spice"); !nova.Is(err, nova.NotImplemented) {
		t.Errorf("a console that the host doesn't speak: %v", err)
	}
	for protocol, want := range map[string]string{"vnc": "RFB 003.008\n", "serial": "server: web-1\r\nstate:  running\r\n"} {
		t.Run(protocol, func(t *testing.T) {
			address, err := d.OpenConsole(t.Context(), server, protocol)
			if err != nil {
				t.Fatal(err)
			}
			again, err := d.OpenConsole(t.Context(), server, protocol)
			if err != nil || again != address {
				t.Errorf("a second time, %+v, %v; want %+v", again, err, address)
			}
			for path, status := range map[string]string{
				address.InternalAccessPath: "HTTP/1.1 200 OK\r\n",
				"/" + uuid.NewString():     "HTTP/1.1 404 Not Found\r\n",
				"/../etc":                  "HTTP/1.1 400 Bad Request\r\n",
			} {
				conn := dial(t, address)
				if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
					t.Fatal(err)
				}
				in := bufio.NewReader(conn)
				if got, err := in.ReadString('\n'); err != nil || got != status {
					t.Errorf("%s: %q, %v", path, got, err)
				}
				if !strings.Contains(status, "200") {
					continue
				}
				if _, err := in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
					t.Errorf("%s says %q, %v", protocol, got, err)
				}
			}
		})
	}
}

// Closing the host ends its sessions, and nobody listens any more.
func TestClose(t *testing.T) {
	t.Parallel()
	d, err := fake.New(fake.Options{Dir: t.TempDir(), Host: "h"})
	if err != nil {
		t.Fatal(err)
	}
	server := nova.Server{ID: uuid.NewString(), Name: "web-1"}
	if err := d.Spawn(t.Context(), server, virt.Build{}); err != nil {
		t.Fatal(err)
	}
	address, err := d.OpenConsole(t.Context(), server, "serial")
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, address)
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\n\r\n", address.InternalAccessPath); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the session ended with %v", err)
	}
	if _, err := d.OpenConsole(t.Context(), server, "serial"); err == nil {
		t.Error("a closed host opens a console")
	}
}

func dial(t *testing.T, to nova.ConsoleAddress) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(to.Port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
