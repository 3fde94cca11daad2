// Package bench measures what must be fast: reading servers and rendering
// them. `make bench` runs it on both databases; bench/http.sh measures the
// whole service under load. The figures are in docs/PERFORMANCE.md.
package bench

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// serversVariable names the environment variable that says how many servers
// the store holds while it is measured.
const serversVariable = "NOVA_BENCH_SERVERS"

const (
	standardServers = 10_000
	pageOf          = 1000
	perProject      = 2 * pageOf // so that a project's page is one of several
)

func servers(b *testing.B) int {
	b.Helper()
	text := os.Getenv(serversVariable)
	if text == "" {
		return standardServers
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", serversVariable, err)
	}
	return number
}

// each runs a benchmark on every database that there is, with servers in it.
func each(b *testing.B, run func(b *testing.B, s *db.Store, ids []string)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) {
		s := dbtest.Open(b, dbtest.SQLiteIn(b, b.TempDir()))
		run(b, s, fill(b, s, servers(b)))
	})
	if os.Getenv(dbtest.PostgresVariable) == "" {
		b.Logf("%s is not set: PostgreSQL is left out (make bench sets it)", dbtest.PostgresVariable)
		return
	}
	b.Run("postgres", func(b *testing.B) {
		s := dbtest.Open(b, dbtest.PostgresFor(b))
		run(b, s, fill(b, s, servers(b)))
	})
}

// fill writes servers, in projects of perProject each, and gives their IDs.
func fill(b *testing.B, s *db.Store, number int) []string {
	b.Helper()
	const perTransaction = 1000
	ids := make([]string, 0, number)
	for len(ids) < number {
		err := s.Tx(b.Context(), func(tx *db.Store) error {
			for range min(perTransaction, number-len(ids)) {
				server := newServer(len(ids))
				server.CreatedAt = tx.Now()
				if _, err := tx.CreateServer(b.Context(), server); err != nil {
					return err
				}
				ids = append(ids, server.ID)
			}
			return nil
		})
		if err != nil {
			b.Fatalf("fill the store: %v", err)
		}
	}
	return ids
}

func project(number int) string { return fmt.Sprintf("project-%d", number/perProject) }

// newServer is a server as clouds have them.
func newServer(number int) nova.Server {
	root, key := "/dev/vda", "key"
	return nova.Server{
		ID: uuid.NewString(), Name: fmt.Sprintf("server-%d", number), Hostname: fmt.Sprintf("server-%d", number),
		ProjectID: project(number), UserID: "4c1f8fb7b0d74e7bb4e1b8b0d54d8a5f", VMState: nova.Active, PowerState: nova.Running,
		Host: "fake-1", Node: "fake-1", ImageID: uuid.NewString(), KeyName: &key, RootDevice: &root, DiskConfig: "MANUAL",
		Flavor: nova.Flavor{
			ID: "2", Name: "m1.small", RAM: 2048, VCPUs: 1, Disk: 20, RxTx: 1, Public: true,
			ExtraSpecs: map[string]string{"hw:cpu_policy": "shared"},
		},
		Metadata: map[string]string{"role": "web", "tier": "front"}, Tags: []string{"blue"},
		Addresses:      []nova.Address{{Network: "private", MAC: "fa:16:3e:00:00:01", IP: "10.0.0.5", Version: 4, Type: "fixed"}},
		SecurityGroups: []string{"default"}, ReservationID: "r-abcdefgh",
	}
}

// BenchmarkServer reads one server.
func BenchmarkServer(b *testing.B) {
	each(b, func(b *testing.B, s *db.Store, ids []string) {
		b.Helper()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Server(b.Context(), ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkServers reads a page of a thousand: the first of a project, and one
// behind a marker.
func BenchmarkServers(b *testing.B) {
	live := false
	each(b, func(b *testing.B, s *db.Store, ids []string) {
		b.Helper()
		for _, c := range []struct {
			name string
			page nova.Page
		}{
			{"first", nova.Page{Limit: pageOf}},
			{"marker", nova.Page{Limit: pageOf, Marker: ids[perProject-1]}},
		} {
			b.Run(c.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Servers(b.Context(), db.ServerFilter{ProjectID: project(0), Deleted: &live}, c.page); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
