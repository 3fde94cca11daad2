package db_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A noun is a row of the table of what the store keeps. A trip writes a value in
// which every field is filled and no two are equal, reads it again, and returns
// what was to be found beside what was. What the store sets itself, such as serial
// numbers, a trip copies from what was found: field by field, so that it shows.
type noun struct {
	of   reflect.Type
	trip func(context.Context, *db.Store) (want, found any, err error)
}

// nounOf makes a row.
func nounOf[T any](trip func(ctx context.Context, s *db.Store, want T) (wanted, found T, err error)) noun {
	return noun{reflect.TypeFor[T](), func(ctx context.Context, s *db.Store) (any, any, error) {
		want, found, err := trip(ctx, s, dbtest.Filled[T]())
		return want, found, err
	}}
}

// nouns are all types with db tags in package nova, and quotas.
var nouns = []noun{
	nounOf(func(ctx context.Context, s *db.Store, want nova.Flavor) (nova.Flavor, nova.Flavor, error) {
		created, err := s.CreateFlavor(ctx, want)
		if err != nil {
			return want, created, err
		}
		if err := s.SetExtraSpecs(ctx, created, want.ExtraSpecs); err != nil {
			return want, created, err
		}
		found, err := s.Flavor(ctx, want.ID)
		want.Serial, want.CreatedAt, want.UpdatedAt = created.Serial, created.CreatedAt, nil // nothing has been changed yet
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Leftover) (nova.Leftover, nova.Leftover, error) {
		if err := s.LeaveOnHost(ctx, want); err != nil {
			return want, nova.Leftover{}, err
		}
		found, err := s.LeftOfServer(ctx, want.ServerID)
		if err != nil || len(found) != 1 {
			return want, nova.Leftover{}, err
		}
		want.Serial = found[0].Serial
		return want, found[0], nil
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Notification) (nova.Notification, nova.Notification, error) {
		if err := s.AddNotification(ctx, want); err != nil {
			return want, want, err
		}
		found, err := s.Notifications(ctx, 1)
		if err != nil || len(found) != 1 {
			return want, nova.Notification{}, err
		}
		want.Serial = found[0].Serial
		return want, found[0], nil
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Migration) (nova.Migration, nova.Migration, error) {
		if err := s.CreateMigration(ctx, want); err != nil {
			return want, want, err
		}
		found, err := s.MigrationsOf(ctx, want.ServerID)
		if err != nil || len(found) != 1 {
			return want, nova.Migration{}, err
		}
		want.Serial, want.CreatedAt = found[0].Serial, found[0].CreatedAt
		return want, found[0], nil
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.KeyPair) (nova.KeyPair, nova.KeyPair, error) {
		created, err := s.CreateKeyPair(ctx, want, nova.QuotaUnlimited)
		if err != nil {
			return want, created, err
		}
		found, err := s.KeyPair(ctx, want.UserID, want.Name)
		want.Serial, want.CreatedAt = created.Serial, created.CreatedAt
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Service) (nova.Service, nova.Service, error) {
		if err := insert(ctx, s, "services", want, "up", "zone"); err != nil {
			return want, want, err
		}
		found, err := s.Services(ctx, db.ServiceFilter{}, time.Hour)
		want.Up, want.Zone = false, "" // it was forced down; zones are those of aggregates
		return want, one(found), err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Host) (nova.Host, nova.Host, error) {
		service := dbtest.Filled[nova.Service]()
		service.ID, service.Disabled, service.SeenAt = want.ServiceID, false, want.SeenAt
		if err := insert(ctx, s, "services", service, "up", "zone"); err != nil {
			return want, want, err
		}
		if err := s.RegisterHost(ctx, want); err != nil {
			return want, want, err
		}
		used := nova.Resources{Instances: want.RunningVMs, VCPUs: want.VCPUsUsed, RAM: want.RAMUsed, Disk: want.DiskUsed}
		if _, err := s.Claim(ctx, want.Node, used); err != nil {
			return want, want, err
		}
		hosts, err := s.Hosts(ctx, time.Hour)
		found := one(hosts)
		want.ServiceSerial, want.DisabledReason = service.Serial, service.DisabledReason
		want.Serial, want.Up, want.Zone = found.Serial, false, "" // forced down; zones are those of aggregates
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Usage) (nova.Usage, nova.Usage, error) {
		err := s.Tx(ctx, func(tx *db.Store) error { return tx.Consume(ctx, "p", "u", want, nova.Quota{}, nova.Quota{}) })
		if err != nil {
			return want, want, err
		}
		found, err := s.Usage(ctx, "p", "u")
		want.ServerGroups = 0 // it is counted, and there are none
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Quota) (nova.Quota, nova.Quota, error) {
		if err := s.SetUserQuota(ctx, "p", "u", want); err != nil {
			return want, nil, err
		}
		found, err := s.UserQuota(ctx, "p", "u")
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.ServerGroup) (nova.ServerGroup, nova.ServerGroup, error) {
		created, err := s.CreateServerGroup(ctx, want, nova.Quota{}, nova.Quota{})
		if err != nil {
			return want, created, err
		}
		found, err := s.ServerGroup(ctx, want.ID)
		want.Serial, want.CreatedAt, want.Members = created.Serial, created.CreatedAt, []string{} // servers join it one by one
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.ConsoleAddress) (nova.ConsoleAddress, nova.ConsoleAddress, error) {
		server := newServer()
		server.ID, server.CreatedAt = want.ServerID, s.Now()
		if _, err := s.CreateServer(ctx, server); err != nil {
			return want, want, err
		}
		if err := s.CreateConsoleToken(ctx, "token", want, time.Hour); err != nil {
			return want, want, err
		}
		found, err := s.ConsoleOfToken(ctx, "token")
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.Ask) (nova.Ask, nova.Ask, error) {
		asked, err := s.PutAsk(ctx, want, time.Hour)
		if err != nil {
			return want, asked, err
		}
		want.Serial = asked.Serial
		if _, err := s.ClaimAsks(ctx, want.Answerer, []string{want.Host}, 1); err != nil {
			return want, asked, err
		}
		if err := s.Answer(ctx, want); err != nil {
			return want, asked, err
		}
		found, err := s.FindAsk(ctx, want.Serial)
		return want, found, err
	}),
	nounOf(func(ctx context.Context, s *db.Store, want nova.ActionEvent) (nova.ActionEvent, nova.ActionEvent, error) {
		action, err := s.RecordAction(ctx, nova.Action{ServerID: "s", RequestID: "req-1", Name: "stop"})
		if err != nil {
			return want, want, err
		}
		want.ActionID = action.Serial
		if err := insert(ctx, s, "action_events", want); err != nil {
			return want, want, err
		}
		read, err := s.Action(ctx, "s", "req-1")
		return want, one(read.Events), err
	}),
}

