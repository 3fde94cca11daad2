package bench

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
)

// standardHosts are as many as the largest clouds have.
const standardHosts = 10_000

// BenchmarkHosts reads all hosts, as the scheduler does for each server that it
// places.
func BenchmarkHosts(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { readHosts(b, dbtest.SQLiteIn(b, b.TempDir())) })
	if os.Getenv(dbtest.PostgresVariable) != "" {
		b.Run("postgres", func(b *testing.B) { readHosts(b, dbtest.PostgresFor(b)) })
	}
}

func readHosts(b *testing.B, connection string) {
	b.Helper()
	s := dbtest.Open(b, connection)
	fillHosts(b, s)
	known := hosts.New(hosts.Options{Store: s, DownTime: time.Hour})
	for b.Loop() {
		if found, err := known.All(b.Context()); err != nil || len(found) != standardHosts {
			b.Fatalf("%d hosts, %v", len(found), err)
		}
	}
}

// fillHosts registers hosts.
func fillHosts(b *testing.B, s *db.Store) {
	b.Helper()
	err := s.Tx(b.Context(), func(tx *db.Store) error {
		for i := range standardHosts {
			name := fmt.Sprintf("host-%05d", i)
			service := nova.Service{ID: uuid.NewString(), Host: name, Binary: hosts.BinaryCompute, Holder: "process of " + name}
			if _, _, err := tx.Hold(b.Context(), service, time.Hour, ""); err != nil {
				return err
			}
			err := tx.RegisterHost(b.Context(), nova.Host{
				ID: uuid.NewString(), Name: name, Node: name, ServiceID: service.ID, Type: "fake", CPUInfo: `{"arch": "x86_64"}`,
				VCPUs: 64, RAM: 262144, Disk: 4000, CPURatio: 4, RAMRatio: 1, DiskRatio: 1,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
