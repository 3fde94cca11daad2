package api_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
)

// migration puts a migration of a server on record, which nobody works at, and gives
// its number.
func (s *cloudSite) migration(server string, kind nova.MigrationType, status nova.MigrationStatus) string {
	s.t.Helper()
	found, err := s.store.AnyServer(s.t.Context(), server)
	must(s.t, err)
	m := nova.Migration{
		ID: uuid.NewString(), ServerID: server, Type: kind, Status: status, UserID: "demo-user", ProjectID: found.ProjectID,
		SourceHost: "fake-1", SourceNode: "fake-1", TargetHost: "fake-2", TargetNode: "fake-2", TargetIP: "127.0.0.1", OldFlavor: 1, NewFlavor: 2,
		MemoryTotal: new(int64(3)), MemoryProcessed: new(int64(2)), MemoryRemaining: new(int64(1)),
		DiskTotal: new(int64(3)), DiskProcessed: new(int64(2)), DiskRemaining: new(int64(1)),
	}
	must(s.t, s.store.CreateMigration(s.t.Context(), m))
	all, err := s.store.MigrationsOf(s.t.Context(), server)
	must(s.t, err)
	return strconv.FormatInt(all[len(all)-1].Serial, 10)
}

// TestMigrations_Listed by each filter and in pages, in the order of its version.
func TestMigrations_Listed(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		web, db := s.begin("web", ""), s.begin("db", "")
		first := s.migration(web, nova.MigrationResize, nova.MigrationFinished)
		second := s.migration(db, nova.MigrationLive, nova.MigrationRunning)
		third := s.migration(web, nova.MigrationResize, nova.MigrationFailed)
		all := s.Do("GET /v2.1/os-migrations", at(80)).Want(t, 200)
		id := func(i int) string { return all.String(fmt.Sprintf("migrations/%d/uuid", i)) }
		must(t, s.store.SetMigrationStatus(t.Context(), id(0), nova.MigrationFailed)) // the third: no other has ever changed
		for _, c := range []struct {
			minor int
			query string
			want  string
		}{
			{1, "", first + second + third},
			{58, "?limit=1&user_id=x&changes-since=2100-01-01T00:00:00Z&node=x", first + second + third},
			{59, "", third + second + first},
			{59, "?limit=2", third + second},
			{59, "?limit=0", ""},
			{59, "?limit=2&marker=" + id(1), first},
			{1, "?instance_uuid=" + web, first + third},
			{1, "?status=running", second},
			{1, "?status=error&status=running", second},
			{1, "?migration_type=resize", first + third},
			{1, "?host=fake-2", first + second + third},
			{1, "?host=fake-2&source_compute=x", first + second + third},
			{1, "?host=fake-3", ""},
			{1, "?source_compute=fake-2", ""},
			{1, "?source_compute=fake-1", first + second + third},
			{1, "?hidden=true", ""},
			{1, "?hidden=0", first + second + third},
			{59, "?changes-since=2000-01-01T00:00:00Z", third},
			{66, "?changes-before=2000-01-01T00:00:00Z", ""},
			{66, "?changes-before=2100-01-01T00:00:00Z", third},
			{80, "?user_id=demo-user", third + second + first},
			{80, "?user_id=x", ""},
			{80, "?project_id=" + demoProject, third + second + first},
			{80, "?project_id=x", ""},
		} {
			r := s.Do("GET /v2.1/os-migrations"+c.query, at(c.minor)).Want(t, 200)
			var got []string
			for i := range r.Len("migrations") {
				got = append(got, fmt.Sprint(r.At(fmt.Sprintf("migrations/%d/id", i))))
			}
			if ids := strings.Join(got, ""); ids != c.want {
				t.Errorf("%s at 2.%d: %s, want %s", c.query, c.minor, ids, c.want)
			}
		}
		next := s.Do("GET /v2.1/os-migrations?limit=2&status=x&status=error", at(59)).Want(t, 200, lacks("migrations_links"))
		if next.Len("migrations") != 1 {
			t.Errorf("the last of two: %s", next.text)
		}
		s.Do("GET /v2.1/os-migrations?limit=1", at(59)).Want(t, 200, has("migrations_links/0/rel", "next"))
		s.Do("DELETE /v2.1/servers/"+db, as("demo")).Want(t, 204)
		s.work()
		s.Do("GET /v2.1/os-migrations?instance_uuid="+db).Want(t, 200, has("migrations", []any{}))
	})
}

