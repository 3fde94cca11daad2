package compute_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// roomy has the disk of tiny, which a smaller one would not fit the image.
var roomy = nova.Flavor{ID: "3", Name: "m1.roomy", RAM: 2048, VCPUs: 4, Disk: 1}

// ample is larger than small in all.
var ample = nova.Flavor{ID: "4", Name: "m1.ample", RAM: 2048, VCPUs: 4, Disk: 2, Ephemeral: 1}

func inPlace(o *compute.Options) { o.ResizeInPlace = true }

// TestResize makes a server larger and smaller, running and stopped, on another
// host and on its own, and ends that in each of the ways that there are.
func TestResize(t *testing.T) {
	t.Parallel()
	type testCase struct {
		from, to nova.Flavor
		first    compute.Verb
		alone    bool // there is only the server's own host
		end      func(s *site, server nova.Server) error
		kept     bool // it has the new flavor in the end
		state    string
		record   []string
		status   nova.MigrationStatus
	}
	confirm := func(s *site, server nova.Server) error { return s.api.ConfirmResize(s.as("demo"), server) }
	revert := func(s *site, server nova.Server) error { return s.api.RevertResize(s.as("demo"), server) }
	byItself := func(s *site, _ nova.Server) error {
		s.clock.advance(2 * time.Hour)
		return s.with(func(o *compute.Options) { o.ConfirmAfter = time.Hour }).EndWaits(s.t.Context())
	}
	remove := func(s *site, server nova.Server) error { return s.api.Delete(s.as("demo"), server) }
	softly := func(s *site, server nova.Server) error { return s.with(keepDeleted).Delete(s.as("demo"), server) }
	const resized = "resize: conductor_migrate_server, cold_migrate, compute_prep_resize, compute_resize_instance, compute_finish_resize"
	confirmed := []string{resized, "confirmResize: compute_confirm_resize"}
	reverted := []string{resized, "revertResize: compute_revert_resize, compute_finish_revert_resize"}
	stopped := []string{resized, "revertResize: compute_revert_resize, compute_finish_revert_resize, compute_stop_instance"}
	eachCase(t, map[string]testCase{
		"confirmed":           {tiny, small, "", false, confirm, true, "active", confirmed, nova.MigrationConfirmed},
		"confirmed by itself": {tiny, small, "", false, byItself, true, "active", confirmed, nova.MigrationConfirmed},
		"reverted":            {tiny, small, "", false, revert, false, "active", reverted, nova.MigrationReverted},
		"smaller, confirmed":  {roomy, tiny, "", false, confirm, true, "active", confirmed, nova.MigrationConfirmed},
		"smaller, reverted":   {roomy, tiny, "", false, revert, false, "active", reverted, nova.MigrationReverted},
		"stopped, confirmed":  {tiny, small, compute.Stop, false, confirm, true, "stopped", confirmed, nova.MigrationConfirmed},
		"stopped, reverted":   {tiny, small, compute.Stop, false, revert, false, "stopped", stopped, nova.MigrationReverted},
		"in place, confirmed": {tiny, small, "", true, confirm, true, "active", confirmed, nova.MigrationConfirmed},
		"in place, reverted":  {tiny, small, "", true, revert, false, "active", reverted, nova.MigrationReverted},
		"in place, stopped":   {tiny, small, compute.Stop, true, revert, false, "stopped", stopped, nova.MigrationReverted},
		"deleted":             {tiny, small, "", false, remove, true, "deleted", []string{resized, "delete: compute_terminate_instance"}, nova.MigrationConfirmed},
		"in place, deleted":   {tiny, small, "", true, remove, true, "deleted", []string{resized, "delete: compute_terminate_instance"}, nova.MigrationConfirmed},
		"deleted softly":      {tiny, small, "", false, softly, true, "soft-delete", []string{resized, "delete: compute_soft_delete_instance"}, nova.MigrationConfirmed},
		"in place, softly":    {tiny, small, "", true, softly, true, "soft-delete", []string{resized, "delete: compute_soft_delete_instance"}, nova.MigrationConfirmed},
	}, func(t *testing.T, s *site, name string, c testCase) {
		api := s.api
		if c.alone {
			api = s.with(inPlace)
		}
		anchor := s.boot(s.as("demo"))
		defer s.clear(anchor.ID)
		before := s.boot(s.as("demo"), onPrivate, func(r *compute.ServerRequest) {
			r.FlavorID = s.flavor(c.from)
			if c.alone {
				r.Hints = map[string][]string{"same_host": {anchor.ID}}
			}
		})
		s.first(before.ID, c.first)
		before = s.server(before.ID)
		ports, disk := s.ports(before.ID), s.read(before)
		s.must(api.Resize(s.as("demo"), before, compute.NewFlavor{ID: s.flavor(c.to), DiskConfig: "AUTO"}))
		s.wantStates(before.ID, string(before.VMState)+" resize_prep")
		s.work()
		s.wantStates(before.ID, "resized")
		s.settled()
		now := s.server(before.ID)
		if now.Flavor.Name != c.to.Name || (now.Host == before.Host) != c.alone || now.DiskConfig != "AUTO" || s.machine(now) != before.PowerState {
			t.Errorf("resized to %s on %s (was on %s), disk %s", now.Flavor.Name, now.Host, before.Host, now.DiskConfig)
		}
		if usage := now.Usage(); usage.Cores != max(c.from.VCPUs, c.to.VCPUs) || usage.RAM != max(c.from.RAM, c.to.RAM) {
			t.Errorf("it counts for %+v meanwhile", usage)
		}
		if s.read(now) != disk {
			t.Error("the disk is another")
		}
		s.wantPortsOn(before.ID, now.Host, ports)
		s.must(c.end(s, now))
		s.work()
		s.wantStates(before.ID, c.state)
		s.wantRecord(before.ID, slices.Concat(s.record(before.ID)[:len(s.record(before.ID))-len(c.record)], c.record)...)
		s.settled()
		migrations, err := s.store.MigrationsOf(t.Context(), before.ID)
		if err != nil || len(migrations) != 1 || migrations[0].Status != c.status || migrations[0].SourceHost != before.Host || migrations[0].TargetHost != now.Host {
			t.Errorf("on record: %+v, %v", migrations, err)
		}
		now = s.server(before.ID)
		if now.Elsewhere != nil || now.BeforeResize != nil {
			t.Errorf("left %+v, %+v", now.Elsewhere, now.BeforeResize)
		}
		if now.DeletedAt != nil {
			return
		}
		want := c.from
		if c.kept {
			want = c.to
		}
		if now.Flavor.Name != want.Name || !c.kept && now.Host != before.Host || s.read(now) != disk || c.state == string(before.VMState) && s.machine(now) != before.PowerState {
			t.Errorf("in the end %s on %s", now.Flavor.Name, now.Host)
		}
		s.wantPortsOn(before.ID, now.Host, ports)
		s.clear(before.ID)
	})
}

