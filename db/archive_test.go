package db_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// notArchived are the tables with servers that the archive leaves alone, and why.
var notArchived = map[string]string{
	"server_tags":    "they go when the server is deleted, and with its row",
	"server_volumes": "they go when the server is deleted, and with its row",
	"console_tokens": "they go with the servers' rows, and are nothing to keep",
	"asks":           "they are deleted once their deadline has passed",
}

// TestArchive_KnowsTables holds that each table with rows of servers is archived,
// keeps servers from being archived, or is left alone for a reason.
func TestArchive_KnowsTables(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		query := "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'server_uuid'"
		if s.Dialect() == "postgres" {
			query = "SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'server_uuid'"
		}
		tables, err := rows.All[string](t.Context(), s.DB, query)
		if err != nil {
			t.Fatal(err)
		}
		known := append(db.TablesOfArchive(), slices.Collect(maps.Keys(notArchived))...)
		slices.Sort(known)
		slices.Sort(tables)
		if diff := cmp.Diff(known, tables); diff != "" {
			t.Errorf("tables with a server_uuid (-known +there):\n%s", diff)
		}
	})
}