// TestMigrations_Refused is what a client is told of a list, or of a migration below
// a server, that there is not.
func TestMigrations_Refused(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		web := s.begin("web", "")
		ended := s.migration(web, nova.MigrationLive, nova.MigrationFailed)
		resize := s.migration(web, nova.MigrationResize, nova.MigrationUnderWay)
		below := "/servers/" + web + "/migrations/"
		for _, c := range []struct {
			caller, path  string
			minor, status int
			fault, text   string
		}{
			{"admin", "/os-migrations?marker=x", 59, 400, "badRequest", "Marker x could not be found."},
			{"admin", "/os-migrations?changes-before=2020-01-01T00:00:00Z&changes-since=2021-01-01T00:00:00Z", 66, 400, "badRequest", "The value of changes-since must be less than or equal to changes-before."},
			{"admin", "/os-migrations?user_id=x", 59, 400, "badRequest", "Additional properties are not allowed ('user_id' was unexpected)"},
			{"manager", "/os-migrations", 80, 403, "forbidden", "Policy doesn't allow os_compute_api:os-migrations:index:all_projects to be performed."},
			{"manager", "/os-migrations?project_id=" + altProject, 80, 403, "forbidden", "Policy doesn't allow os_compute_api:os-migrations:index:all_projects to be performed."},
			{"manager", "/os-migrations?project_id=" + demoProject, 58, 403, "forbidden", "Policy doesn't allow os_compute_api:os-migrations:index:all_projects to be performed."},
			{"demo", "/os-migrations?project_id=" + demoProject, 80, 403, "forbidden", "Policy doesn't allow os_compute_api:os-migrations:index to be performed."},
			{"admin", below + "x", 23, 404, "itemNotFound", "In-progress live migration x is not found for server " + web + "."},
			{"admin", below + "99999999999999999999", 23, 404, "itemNotFound", "In-progress live migration 99999999999999999999 is not found for server " + web + "."},
			{"admin", below + resize, 23, 404, "itemNotFound", "Migration " + resize + " for server " + web + " is not live-migration."},
			{"admin", below + ended, 23, 404, "itemNotFound", "Live migration " + ended + " for server " + web + " is not in progress."},
		} {
			r := s.Do("GET /v2.1"+c.path, as(c.caller), at(c.minor)).Want(t, c.status)
			if text := r.String(c.fault + "/message"); !strings.HasSuffix(text, c.text) {
				t.Errorf("%s at 2.%d: %s", c.path, c.minor, r.text)
			}
		}
		s.Do("GET /v2.1"+strings.TrimSuffix(below, "/"), at(23)).Want(t, 200, has("migrations", []any{}))
		live := s.migration(web, nova.MigrationLive, nova.MigrationQueued)
		s.Do("GET /v2.1"+below+live, at(23)).Want(t, 200, has("migration/dest_compute", "fake-2"))
		s.Do("GET /v2.1"+strings.TrimSuffix(below, "/"), as("manager"), at(23)).Want(t, 200, has("migrations/0/dest_compute", nil), has("migrations/0/status", "queued"))
		s.Do("GET /v2.1/os-migrations?project_id="+demoProject, as("manager"), at(80)).Want(t, 200, has("migrations/0/source_compute", nil))
	})
}

// TestSamples_Migrations compares migrations with the API samples.
func TestSamples_Migrations(t *testing.T) {
	t.Parallel()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		web := s.begin("web", "")
		id := s.migration(web, nova.MigrationLive, nova.MigrationRunning)
		s.migration(web, nova.MigrationResize, nova.MigrationFailed)
		marker := s.Do("GET /v2.1/os-migrations?limit=1", at(59)).String("migrations/0/uuid")
		for i, status := range []nova.MigrationStatus{nova.MigrationFailed, nova.MigrationRunning} {
			uuid := s.Do("GET /v2.1/os-migrations", at(59)).String(fmt.Sprintf("migrations/%d/uuid", i))
			must(t, s.store.SetMigrationStatus(t.Context(), uuid, status))
		}
		requests := map[string]string{
			"os-migrations/migrations-get.json":                         "/os-migrations",
			"os-migrations/migrations-get-with-limit.json":              "/os-migrations?limit=1",
			"os-migrations/migrations-get-with-marker.json":             "/os-migrations?marker=" + marker,
			"os-migrations/migrations-get-with-changes-since.json":      "/os-migrations?changes-since=2000-01-01T00:00:00Z&migration_type=resize",
			"os-migrations/migrations-get-with-changes-before.json":     "/os-migrations?changes-before=2100-01-01T00:00:00Z&migration_type=live-migration",
			"os-migrations/migrations-get-with-user-or-project-id.json": "/os-migrations?user_id=demo-user&project_id=" + demoProject,
			"server-migrations/migrations-get.json":                     "/servers/" + web + "/migrations/" + id,
			"server-migrations/migrations-index.json":                   "/servers/" + web + "/migrations",
		}
		for name, path := range requests {
			dir, file := filepath.Split(name)
			for _, minor := range append(minorsIn(t, filepath.Join(folder, dir)), 1) {
				c := sample{file: filepath.Join(dir, inVersion(minor), file), request: "GET /v2.1" + path, minor: minor, status: 200}
				if exists(folder, c.file) {
					s.alikeAs(t, "admin", folder, c)
				}
			}
		}
	})
}