// wantPortsOn holds a server's ports to those that it had, and to a host.
func (s *site) wantPortsOn(id, host string, had []nova.Port) {
	s.t.Helper()
	var want, got []string
	for _, port := range had {
		want = append(want, port.ID+" on "+host)
	}
	for _, port := range s.ports(id) {
		got = append(got, port.ID+" on "+port.Host)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("ports (-want +got):\n%s", diff)
	}
}

// TestResize_Refused is what a client is told, in the order that Nova has.
func TestResize_Refused(t *testing.T) {
	t.Parallel()
	type testCase struct {
		change db.ServerChange
		flavor nova.Flavor
		disk   string
		kind   nova.Kind
		text   string
	}
	eachCase(t, map[string]testCase{
		"the same":        {flavor: tiny, kind: nova.Invalid, text: "When resizing, instances must change flavor!"},
		"unknown":         {flavor: nova.Flavor{ID: "mars"}, kind: nova.Invalid, text: "Flavor mars could not be found."},
		"disabled":        {flavor: nova.Flavor{ID: "off", Name: "off", RAM: 512, VCPUs: 1, Disk: 1, Disabled: true}, kind: nova.Invalid, text: "Flavor off could not be found."},
		"without a disk":  {flavor: nova.Flavor{ID: "zero", Name: "zero", RAM: 512, VCPUs: 1}, kind: nova.Invalid, text: "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed."},
		"no disk at all":  {flavor: nova.Flavor{ID: "zero", Name: "zero", RAM: 1024, VCPUs: 1}, change: db.ServerChange{Flavor: &nova.Flavor{Name: "none", RAM: 512, VCPUs: 1}}, kind: nova.Forbidden, text: "Only volume-backed servers are allowed for flavors with zero disk."},
		"accelerators":    {flavor: nova.Flavor{ID: "fast", Name: "fast", RAM: 512, VCPUs: 1, Disabled: true, ExtraSpecs: map[string]string{"accel:device_profile": "fpga"}}, kind: nova.Invalid, text: "Feature not supported with instances that have accelerators."},
		"too many cores":  {flavor: nova.Flavor{ID: "many", Name: "many", RAM: 512, VCPUs: 10, Disk: 1}, kind: nova.OverQuota, text: "Quota exceeded for cores: Requested 9, but already used 1 of 4 cores"},
		"too much of two": {flavor: nova.Flavor{ID: "much", Name: "much", RAM: 9000, VCPUs: 10, Disk: 1}, kind: nova.OverQuota, text: "Quota exceeded for cores, ram: Requested 9, 8488, but already used 1, 512 of 4, 2048 cores, ram"},
		"too small":       {flavor: nova.Flavor{ID: "less", Name: "less", RAM: 512, VCPUs: 1, Disk: 1, Ephemeral: 1}, change: db.ServerChange{Boot: &nova.Boot{MinRAM: 600}}, kind: nova.Invalid, text: "Flavor's memory is too small for requested image."},
		"other nodes":     {flavor: small, change: db.ServerChange{ImageProps: &map[string]string{"hw_numa_nodes": "2", "hw_numa_cpus.0": "0"}}, kind: nova.Invalid, text: "CPU and memory allocation must be provided for all NUMA nodes"},
		"other switches":  {flavor: small, change: db.ServerChange{ImageProps: &map[string]string{"hw_locked_memory": "yes"}}, kind: nova.Invalid, text: "locked_memory value in image or flavor is forbidden when mem_page_size is not set."},
		"realtime first":  {flavor: nova.Flavor{ID: "rt", Name: "rt", RAM: 512, VCPUs: 1, Disk: 1, Swap: 1, ExtraSpecs: map[string]string{"hw:cpu_policy": "own", "hw:cpu_realtime": "yes"}}, kind: nova.Invalid, text: "Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded emulator threads."},
		"quota first":     {flavor: nova.Flavor{ID: "many", Name: "many", RAM: 512, VCPUs: 10, Disk: 1}, change: db.ServerChange{Boot: &nova.Boot{MinRAM: 600}}, kind: nova.OverQuota, text: "Quota exceeded for cores: Requested 9, but already used 1 of 4 cores"},
		"encrypted":       {flavor: nova.Flavor{ID: "sev", Name: "sev", RAM: 512, VCPUs: 1, Disk: 1, Swap: 2}, change: db.ServerChange{ImageProps: &map[string]string{"hw_mem_encryption": "yes"}}, kind: nova.Invalid, text: "Memory encryption is requested by hw_mem_encryption property of image <no-id> but the image metadata doesn't have the 'hw_firmware_type' property set to 'uefi'"},
		"on a volume":     {flavor: nova.Flavor{ID: "less", Name: "less", RAM: 512, VCPUs: 1, Disk: 1, Ephemeral: 1}, change: db.ServerChange{ImageID: new(""), Boot: &nova.Boot{MinRAM: 600}, ImageProps: &map[string]string{"hw_numa_nodes": "0"}}, kind: nova.Invalid, text: "The property 'numa_nodes' cannot be '0'. It must be a number greater than 0"},
		"disk forbidden":  {flavor: small, change: db.ServerChange{ImageProps: &map[string]string{"auto_disk_config": "disabled"}}, disk: "AUTO", kind: nova.Invalid, text: "Requested image " + cirros + " has automatic disk resize disabled."},
		"paused":          {flavor: small, change: db.ServerChange{VMState: new(nova.Paused)}, kind: nova.Conflict, text: "Cannot 'resize' instance ID while it is in vm_state paused"},
		"shelved":         {flavor: small, change: db.ServerChange{Host: new(""), VMState: new(nova.ShelvedOffloaded)}, kind: nova.Conflict, text: "Cannot 'resize' instance ID while it is in vm_state shelved_offloaded"},
		"no host":         {flavor: small, change: db.ServerChange{Host: new("")}, kind: nova.Conflict, text: "Instance ID is not ready"},
		"host is down":    {flavor: small, change: db.ServerChange{Host: new("mars")}, kind: nova.Conflict, text: "Service is unavailable at this time."},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		if c.flavor.Name != "" {
			s.flavor(c.flavor)
		}
		server := s.boot(s.as("demo"))
		defer s.clear(server.ID)
		before := s.put(server.ID, c.change)
		wantRefusal(t, s.api.Resize(s.as("demo"), before, compute.NewFlavor{ID: c.flavor.ID, DiskConfig: c.disk}), c.kind, strings.ReplaceAll(c.text, "ID", server.ID))
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were queued", number)
		}
		s.put(server.ID, db.ServerChange{Host: &server.Host, VMState: &server.VMState, Flavor: &server.Flavor})
		s.settled()
	}, func(o *compute.Options) { o.Quota = nova.Quota{nova.QuotaCores: 4, nova.QuotaRAM: 2048} })
}

