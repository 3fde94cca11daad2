package compute_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestCreate_BlockDevices is which disks may be asked for.
func TestCreate_BlockDevices(t *testing.T) {
	t.Parallel()
	type disk = compute.BlockDevice
	zero, one, none := 0, 1, -1
	blank := func(size int) disk { return disk{Source: "blank", Destination: "local", Size: size} }
	root := disk{Source: "image", Destination: "local", ID: cirros, BootIndex: &zero}
	const (
		mapping = "Block Device Mapping is Invalid: "
		noBoot  = mapping + "Boot sequence for the instance and image/block device mapping combination is not valid."
		noRoom  = "Ephemeral disks requested are larger than the instance type allows. " +
			"If no size is given in one block device mapping, flavor ephemeral size will be used."
	)
	type testCase struct {
		image string
		disks []disk
		text  string
	}
	eachCase(t, map[string]testCase{
		"the image":                   {cirros, []disk{root}, ""},
		"the image and an empty one":  {cirros, []disk{root, {Source: "blank", Destination: "local", Size: 2, BootIndex: &none}}, ""},
		"the image and swap":          {cirros, []disk{root, {Source: "blank", Destination: "local", Size: 1, Swap: true}}, ""},
		"empty ones, too large":       {cirros, []disk{root, blank(1), blank(2)}, noRoom},
		"empty ones without a size":   {cirros, []disk{root, blank(0), blank(0)}, noRoom},
		"an empty one without a size": {cirros, []disk{root, blank(0)}, ""},
		"swap, too large":             {cirros, []disk{root, {Source: "blank", Destination: "local", Size: 1025, Swap: true}}, "Swap drive requested is larger than instance type allows."},
		"swap twice":                  {cirros, []disk{root, {Source: "blank", Destination: "local", Swap: true}, {Source: "blank", Destination: "local", Swap: true}}, mapping + "More than one swap drive requested."},
		"three on the host":           {cirros, []disk{root, blank(1), {Source: "blank", Destination: "local", Size: 1024, Swap: true}}, ""},
		"four on the host":            {cirros, []disk{root, blank(1), blank(1)}, mapping + "You specified more local devices than the limit allows"},
		"two to boot from":            {cirros, []disk{root, root}, noBoot},
		"none to boot from":           {"", []disk{{Source: "blank", Destination: "volume", Size: 1}}, noBoot},
		"a second without one":        {"", []disk{{Source: "blank", Destination: "volume", Size: 1, BootIndex: &one}}, noBoot},
		"a volume that isn't there":   {cirros, []disk{root, {Source: "volume", Destination: "volume", ID: "v"}}, "Volume v could not be found."},
		"a volume to boot from":       {"", []disk{{Source: "volume", Destination: "volume", ID: "v", BootIndex: &zero}}, mapping + "failed to get volume v."},
		"a snapshot":                  {cirros, []disk{root, {Source: "snapshot", Destination: "volume", ID: "s"}}, mapping + "failed to get snapshot s."},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		_, err := s.api.Create(ctx, request(func(n *compute.ServerRequest) {
			n.ImageID, n.Devices = c.image, c.disks
			n.FlavorID = s.flavor(nova.Flavor{ID: "5", Name: "disks", RAM: 512, VCPUs: 1, Disk: 1, Ephemeral: 2, Swap: 1024})
		}))
		wantRefusal(t, err, nova.Invalid, c.text)
	})
}

