package api

import (
	"context"
	"math"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Migrations answers for /os-migrations: all moves of servers that there were.
type Migrations struct{ Options }

// Operations are the operations on migrations.
func (c *Migrations) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Needs(policy.MigrationIndex).Query(schema.MigrationsQuery).Long(),
	}
}

// index lists migrations, since 2.59 in pages and the latest first. Those of other
// projects need a rule of their own, and so do those of all: as the project can be
// named since 2.80 only, every list does before.
func (c *Migrations) index(ctx context.Context, r *rest.Request) (any, error) {
	if project := r.Last("project_id"); project == "" || project != r.Caller.ProjectID {
		if err := r.EnforceOwn(policy.MigrationIndexAllProjects); err != nil {
			return nil, err
		}
	}
	migrations, err := c.list(ctx, r)
	if err != nil {
		return nil, err
	}
	return views.Migrations{}.Index(r, migrations), nil
}

// list finds the migrations that the query asks for. None is hidden, since there are
// no other cells.
func (c *Migrations) list(ctx context.Context, r *rest.Request) ([]nova.Migration, error) {
	filter, err := migrationFilter(r)
	if err != nil {
		return nil, err
	}
	page := nova.Page{Limit: math.MaxInt32}
	if r.AtLeast(59) {
		page = r.Page()
		page.Sort = []nova.Sort{{Key: "created_at", Desc: true}, {Key: "id", Desc: true}}
	}
	if hidden, _ := r.Bool("hidden"); hidden || page.Limit == 0 {
		return nil, nil
	}
	return c.Store.Migrations(ctx, filter, page)
}

// migrationFilter reads the filters that the version knows.
func migrationFilter(r *rest.Request) (db.MigrationFilter, error) {
	var times db.ServerFilter // lists of servers are filtered by the same two times
	if err := filterTimes(r, r.AtLeast(66), &times); err != nil {
		return db.MigrationFilter{}, err
	}
	return db.MigrationFilter{
		ServerID: r.Last("instance_uuid"), Host: r.Last("host"), SourceHost: r.Last("source_compute"),
		Status: r.Last("status"), Type: r.Last("migration_type"), UserID: r.Last("user_id"), ProjectID: r.Last("project_id"),
		ChangedSince: times.ChangedSince, ChangedBefore: times.ChangedBefore,
	}, nil
}

// ServerMigrations answers for /servers/{server_id}/migrations: the live migrations
// of a server that are under way.
type ServerMigrations struct{ ofServer }

// Operations are the operations on them.
func (c *ServerMigrations) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.ServerMigrationIndex).Query(schema.NoQuery).Since(23),
		"show":  rest.On(c.load, c.show).Needs(policy.ServerMigrationShow).Query(schema.NoQuery).Since(23),

		"delete": rest.On(c.load, c.abort).Needs(policy.ServerMigrationDelete).Status(http.StatusAccepted).Since(24),
	}
}

// MemberActions are the actions on them.
func (c *ServerMigrations) MemberActions() rest.Operations {
	return rest.Operations{
		"force_complete": rest.OnWith(c.load, schema.ForceComplete, c.forceComplete).
			Needs(policy.ServerMigrationForceComplete).Status(http.StatusAccepted).Since(22),
	}
}

// abort takes the server back to where it runs. Since 2.65 that is also done before
// anything of it has been copied.
func (c *ServerMigrations) abort(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	return nil, c.Compute.AbortMigration(ctx, s, r.ID(), r.AtLeast(65))
}

// forceComplete has a live migration end soon. A migration that there is not is a bad
// request here, unlike when it is aborted.
func (c *ServerMigrations) forceComplete(ctx context.Context, r *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	err := c.Compute.HurryMigration(ctx, s, r.ID())
	if nova.Is(err, nova.NotFound) {
		err = nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	}
	return nil, err
}

// index lists the live migrations that are under way, of which there is one at the
// most.
func (c *ServerMigrations) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	migrations, err := c.Store.MigrationsOf(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	ended := func(m nova.Migration) bool { return !m.InProgress() }
	return views.ServerMigrations{}.Index(r, slices.DeleteFunc(migrations, ended)), nil
}

// show shows a live migration that is under way.
func (c *ServerMigrations) show(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	id := r.ID()
	migration, err := c.Compute.MigrationOf(ctx, s, id)
	switch {
	case nova.Is(err, nova.NotFound):
		return nil, nova.Errorf(nova.NotFound, "In-progress live migration %s is not found for server %s.", id, s.ID)
	case err != nil:
		return nil, err
	case migration.Type != nova.MigrationLive:
		return nil, nova.Errorf(nova.NotFound, "Migration %s for server %s is not live-migration.", id, s.ID)
	case !migration.InProgress():
		return nil, nova.Errorf(nova.NotFound, "Live migration %s for server %s is not in progress.", id, s.ID)
	}
	return views.ServerMigrations{}.Show(r, migration), nil
}