// TestResize_Fails leaves a server where it was: in its state if it was not touched,
// else in error, from where it is rebooted. Nothing of it is on the other host, nor
// counts.
func TestResize_Fails(t *testing.T) {
	t.Parallel()
	type testCase struct {
		change func(s *site, server nova.Server)
		state  string
		text   string
		status []nova.MigrationStatus
	}
	fail := func(verb string) func(s *site, server nova.Server) {
		return func(s *site, _ nova.Server) { s.failOnce(verb, errors.New("boom")) }
	}
	failed := []nova.MigrationStatus{nova.MigrationFailed}
	eachCase(t, map[string]testCase{
		"no host":    {func(s *site, server nova.Server) { s.put(server.ID, db.ServerChange{PinnedZone: new(new("mars"))}) }, "active", "No valid host was found. There are not enough hosts available.", nil},
		"to prepare": {fail("nodes"), "active", "boom", nil},
		"to send":    {fail("migrate_out"), "error", "boom", failed},
		"to finish":  {fail("migrate_in"), "error", "boom", failed},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"), onPrivate)
		ports := s.ports(server.ID)
		s.must(s.api.Resize(s.as("demo"), server, compute.NewFlavor{ID: s.flavor(small)}))
		c.change(s, server)
		s.work()
		s.wantStates(server.ID, c.state)
		now := s.server(server.ID)
		if now.Host != server.Host || now.Flavor.ID != tiny.ID || now.Fault == nil || now.Fault.Message != c.text || now.Elsewhere != nil {
			t.Errorf("on %s, %s, fault %+v, elsewhere %+v", now.Host, now.Flavor.Name, now.Fault, now.Elsewhere)
		}
		if s.machine(now) != nova.Running {
			t.Errorf("it does %d", s.machine(now))
		}
		s.wantPortsOn(server.ID, server.Host, ports)
		var statuses []nova.MigrationStatus
		migrations, err := s.store.MigrationsOf(t.Context(), server.ID)
		s.must(err)
		for _, m := range migrations {
			statuses = append(statuses, m.Status)
		}
		if diff := cmp.Diff(c.status, statuses); diff != "" {
			t.Errorf("on record (-want +got):\n%s", diff)
		}
		s.settled()
		s.clear(server.ID)
	})
}

