package dbtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	// OfEach is how many servers Many gives each project, and each host.
	OfEach = 100
	// Rare is how many servers of Many are in error, and tagged with "rare".
	Rare = 10
)

// Project is the name of one of Many's projects, of which there is one for every
// OfEach servers.
func Project(number int) string { return fmt.Sprintf("project-%d", number) }

// Host is the name of one of Many's hosts, of which there are as many.
func Host(number int) string { return fmt.Sprintf("host-%d", number) }

// The IDs of Many's servers have no order, as those of real servers: the modulus is
// prime, and the factor has nothing in common with it, so no ID comes twice.
const (
	idFactor  = 618033989
	idModulus = 999999999989
)

// ServerID is the ID of one of Many's servers. The higher numbers are the newer.
func ServerID(number int) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", number*idFactor%idModulus)
}

// Many fills a store for a test or a benchmark: see FillMany.
func Many(t testing.TB, s *db.Store, like nova.Server, count int) {
	t.Helper()
	if err := FillMany(t.Context(), s, like, count); err != nil {
		t.Fatalf("fill the store: %v", err)
	}
}

// FillMany fills a store with servers as a large cloud has them, all like the given one.
// They are copied within the database, which makes a million in minutes. The servers
// of a project are on all hosts, and were created within the same second. What an
// answer about one project, one host or what is Rare holds is as much in a small
// cloud as in a large one.
func FillMany(ctx context.Context, s *db.Store, like nova.Server, count int) error {
	for _, step := range []func(context.Context, *db.Store, nova.Server, int) error{manyHosts, manyServers, manyParts} {
		if err := step(ctx, s, like, count); err != nil {
			return err
		}
	}
	return nil
}

// manyHosts registers hosts that are up, and have room.
func manyHosts(ctx context.Context, s *db.Store, _ nova.Server, count int) error {
	return s.Tx(ctx, func(tx *db.Store) error {
		for i := range count / OfEach {
			name := Host(i)
			service := nova.Service{ID: "service of " + name, Host: name, Binary: "nova-compute", Holder: "process of " + name}
			if _, _, err := tx.Hold(ctx, service, time.Hour, ""); err != nil {
				return err
			}
			if err := tx.RegisterHost(ctx, nova.Host{
				ID: "node " + name, Name: name, Node: name, ServiceID: service.ID, Type: "fake", CPUInfo: `{"arch": "x86_64"}`,
				VCPUs: 640, RAM: 2621440, Disk: 40000, CPURatio: 4, RAMRatio: 1, DiskRatio: 1,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// manyServers writes one server, and copies it project by project.
func manyServers(ctx context.Context, s *db.Store, like nova.Server, count int) error {
	like.ID = "the pattern of all"
	copies, err := copyServers(ctx, s, like, count)
	if err != nil {
		return err
	}
	created := s.Now().Add(-time.Duration(count/OfEach) * time.Second)
	const atOnce = 100 // projects
	for from := 0; from < count/OfEach; from += atOnce {
		err := s.Tx(ctx, func(tx *db.Store) error {
			for project := from; project < min(from+atOnce, count/OfEach); project++ {
				at := created.Add(time.Duration(project) * time.Second)
				if _, err := rows.Exec(ctx, tx.DB, "UPDATE servers SET created_at = ?, updated_at = ?, launched_at = ? WHERE uuid = ?", at, at, at, like.ID); err != nil {
					return err
				}
				if _, err := rows.Exec(ctx, tx.DB, copies, project*OfEach, (project+1)*OfEach-1, like.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	_, err = rows.Exec(ctx, s.DB, "DELETE FROM servers WHERE uuid = ?", like.ID)
	return err
}

// copyServers writes a server, and gives the statement that copies it for the numbers
// from one to another.
func copyServers(ctx context.Context, s *db.Store, like nova.Server, count int) (string, error) {
	if _, err := s.CreateServer(ctx, like); err != nil {
		return "", err
	}
	found, err := rows.Maps(ctx, s.DB, "SELECT * FROM servers WHERE uuid = ?", like.ID)
	if err != nil {
		return "", err
	}
	rare := fmt.Sprintf("i %% %d = 0", max(count/Rare, 1))
	others := map[string]string{
		"uuid":       fmt.Sprintf("'00000000-0000-4000-8000-' || SUBSTR(CAST(1000000000000 + i * %d %% %d AS TEXT), 2)", idFactor, idModulus), // see ServerID
		"name":       "'server-' || CAST(i AS TEXT)",
		"hostname":   "'server-' || CAST(i AS TEXT)",
		"project_id": fmt.Sprintf("'project-' || CAST(i / %d AS TEXT)", OfEach),
		"host":       fmt.Sprintf("'host-' || CAST(i %% %d AS TEXT)", count/OfEach),
		"node":       fmt.Sprintf("'host-' || CAST(i %% %d AS TEXT)", count/OfEach),
		"vm_state":   "CASE WHEN " + rare + " THEN 'error' WHEN i % 20 = 1 THEN 'stopped' ELSE 'active' END",
	}
	columns := rows.SortedKeys(found[0])
	values := make([]string, 0, len(columns))
	names := make([]string, 0, len(columns))
	for _, column := range columns {
		value, ok := others[column]
		switch {
		case column == "id": // the database numbers them
			continue
		case !ok:
			value = column
		}
		names, values = append(names, column), append(values, value)
	}
	return `
		WITH RECURSIVE numbers (i) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
		INSERT INTO servers (` + strings.Join(names, ", ") + `)
		SELECT ` + strings.Join(values, ", ") + `
		FROM numbers CROSS JOIN servers WHERE uuid = ?`, nil
}

// manyParts writes what there is beside the servers: tags, and what is used of quotas.
// PostgreSQL looks at its tables now and then; here it does so at once.
func manyParts(ctx context.Context, s *db.Store, like nova.Server, count int) error {
	statements := []string{
		"INSERT INTO server_tags (server_uuid, tag) SELECT uuid, 'rare' FROM servers WHERE vm_state = 'error'",
		"INSERT INTO server_tags (server_uuid, tag) SELECT uuid, 'often' FROM servers WHERE vm_state <> 'error' AND id % 10 = 0",
		fmt.Sprintf(`INSERT INTO quota_usages (project_id, user_id, instances, cores, ram)
			SELECT project_id, '', COUNT(*), COUNT(*) * %d, COUNT(*) * %d FROM servers GROUP BY project_id`, like.Flavor.VCPUs, like.Flavor.RAM),
		fmt.Sprintf("UPDATE hosts SET running_vms = %[1]d, vcpus_used = %[1]d * %[2]d, memory_mb_used = %[1]d * %[3]d",
			min(OfEach, count), like.Flavor.VCPUs, like.Flavor.RAM),
	}
	if s.Dialect() == "postgres" {
		statements = append(statements, "ANALYZE")
	}
	for _, statement := range statements {
		if _, err := rows.Exec(ctx, s.DB, statement); err != nil {
			return err
		}
	}
	return nil
}