// TestCreate_Placement is where servers may be asked to be, and where they are.
func TestCreate_Placement(t *testing.T) {
	t.Parallel()
	type target = compute.Target
	type testCase struct {
		zone      string
		force, to target
		refusal   string
		on        string // "" for either host
		pinned    string
		fault     string
	}
	eachCase(t, map[string]testCase{
		"anywhere":             {},
		"in a zone":            {zone: "nova", pinned: "nova"},
		"in no zone":           {zone: "mars", refusal: "The requested availability zone is not available"},
		"forced to a host":     {zone: "nova", force: target{Host: "fake-2"}, on: "fake-2", pinned: "nova"},
		"forced to a node":     {zone: "nova", force: target{Node: "fake-1"}, on: "fake-1", pinned: "nova"},
		"forced to both":       {zone: "nova", force: target{"fake-2", "fake-2"}, on: "fake-2", pinned: "nova"},
		"forced, no zone":      {force: target{Host: "fake-1"}, on: "fake-1"},
		"forced, another zone": {zone: "mars", force: target{Host: "fake-1"}, on: "fake-1"},
		"forced to nowhere":    {zone: "nova", force: target{Host: "mars"}, pinned: "nova", fault: "No valid host was found. No such host - host: mars node: None "},
		"on a host":            {to: target{Host: "fake-1"}, on: "fake-1"},
		"on a node":            {to: target{Node: "fake-2"}, on: "fake-2"},
		"on a host that isn't": {to: target{Host: "mars"}, refusal: "Compute host mars could not be found."},
		"on a node that isn't": {to: target{Node: "mars"}, refusal: "Compute host mars could not be found."},
		"on a host's node":     {to: target{"fake-1", "fake-2"}, refusal: "Compute host fake-1 could not be found."},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		created, err := s.api.Create(ctx, request(func(n *compute.ServerRequest) {
			n.Zone, n.Force, n.To = c.zone, c.force, c.to
		}))
		wantRefusal(t, err, nova.Invalid, c.refusal)
		if err != nil {
			return
		}
		s.work()
		server := s.server(created.Servers[0].ID)
		pinned := ""
		if server.PinnedZone != nil {
			pinned = *server.PinnedZone
		}
		fault := ""
		if server.Fault != nil {
			fault = server.Fault.Message
		}
		if c.on != "" && server.Host != c.on || pinned != c.pinned || fault != c.fault {
			t.Errorf("on %q, pinned to %q, fault %q", server.Host, pinned, fault)
		}
		s.settled()
	})
}

// TestCreate_HostsInUse are passed over if they are full, disabled or silent.
func TestCreate_HostsInUse(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		half := s.flavor(nova.Flavor{ID: "6", Name: "half a host", RAM: 8000, VCPUs: 1, Disk: 1})
		var on []string
		for range 3 {
			server := s.begin(s.as("demo"), func(n *compute.ServerRequest) { n.FlavorID = half })
			s.work()
			on = append(on, s.server(server.ID).Host)
		}
		if on[0] == "" || on[1] == "" || on[0] == on[1] || on[2] != "" {
			t.Errorf("on %q: want each host to have one, and nobody the third", on)
		}
		s.settled()
		s.clock.advance(13 * time.Hour) // no heart has beaten since
		server := s.begin(s.as("demo"))
		s.work()
		s.wantStates(server.ID, "error")
		s.settled()
	})
}

// TestCreate_Parallel has many ask at once for more than there may be.
func TestCreate_Parallel(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const callers, most = 40, 10
		ctx := s.as("demo")
		results := make(chan error, callers)
		for range callers {
			go func() {
				_, err := s.api.Create(ctx, request())
				results <- err
			}()
		}
		made := 0
		for range callers {
			switch err := <-results; {
			case err == nil:
				made++
			case !nova.Is(err, nova.OverQuota):
				t.Error(err)
			}
		}
		if made != most {
			t.Errorf("made %d", made)
		}
		s.consistent()
		s.work()
		s.settled()
	}, func(o *compute.Options) { o.Quota = nova.Quota{nova.QuotaInstances: 10} })
}

