package db_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
)

// These find, in the plans of either database, that it looks at all servers, or walks
// through them in order until it has enough: which is all of them if few fit.
var (
	scan   = regexp.MustCompile(`(?m)SCAN servers|Seq Scan on servers`)
	sorted = regexp.MustCompile(`(?m)TEMP B-TREE FOR .*ORDER BY$|Seq Scan on servers`)
	// small are indexes of those servers alone that something goes on with.
	small = regexp.MustCompile(`SCAN servers USING (COVERING )?INDEX servers_(busy|waiting)`)
)

// TestPlans asks both databases how they answer the queries about servers that a
// large cloud has all the time. None may look at all servers.
func TestPlans(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		asked := &statements{}
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Observe = asked.add })
		dbtest.Many(t, s, nova.Server{UserID: "u", Flavor: nova.Flavor{ID: "1", VCPUs: 1, RAM: 1024}}, 5000)
		for name, ask := range plannedQuestions(t, s, dbtest.ServerID(777)) {
			asked.take()
			must(t, ask.run())
			plans := explain(t, s, asked.take())
			if len(plans) == 0 {
				t.Errorf("%s: no query", name)
			}
			for query, plan := range plans {
				plan = small.ReplaceAllString(plan, "")
				if scan.MatchString(plan) && (!ask.walks || sorted.MatchString(plan)) {
					t.Errorf("%s looks at all servers:\n%s\n%s", name, query, plan)
				}
			}
		}
	})
}

// SQLite, which knows nothing of how much there is, begins with the project whatever
// else a list of it asks for: with what others have in common with a server, it would
// look at servers of the whole cloud. PostgreSQL's choice depends on what there is.
func TestPlans_OfProject(t *testing.T) {
	t.Parallel()
	asked := &statements{}
	s := dbtest.Open(t, dbtest.SQLite(t), func(o *rows.Options) { o.Observe = asked.add })
	live := false
	for name, f := range map[string]db.ServerFilter{
		"all":      {Deleted: &live},
		"status":   {Deleted: &live, States: []nova.VMState{nova.Stopped}},
		"statuses": {Deleted: &live, States: []nova.VMState{nova.Stopped, nova.Errored}},
		"tags":     {Deleted: &live, AllTags: []string{"often", "other"}},
		"tags-any": {Deleted: &live, AnyTags: []string{"often", "other"}},
	} {
		f.ProjectID = dbtest.Project(7)
		asked.take()
		_, err := s.Servers(t.Context(), f, nova.Page{Limit: 100})
		must(t, err)
		for query, plan := range explain(t, s, asked.take()) {
			if !strings.HasPrefix(plan, "SEARCH servers USING INDEX servers_of_project") {
				t.Errorf("%s doesn't begin with the project:\n%s\n%s", name, query, plan)
			}
		}
	}
}

// A plannedQuestion is one whose queries are looked at.
type plannedQuestion struct {
	run   func() error
	walks bool // whether servers are looked at in order until there are enough for a page: nearly all fit
}

