package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
)

// BenchmarkMany asks a small cloud and a large one for answers of the same size. The
// large one has NOVA_BENCH_SERVERS servers, in a hundredth as many projects and on as
// many hosts.
func BenchmarkMany(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { many(b, func() string { return dbtest.SQLiteIn(b, b.TempDir()) }) })
	if dbtest.HasPostgres() {
		b.Run("postgres", func(b *testing.B) { many(b, func() string { return dbtest.PostgresFor(b) }) })
	}
}

func many(b *testing.B, connection func() string) {
	b.Helper()
	sizes := []int{pageOf, servers(b)}
	stores := make([]*db.Store, len(sizes))
	for i, size := range sizes {
		stores[i] = dbtest.Open(b, connection())
		dbtest.Many(b, stores[i], newServer(0), size)
	}
	for _, q := range questions(b) {
		for i, size := range sizes { // side by side, so that what else the machine does counts for both
			b.Run(fmt.Sprintf("%s/of=%d", q.name, size), func(b *testing.B) {
				for b.Loop() {
					if err := q.ask(b.Context(), stores[i], size); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// A question is one that clients ask of a cloud with so many servers.
type question struct {
	name string
	ask  func(ctx context.Context, s *db.Store, size int) error
}

func questions(b *testing.B) []question {
	b.Helper()
	live := false
	prefix, err := pattern.Parse("^server-1")
	if err != nil {
		b.Fatal(err)
	}
	list := func(name string, f func(*db.ServerFilter, *nova.Page, *db.Store, int)) question {
		return question{name, func(ctx context.Context, s *db.Store, size int) error {
			filter, page := db.ServerFilter{Deleted: &live}, nova.Page{Limit: pageOf}
			f(&filter, &page, s, size)
			found, err := s.Servers(ctx, filter, page)
			if err == nil && len(found) == 0 {
				err = nova.Errorf(nova.NotFound, "no servers")
			}
			return err
		}}
	}
	all := []question{
		list("first page", func(*db.ServerFilter, *nova.Page, *db.Store, int) {}),
		list("last page", func(_ *db.ServerFilter, p *nova.Page, _ *db.Store, size int) {
			p.Marker = dbtest.ServerID(min(pageOf, size-1))
		}),
		list("project", func(f *db.ServerFilter, _ *nova.Page, _ *db.Store, _ int) { f.ProjectID = dbtest.Project(3) }),
		list("project by name", func(f *db.ServerFilter, p *nova.Page, _ *db.Store, _ int) {
			f.ProjectID, p.Sort = dbtest.Project(3), []nova.Sort{{Key: "display_name"}}
		}),
		list("name prefix in a project", func(f *db.ServerFilter, _ *nova.Page, _ *db.Store, _ int) {
			f.ProjectID, f.Matches = dbtest.Project(1), map[string][]pattern.Pattern{"name": {prefix}}
		}),
		list("host", func(f *db.ServerFilter, _ *nova.Page, _ *db.Store, _ int) {
			f.Exact = map[string][]string{"host": {dbtest.Host(3)}}
		}),
		list("status", func(f *db.ServerFilter, _ *nova.Page, _ *db.Store, _ int) { f.States = []nova.VMState{nova.Errored} }),
		list("tag", func(f *db.ServerFilter, _ *nova.Page, _ *db.Store, _ int) { f.AllTags = []string{"rare"} }),
		list("changes-since", func(f *db.ServerFilter, _ *nova.Page, s *db.Store, size int) {
			f.Deleted, f.ChangedSince = nil, newest(b, s, size)
		}),
		{"show", func(ctx context.Context, s *db.Store, size int) error {
			_, err := s.Server(ctx, dbtest.ServerID(size/3))
			return err
		}},
		{"create", create},
		{"limits", func(ctx context.Context, s *db.Store, _ int) error {
			_, err := s.Usage(ctx, dbtest.Project(3), "")
			return err
		}},
		{"usage of a project", func(ctx context.Context, s *db.Store, _ int) error {
			period := nova.Period{Start: s.Now().Add(-time.Hour), Stop: s.Now()}
			_, err := s.UsedServers(ctx, period, dbtest.Project(3), nova.Page{Limit: pageOf})
			return err
		}},
	}
	for _, key := range []string{"created_at", "id", "uuid", "updated_at"} {
		all = append(all, list("all by "+key, func(_ *db.ServerFilter, p *nova.Page, _ *db.Store, _ int) { p.Sort = []nova.Sort{{Key: key}} }))
	}
	return all
}

// newest is when the newest server of a store was created: its project with it.
func newest(b *testing.B, s *db.Store, size int) *time.Time {
	b.Helper()
	server, err := s.Server(b.Context(), dbtest.ServerID(size-1))
	if err != nil {
		b.Fatal(err)
	}
	return &server.CreatedAt
}

// create writes a server that comes with its tags, and takes it away again, so that
// the other answers stay as they are.
func create(ctx context.Context, s *db.Store, _ int) error {
	stop := nova.Errorf(nova.Invalid, "taken back")
	err := s.Tx(ctx, func(tx *db.Store) error {
		server := newServer(0)
		server.ID, server.CreatedAt = uuid.NewString(), tx.Now()
		if _, err := tx.CreateServer(ctx, server); err != nil {
			return err
		}
		return stop
	})
	if err == stop { //nolint:errorlint // the very one
		return nil
	}
	return err
}
