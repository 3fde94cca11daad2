package virttest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// interfaces plugs NICs in and out, each twice, as after a crash. The driver of
// another process finds them. A NIC can be plugged into a server that is shut
// down, and is there when it starts.
func interfaces(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	first := nics()[0].PortID
	wantInterfaces(t, d, s, first)
	for range 2 {
		do(t, "attach", attacher(d).AttachInterface(t.Context(), s, virt.NIC{PortID: "second", MAC: "fa:16:3e:00:00:02"}))
		wantInterfaces(t, d, s, first, "second")
	}
	// From here on the server is off: the host has to remember.
	do(t, "power off", d.PowerOff(t.Context(), s))
	do(t, "attach", attacher(d).AttachInterface(t.Context(), s, virt.NIC{PortID: "third", IPs: []string{"10.0.0.7"}}))
	wantInterfaces(t, host(t), s, first, "second", "third")
	for range 2 {
		do(t, "detach", attacher(d).DetachInterface(t.Context(), s, first))
		wantInterfaces(t, host(t), s, "second", "third")
	}
	do(t, "power on", d.PowerOn(t.Context(), s))
	wantInterfaces(t, d, s, "second", "third")
	stranger := newServer()
	wantKind(t, "attach to an unknown server", attacher(d).AttachInterface(t.Context(), stranger, nics()[0]), nova.NotFound)
	wantKind(t, "detach from an unknown server", attacher(d).DetachInterface(t.Context(), stranger, first), nova.NotFound)
	_, err := attacher(d).Interfaces(t.Context(), stranger)
	wantKind(t, "interfaces of an unknown server", err, nova.NotFound)
}

// interfacesAtOnce plugs several NICs in at once: none gets lost. Clients such as
// Terraform attach all ports of a server side by side.
func interfacesAtOnce(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	want := []string{nics()[0].PortID}
	var group sync.WaitGroup
	for i := range 8 {
		port := fmt.Sprint("port ", i)
		want = append(want, port)
		group.Go(func() {
			if err := attacher(d).AttachInterface(t.Context(), s, virt.NIC{PortID: port}); err != nil {
				t.Errorf("attach: %v", err)
			}
		})
	}
	group.Wait()
	wantInterfaces(t, d, s, want...)
}

// attacher is the driver as one that plugs NICs in.
func attacher(d virt.Driver) virt.Attacher {
	attacher, _ := d.(virt.Attacher) // which it is, or the test would not run
	return attacher
}

// wantInterfaces compares the ports that are plugged in, in any order. Their order
// is the driver's business.
func wantInterfaces(t *testing.T, d virt.Driver, s nova.Server, want ...string) {
	t.Helper()
	plugged, err := attacher(d).Interfaces(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ports := make([]string, len(plugged))
	for i, nic := range plugged {
		ports[i] = nic.PortID
	}
	slices.Sort(ports)
	slices.Sort(want)
	if !slices.Equal(ports, want) {
		t.Errorf("plugged in: %q, want %q", ports, want)
	}
}
