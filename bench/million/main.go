// Command million fills a database with a cloud of a million servers, or as many as
// are asked for, for bench/scale.sh: a project and a host for each hundred servers.
//
//	go run ./bench/million -database sqlite:////tmp/million.db -servers 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

func main() {
	database := flag.String("database", "", "URL of an empty database")
	servers := flag.Int("servers", 1_000_000, "how many servers to make")
	flag.Parse()
	if err := fill(context.Background(), *database, *servers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fill makes the schema and the servers. A database that has servers already refuses
// the second ones of the same ID, so nothing is mixed up.
func fill(ctx context.Context, database string, servers int) error {
	s, err := db.Open(ctx, rows.Options{Connection: database, MaxConns: 1})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	return dbtest.FillMany(ctx, s, model(s.Now()), servers)
}

// model is a server as clouds have them: what is the same of all of them, such as their
// flavor and their groups, repeats in real clouds too.
func model(now time.Time) nova.Server {
	root, key := "/dev/vda", "key"
	return nova.Server{
		UserID: "4c1f8fb7b0d74e7bb4e1b8b0d54d8a5f", VMState: nova.Active, PowerState: nova.Running, Zone: "nova",
		ImageID: "00000000-0000-4000-a000-000000000000", KeyName: &key, RootDevice: &root, DiskConfig: "MANUAL", LaunchedAt: &now,
		Flavor: nova.Flavor{
			ID: "2", Name: "m1.small", RAM: 2048, VCPUs: 1, Disk: 20, RxTx: 1, Public: true,
			ExtraSpecs: map[string]string{"hw:cpu_policy": "shared"},
		},
		Metadata:       map[string]string{"role": "web", "tier": "front"},
		Addresses:      []nova.Address{{Network: "private", MAC: "fa:16:3e:00:00:01", IP: "10.0.0.5", Version: 4, Type: "fixed"}},
		SecurityGroups: []string{"default"},
	}
}
