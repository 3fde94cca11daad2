package volumedb

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/db/rows"
)

// idsAtOnce bounds the arguments of one query: PostgreSQL takes 65,535, SQLite
// 32,766.
const idsAtOnce = 5000

// ids are the IDs of resources.
func (t Table[T]) ids(found []T) []string {
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = t.kind.record(&found[i]).ID
	}
	return ids
}

// loadProperties reads the names and values of resources from one table. A
// resource without any has an empty map.
func (t Table[T]) loadProperties(ctx context.Context, p propertyTable[T], found []T) error {
	byOwner := make(map[string]map[string]string, len(found))
	for i := range found {
		of := p.of(&found[i])
		*of = map[string]string{}
		byOwner[t.kind.record(&found[i]).ID] = *of
	}
	for chunk := range slices.Chunk(t.ids(found), idsAtOnce) {
		text, args, err := rows.In("SELECT owner_id, name, value FROM "+p.table+" WHERE owner_id IN (?)", chunk)
		if err != nil {
			return err
		}
		properties, err := rows.All[struct {
			OwnerID string `db:"owner_id"`
			Name    string `db:"name"`
			Value   string `db:"value"`
		}](ctx, t.db, text, args...)
		if err != nil {
			return fmt.Errorf("list %s: %w", p.table, err)
		}
		for _, row := range properties {
			byOwner[row.OwnerID][row.Name] = row.Value
		}
	}
	return nil
}

// writeProperties writes what has changed of a resource's names and values. The
// resource was not there before if was is nil.
func (t Table[T]) writeProperties(ctx context.Context, v, was *T) error {
	id := t.kind.record(v).ID
	for _, p := range t.kind.properties {
		before := map[string]string{}
		if was != nil {
			before = *p.of(was)
		}
		if maps.Equal(before, *p.of(v)) {
			continue
		}
		if _, err := rows.Exec(ctx, t.db, "DELETE FROM "+p.table+" WHERE owner_id = ?", id); err != nil {
			return err
		}
		for _, name := range rows.SortedKeys(*p.of(v)) {
			_, err := rows.Exec(ctx, t.db, "INSERT INTO "+p.table+" (owner_id, name, value) VALUES (?, ?, ?)", id, name, (*p.of(v))[name])
			if err != nil {
				return err
			}
		}
	}
	return nil
}
