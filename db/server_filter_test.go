package db_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
)

// mixed writes servers of which many are alike in one thing or another, and
// some lack it.
func mixed(t *testing.T, s *db.Store, count int) {
	t.Helper()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range count {
		server := nova.Server{
			ID: fmt.Sprintf("%02d-%d", (i*7)%count, i), Name: fmt.Sprint("n", i%4), Hostname: fmt.Sprint("h", i%3), ProjectID: fmt.Sprint("p", i%2),
			UserID: fmt.Sprint("u", i%3), VMState: []nova.VMState{nova.Active, nova.Stopped, nova.Errored}[i%3],
			PowerState: nova.PowerState(i % 2), Flavor: nova.Flavor{ID: strconv.Itoa(i % 3)}, ImageID: fmt.Sprint("i", i%2), ConfigDrive: i%2 == 0,
			DiskConfig: []string{"AUTO", "MANUAL"}[i%2], Zone: fmt.Sprint("z", i%2), CreatedAt: began.Add(time.Duration(i/3) * time.Second),
		}
		if i%2 == 0 {
			later := began.Add(time.Duration(i%5) * time.Minute)
			server.Host, server.Node, server.KeyName, server.RootDevice = "fake-1", "fake-1", new(fmt.Sprint("k", i%4)), new("/dev/vda")
			server.UpdatedAt, server.LaunchedAt, server.Description, server.LockedBy = &later, &later, new("d"), "owner"
			server.TaskState, server.AccessIPv4 = nova.Pausing, "192.0.2.1"
		}
		_, err := s.CreateServer(t.Context(), server)
		must(t, err)
	}
}

// matches is a filter by one pattern.
func matches(t *testing.T, key, text string) map[string][]pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(text)
	must(t, err)
	return map[string][]pattern.Pattern{key: {p}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestServers_Pages walks the list in pages, by every key, in both directions
// and with a second key in the other direction: together they must be what one
// page shows.
func TestServers_Pages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const count, size = 14, 4
		mixed(t, s, count)
		for _, key := range []string{
			"access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive", "created_at", "display_description",
			"display_name", "host", "hostname", "id", "image_ref", "instance_type_id", "kernel_id", "key_name", "launch_index", "launched_at",
			"locked", "locked_by", "node", "power_state", "progress", "project_id", "ramdisk_id", "root_device_name", "task_state",
			"terminated_at", "updated_at", "user_id", "uuid", "vm_state",
		} {
			if !db.SortsServers(key) {
				t.Errorf("servers can't be sorted by %s", key)
			}
			for _, sorts := range [][]nova.Sort{
				{{Key: key}},
				{{Key: key, Desc: true}},
				{{Key: key}, {Key: "display_name", Desc: true}},
				{{Key: key, Desc: true}, {Key: "hostname"}, {Key: "created_at", Desc: true}},
			} {
				whole := serverIDs(t, s, nova.Page{Limit: count + 1, Sort: sorts})
				if len(whole) != count {
					t.Fatalf("by %v: %d servers", sorts, len(whole))
				}
				var walked []string
				for page := (nova.Page{Limit: size, Sort: sorts}); len(walked) < count; page.Marker = walked[len(walked)-1] {
					part := serverIDs(t, s, page)
					if len(part) == 0 {
						break
					}
					walked = append(walked, part...)
				}
				if diff := cmp.Diff(whole, walked); diff != "" {
					t.Errorf("by %v (-whole +pages):\n%s", sorts, diff)
				}
			}
		}
	})
}

// serverIDs is a page of servers by ID: the same, whether with all of them or
// only the names.
func serverIDs(t *testing.T, s *db.Store, p nova.Page) []string {
	t.Helper()
	id := func(found []nova.Server, err error) (ids []string) {
		t.Helper()
		must(t, err)
		for _, server := range found {
			ids = append(ids, server.ID)
		}
		return ids
	}
	full, names := id(s.Servers(t.Context(), db.ServerFilter{}, p)), id(s.ServerNames(t.Context(), db.ServerFilter{}, p))
	if !slices.Equal(full, names) {
		t.Errorf("names of %q, servers %q", names, full)
	}
	return full
}

// TestServers_NothingFitsNothing filters by what some servers don't have.
func TestServers_NothingFitsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const count = 14
		mixed(t, s, count)
		for name, f := range map[string]db.ServerFilter{
			"key":         {Matches: matches(t, "key_name", ".*")},
			"node":        {Matches: matches(t, "node", ".*")},
			"lock":        {Matches: matches(t, "locked_by", ".*")},
			"description": {Matches: matches(t, "display_description", ".*")},
			"device":      {Matches: matches(t, "root_device_name", ".*")},
			"address":     {Matches: matches(t, "access_ip_v4", ".*")},
			"launch":      {Matches: matches(t, "launched_at", ".*")},
			"second":      {Matches: matches(t, "launched_at", `^2026-01-02 03:\d\d:05$`)},
			"zone":        {Matches: matches(t, "availability_zone", "Z1")},
		} {
			found, err := s.ServerNames(t.Context(), f, nova.Page{Limit: 100})
			must(t, err)
			if len(found) != count/2 {
				t.Errorf("%s: %d servers", name, len(found))
			}
		}
		for name, f := range map[string]db.ServerFilter{
			"idle":    {Exact: map[string][]string{"task_state": {""}}},
			"no host": {Exact: map[string][]string{"host": {""}}},
		} {
			found, err := s.ServerNames(t.Context(), f, nova.Page{Limit: 100})
			must(t, err)
			if len(found) != 0 {
				t.Errorf("%s: %d servers", name, len(found))
			}
		}
		for _, f := range []db.ServerFilter{
			{Matches: matches(t, "id", "1")}, {Exact: map[string][]string{"1 = 1 OR uuid": {"x"}}},
		} {
			if _, err := s.ServerNames(t.Context(), f, nova.Page{Limit: 1}); err == nil {
				t.Errorf("a filter that there isn't: %v", f)
			}
		}
		if _, err := s.Servers(t.Context(), db.ServerFilter{}, nova.Page{Limit: 1, Sort: []nova.Sort{{Key: "1; DROP TABLE servers"}}}); !nova.Is(err, nova.Invalid) {
			t.Errorf("a sort key that there isn't: %v", err)
		}
	})
}