func plannedQuestions(t *testing.T, s *db.Store, marker string) map[string]plannedQuestion {
	t.Helper()
	ctx, live := t.Context(), false
	page := nova.Page{Limit: 100}
	list := func(f db.ServerFilter, p nova.Page) func() error {
		return func() error { _, err := s.Servers(ctx, f, p); return err }
	}
	all, own := db.ServerFilter{Deleted: &live}, db.ServerFilter{Deleted: &live, ProjectID: dbtest.Project(7)}
	with := func(f db.ServerFilter, change func(*db.ServerFilter)) db.ServerFilter { change(&f); return f }
	questions := map[string]plannedQuestion{
		"all":                        {list(all, page), true},
		"all, behind":                {list(all, nova.Page{Limit: 100, Marker: marker}), false},
		"project":                    {list(own, page), false},
		"project, behind":            {list(own, nova.Page{Limit: 100, Marker: marker}), false},
		"host":                       {list(with(all, func(f *db.ServerFilter) { f.Exact = map[string][]string{"host": {dbtest.Host(1)}} }), page), false},
		"uuid":                       {list(with(all, func(f *db.ServerFilter) { f.Exact = map[string][]string{"uuid": {marker}} }), page), false},
		"status":                     {list(with(all, func(f *db.ServerFilter) { f.States = []nova.VMState{nova.Errored} }), page), false},
		"status of a project":        {list(with(own, func(f *db.ServerFilter) { f.States = []nova.VMState{nova.Errored} }), page), false},
		"tags":                       {list(with(all, func(f *db.ServerFilter) { f.AllTags = []string{"rare", "other"} }), page), false},
		"tags-any":                   {list(with(all, func(f *db.ServerFilter) { f.AnyTags = []string{"rare", "other"} }), page), false},
		"changes-since":              {list(with(all, func(f *db.ServerFilter) { f.Deleted, f.ChangedSince = nil, new(s.Now().Add(-time.Second)) }), page), false},
		"changes-since of a project": {list(with(own, func(f *db.ServerFilter) { f.Deleted, f.ChangedSince = nil, new(s.Now().Add(-time.Second)) }), page), false},
		"deleted":                    {list(with(all, func(f *db.ServerFilter) { f.Deleted = new(true) }), page), true},
		"name in a project":          {list(with(own, func(f *db.ServerFilter) { f.Matches = matches(t, "name", "^server-7") }), page), false},
		"reservation":                {list(with(all, func(f *db.ServerFilter) { f.Exact = map[string][]string{"reservation_id": {"r-1"}} }), page), false},
		"ip in a project":            {list(with(own, func(f *db.ServerFilter) { f.IP = []pattern.Pattern{line(t, "10.0.0.1")} }), page), false},

		"show":               {func() error { _, err := s.Server(ctx, marker); return err }, false},
		"show, even deleted": {func() error { _, err := s.AnyServer(ctx, marker); return err }, false},
		"usage of a project": {func() error {
			_, err := s.UsedServers(ctx, nova.Period{Start: s.Now().Add(-time.Hour), Stop: s.Now()}, dbtest.Project(7), page)
			return err
		}, false},
		"waiting":     {func() error { _, err := s.WaitingServers(ctx, nova.SoftDeleted, s.Now()); return err }, false},
		"io of hosts": {func() error { _, err := s.IOOps(ctx); return err }, false},
	}
	for _, key := range []string{"created_at", "id", "uuid", "updated_at", "display_name", "launched_at"} {
		for name, desc := range map[string]bool{"": false, ", descending": true} {
			by := nova.Page{Limit: 100, Sort: []nova.Sort{{Key: key, Desc: desc}}}
			questions["project by "+key+name] = plannedQuestion{list(own, by), false}
		}
	}
	for _, key := range []string{"host", "updated_at"} { // with what the API puts behind every key
		for name, desc := range map[string]bool{"": false, ", descending": true} {
			by := nova.Page{Limit: 100, Sort: []nova.Sort{{Key: key, Desc: desc}, {Key: "created_at", Desc: desc}, {Key: "id", Desc: desc}}}
			questions["all by "+key+name] = plannedQuestion{list(all, by), true}
		}
	}
	for _, key := range []string{"created_at", "id", "uuid"} {
		for name, desc := range map[string]bool{"": false, ", descending": true} {
			by := nova.Page{Limit: 100, Sort: []nova.Sort{{Key: key, Desc: desc}}}
			questions["all by "+key+name] = plannedQuestion{list(all, by), true}
			by.Marker = marker
			questions["all behind, by "+key+name] = plannedQuestion{list(all, by), false}
		}
	}
	return questions
}

func line(t *testing.T, text string) pattern.Pattern {
	t.Helper()
	p, err := pattern.ParseLine(text)
	must(t, err)
	return p
}

// statements are those that a store has run.
type statements struct {
	mu   sync.Mutex
	kept map[string][]any // arguments by text
}

func (s *statements) add(query string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[string][]any{}
	}
	s.kept[query] = args
}

// take returns the statements since the last time.
func (s *statements) take() map[string][]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.kept
	s.kept = nil
	return taken
}

// explain gives the plans of those statements that are about servers, by their text.
func explain(t *testing.T, s *db.Store, asked map[string][]any) map[string]string {
	t.Helper()
	how := map[string]string{"sqlite": "EXPLAIN QUERY PLAN ", "postgres": "EXPLAIN "}[s.Dialect()]
	plans := map[string]string{}
	for query, args := range asked {
		if !strings.Contains(query, "servers") {
			continue
		}
		steps, err := rows.Maps(t.Context(), s.DB, how+query, args...)
		must(t, err)
		var plan strings.Builder
		for _, step := range steps {
			for _, column := range []string{"detail", "QUERY PLAN"} {
				if text, ok := step[column].(string); ok {
					plan.WriteString(text + "\n")
				}
			}
		}
		plans[query] = plan.String()
	}
	return plans
}
