package db

import (
	"slices"
	"strings"
)

// UsedPart is the query that UsedServers makes of each part, for tests of how
// the database finds its rows.
var UsedPart = usedPart

// TablesOfArchive are the tables with a server_uuid that the archive knows.
func TablesOfArchive() []string {
	names := slices.Clone(pendingTables)
	for _, table := range archivedTables {
		if strings.HasPrefix(table.ofServers, "server_uuid ") {
			names = append(names, table.name)
		}
	}
	return names
}