// TestResize_EndFails fails to confirm and to revert. The server is in error where it
// is, and nowhere else once a reboot or a rebuild has put it right: it can be resized again.
func TestResize_EndFails(t *testing.T) {
	t.Parallel()
	type testCase struct {
		end   compute.Verb
		fails string // a verb of the driver
		cure  compute.Verb
		alone bool // there is only the server's own host
		back  bool // it is on its old host, in its old size
	}
	eachCase(t, map[string]testCase{
		"confirm":                    {compute.ConfirmResize, "confirm_migration", compute.HardReboot, false, false},
		"confirm in place":           {compute.ConfirmResize, "confirm_migration", compute.HardReboot, true, false},
		"confirm, rebuilt":           {compute.ConfirmResize, "confirm_migration", compute.Rebuild, false, false},
		"confirm, stopped":           {compute.ConfirmResize, "confirm_migration", compute.Stop, false, false},
		"confirm, rescued":           {compute.ConfirmResize, "confirm_migration", compute.Rescue, true, false},
		"revert, to leave":           {compute.RevertResize, "destroy", compute.HardReboot, false, false},
		"revert, to return":          {compute.RevertResize, "revert_migration", compute.HardReboot, false, true},
		"revert in place":            {compute.RevertResize, "revert_migration", compute.HardReboot, true, true},
		"revert, to return, rebuilt": {compute.RevertResize, "revert_migration", compute.Rebuild, false, true},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		api := s.api
		if c.alone {
			api = s.with(inPlace)
		}
		anchor := s.boot(s.as("demo"))
		defer s.clear(anchor.ID)
		before := s.boot(s.as("demo"), onPrivate, func(r *compute.ServerRequest) {
			if c.alone {
				r.Hints = map[string][]string{"same_host": {anchor.ID}}
			}
		})
		ports := s.ports(before.ID)
		s.must(api.Resize(s.as("demo"), before, compute.NewFlavor{ID: s.flavor(small)}))
		s.work()
		resized := s.server(before.ID)
		s.must(s.do(s.as("demo"), resized, c.end))
		s.failOnce(c.fails, errors.New("boom"))
		s.work()
		s.wantStates(before.ID, "error")
		host, flavor := resized.Host, small
		if c.back {
			host, flavor = before.Host, tiny
		}
		now := s.server(before.ID)
		if now.Host != host || now.Flavor.Name != flavor.Name || now.Fault == nil || now.Fault.Message != "boom" {
			t.Errorf("on %s, %s, fault %+v", now.Host, now.Flavor.Name, now.Fault)
		}
		s.wantPortsOn(before.ID, host, ports)
		if m := s.lastMigration(before.ID); m.Status != nova.MigrationFailed {
			t.Errorf("migration is %s", m.Status)
		}
		s.settled()
		s.first(before.ID, c.cure)
		s.settled()
		now = s.server(before.ID)
		if now.Host != host || now.Flavor.Name != flavor.Name || now.Elsewhere != nil || now.BeforeResize != nil || s.machine(now) != now.PowerState {
			t.Errorf("after %s on %s, %s, left %+v, %+v", c.cure, now.Host, now.Flavor.Name, now.Elsewhere, now.BeforeResize)
		}
		for _, other := range s.local.Names() {
			if other != host && s.isOn(other, before.ID) {
				t.Errorf("it is also on %s", other)
			}
		}
		s.first(before.ID, map[compute.Verb]compute.Verb{compute.Rescue: compute.Unrescue}[c.cure])
		s.must(api.Resize(s.as("demo"), s.server(before.ID), compute.NewFlavor{ID: s.flavor(ample)}))
		s.work()
		s.wantStates(before.ID, "resized")
		s.settled()
		s.clear(before.ID)
		s.settled()
	})
}