func TestChangeMetadata(t *testing.T) {
	t.Parallel()
	type change = func(map[string]string) (map[string]string, error)
	add := func(items map[string]string) change {
		return func(before map[string]string) (map[string]string, error) {
			maps.Copy(before, items)
			return before, nil
		}
	}
	none := errors.New("nothing like that")
	type testCase struct {
		state  db.ServerChange
		change change
		want   map[string]string
		err    error
	}
	eachCase(t, map[string]testCase{
		"added":      {db.ServerChange{}, add(map[string]string{"b": "2"}), map[string]string{"a": "1", "b": "2"}, nil},
		"emptied":    {db.ServerChange{}, func(map[string]string) (map[string]string, error) { return nil, nil }, nil, nil},
		"refused":    {db.ServerChange{}, func(map[string]string) (map[string]string, error) { return nil, none }, map[string]string{"a": "1"}, none},
		"too much":   {db.ServerChange{}, add(map[string]string{"b": "2", "c": "3"}), map[string]string{"a": "1"}, nova.Errorf(nova.OverQuota, "Maximum number of metadata items exceeds 2")},
		"while busy": {db.ServerChange{TaskState: new(nova.Pausing)}, add(map[string]string{"b": "2"}), map[string]string{"a": "1", "b": "2"}, nil},
		"in error": {
			db.ServerChange{VMState: new(nova.Errored)},
			add(nil),
			map[string]string{"a": "1"},
			nova.Errorf(nova.Conflict, "Cannot 'update metadata' instance ID while it is in vm_state error"),
		},
		"locked": {db.ServerChange{LockedBy: new("admin")}, add(nil), map[string]string{"a": "1"}, nova.Errorf(nova.Conflict, "Instance ID is locked")},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"), func(n *compute.ServerRequest) { n.Metadata = map[string]string{"a": "1"} })
		server = s.put(server.ID, c.state)
		_, err := s.api.ChangeMetadata(s.as("demo"), server, "update metadata", c.change)
		switch {
		case c.err == nil && err != nil, c.err != nil && nova.KindOf(err) != nova.KindOf(c.err), errors.Is(c.err, none) && !errors.Is(err, none):
			t.Errorf("%v, want %v", err, c.err)
		}
		if diff := cmp.Diff(c.want, s.server(server.ID).Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
	}, func(o *compute.Options) { o.Quota = nova.Quota{nova.QuotaMetadataItems: 2} })
}

// TestChangeMetadata_Together loses nobody's change.
func TestChangeMetadata_Together(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server, ctx := s.boot(s.as("demo")), s.as("demo")
		keys := []string{"a", "b", "c", "d", "e", "f"}
		var group sync.WaitGroup
		for _, key := range keys {
			group.Go(func() {
				_, err := s.api.ChangeMetadata(ctx, server, "update metadata", func(m map[string]string) (map[string]string, error) {
					m[key] = "here"
					return m, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := s.server(server.ID).Metadata; len(got) != len(keys) {
			t.Errorf("left %v", got)
		}
	})
}

func TestConsoleOutput(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		begun := s.begin(ctx)
		_, err := s.api.ConsoleOutput(ctx, begun, -1)
		wantRefusal(t, err, nova.Conflict, "Instance "+begun.ID+" is not ready")
		s.work()
		server := s.server(begun.ID)
		all, err := s.api.ConsoleOutput(ctx, server, -1)
		s.must(err)
		last, err := s.api.ConsoleOutput(ctx, server, 3)
		s.must(err)
		if all == "" || last == "" || len(last) >= len(all) || all[len(all)-len(last):] != last {
			t.Errorf("the last lines are %q of %q", last, all)
		}
		elsewhere := server
		elsewhere.Host = "another"
		_, err = s.api.ConsoleOutput(ctx, elsewhere, -1)
		wantRefusal(t, err, nova.Conflict, "Service is unavailable at this time.")
		s.must(s.local.Driver(server.Host).Destroy(context.WithoutCancel(ctx), server))
		_, err = s.api.ConsoleOutput(ctx, server, -1)
		wantRefusal(t, err, nova.Conflict, "Instance "+server.ID+" is not ready")
	})
}