// These nouns have tests of their own, for more than one trip is needed.
var nounsElsewhere = []string{
	"Action", // TestActions_EveryField
}

// insert writes a value as its tags say, where the store has no such method.
func insert[T any](ctx context.Context, s *db.Store, table string, value T, without ...string) error {
	query, args, err := rows.Named(rows.Insert[T](table, without...), value)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, query, args...)
	return err
}

// one is the only one of a list: the zero value if there are none or several.
func one[T any](list []T) (only T) {
	if len(list) == 1 {
		only = list[0]
	}
	return only
}

// TestNouns_KeepEveryField makes the trip of every noun, on an empty store each.
func TestNouns_KeepEveryField(t *testing.T) {
	t.Parallel()
	for _, n := range nouns {
		t.Run(n.of.Name(), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, s *db.Store) {
				want, found, err := n.trip(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, found); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestNouns_AreAllThere finds every struct of package nova whose fields name
// columns: each has its row above.
func TestNouns_AreAllThere(t *testing.T) {
	t.Parallel()
	known := slices.Clone(nounsElsewhere)
	for _, n := range nouns {
		known = append(known, n.of.Name())
	}
	tagged := map[string]bool{}
	files, err := filepath.Glob("../internal/nova/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := spec.Type.(*ast.StructType); ok && slices.ContainsFunc(fields.Fields.List, namesColumn) {
				tagged[spec.Name.Name] = true
			}
			return false
		})
	}
	if len(tagged) == 0 {
		t.Fatal("no struct names a column: the test looks in the wrong place")
	}
	for _, name := range slices.Sorted(maps.Keys(tagged)) {
		if !slices.Contains(known, name) {
			t.Errorf("nova.%s names columns, and has no row in the table of nouns", name)
		}
	}
}

func namesColumn(f *ast.Field) bool { return f.Tag != nil && strings.Contains(f.Tag.Value, `db:"`) }