// TestResize_OnVolume gives a server on a volume a flavor without a disk, and one with a
// disk that its image would not fit on.
func TestResize_OnVolume(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), fromDisks(onVolume("image", cirros, 2, true)))
		s.put(server.ID, db.ServerChange{Boot: &nova.Boot{MinDisk: 2}})
		for _, flavor := range []nova.Flavor{{ID: "none", Name: "none", RAM: 512, VCPUs: 1}, {ID: "one", Name: "one", RAM: 512, VCPUs: 1, Disk: 1, Swap: 1}} {
			s.must(s.api.Resize(s.as("demo"), s.server(server.ID), compute.NewFlavor{ID: s.flavor(flavor)}))
			s.work()
			s.wantStates(server.ID, "resized")
			s.first(server.ID, compute.ConfirmResize)
			s.wantStates(server.ID, "active")
		}
		s.settled()
	})
}

// TestResize_NotResized is confirmed and reverted in vain.
func TestResize_NotResized(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		server = s.put(server.ID, db.ServerChange{VMState: new(nova.Resized)})
		for _, end := range []func(context.Context, nova.Server) error{s.api.ConfirmResize, s.api.RevertResize} {
			wantRefusal(t, end(s.as("demo"), server), nova.Invalid, "Instance has not been resized.")
		}
	})
}

// TestResize_Together has many grow at once, for whom there is not room in the
// quota: as many as fit do.
func TestResize_Together(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const many = 4
		var servers []nova.Server
		for range many {
			servers = append(servers, s.boot(s.as("demo")))
		}
		s.flavor(small)
		ctx, results := s.as("demo"), make(chan error)
		for _, server := range servers {
			go func() { results <- s.api.Resize(ctx, server, compute.NewFlavor{ID: small.ID}) }()
		}
		began := 0
		for range servers {
			switch err := <-results; {
			case err == nil:
				began++
			case !nova.Is(err, nova.OverQuota):
				t.Error(err)
			}
		}
		s.work()
		s.settled()
		if began != 2 {
			t.Errorf("%d servers were resized", began)
		}
	}, func(o *compute.Options) { o.Quota = nova.Quota{nova.QuotaCores: 6} })
}
