package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// A cluster is a PostgreSQL of the test's own, which may be stopped.
type cluster struct {
	t          *testing.T
	dir        string
	connection string
}

const clusterScript = "../scripts/postgres.sh"

// newCluster starts a PostgreSQL that keeps what it has confirmed.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := startCluster(t, "start")
	c.exec("ALTER SYSTEM SET synchronous_commit = on", "ALTER SYSTEM SET log_line_prefix = '%a '", "SELECT pg_reload_conf()")
	return c
}

// follow starts a standby of the cluster. Nothing is confirmed from then on that the
// standby doesn't have.
func (c *cluster) follow() *cluster {
	c.t.Helper()
	return startCluster(c.t, "follow", c.connection)
}

// startCluster has the script start a PostgreSQL in a folder of the test's.
func startCluster(t *testing.T, how string, args ...string) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "nova-parts-") //nolint:usetesting // the cluster's own user can't enter a folder of the test's
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, dir: filepath.Join(dir, "postgres")}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = exec.CommandContext(context.WithoutCancel(t.Context()), clusterScript, "stop", c.dir).Output()
		_ = os.RemoveAll(dir)
	})
	out, err := exec.CommandContext(t.Context(), clusterScript, append([]string{how, c.dir}, args...)...).Output()
	if err != nil {
		t.Fatalf("%s PostgreSQL: %v", how, err)
	}
	c.connection = strings.TrimSpace(string(out))
	return c
}

// do has the script do something to the cluster.
func (c *cluster) do(what string) {
	c.t.Helper()
	if out, err := exec.CommandContext(c.t.Context(), clusterScript, what, c.dir).CombinedOutput(); err != nil {
		c.t.Fatalf("%s PostgreSQL: %v\n%s", what, err, out)
	}
}

// exec runs statements as the cluster's administrator.
func (c *cluster) exec(statements ...string) {
	c.t.Helper()
	server, err := sql.Open("postgres", c.connection)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	for _, statement := range statements {
		if _, err := server.ExecContext(c.t.Context(), statement); err != nil {
			c.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A promise is something that a client was told is accepted.
type promise struct{ server, request, deed string }

// A parts test is a cloud of several processes, which share a database and the
// folder of the bundled images.
type parts struct {
	*crash
	database *cluster
	byName   map[string]*process
	apis     []*process

	troubled atomic.Int32 // how much is out of order: requests may fail
	mu       sync.Mutex
	promises []promise
	consoles int // how often one was read
}

var partHosts = []string{"fake-1", "fake-2", "fake-3"}

// newParts starts two API processes, two schedulers, and a process for each of
// three hosts.
func newParts(t *testing.T, database *cluster) *parts {
	t.Helper()
	seed := uint64(number(t, seedVariable, int(time.Now().UnixNano()&0xffffff)))
	t.Logf("%s=%d", seedVariable, seed)
	p := &parts{
		crash:    &crash{t: t, rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, tally: newTally(), hosts: partHosts},
		database: database, byName: map[string]*process{},
	}
	dir := filepath.Join(t.TempDir(), "state")
	start := func(name, role string, options ...string) *process {
		one := newProcess(t, database.connection, append(options, "nova_api.roles="+role, "nova_api.lease_time=2", "nova_api.workers=6",
			"DEFAULT.report_interval=1", "DEFAULT.service_down_time=4", "DEFAULT.rpc_response_timeout=10")...)
		one.dir, one.name, one.tolerates = dir, name, "The server is currently unavailable."
		p.byName[name] = one
		one.start()
		if role == "api" {
			one.listen = strings.TrimPrefix(one.url, "http://") // for its next lives too
		}
		return one
	}
	p.p = start("api-1", "api")
	p.apis = []*process{p.p, start("api-2", "api")}
	for _, host := range partHosts {
		folder := p.hypervisor(host)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "faults.json"), []byte(slowness), 0o600); err != nil {
			t.Fatal(err)
		}
		start(host, "compute", "nova_api.fake_hosts="+host)
	}
	start("scheduler-1", "scheduler")
	start("scheduler-2", "scheduler")
	p.store = dbtest.Open(t, database.connection)
	p.admin, p.demo = p.p.login("admin"), p.p.login("demo")
	p.image = p.admin.images()[0].ID
	t.Cleanup(func() { t.Logf("replies: %v", p.tally.replies) })
	return p
}

// TestParts kills each of the processes in turn, and PostgreSQL in between,
// while clients go on. Nothing that was accepted is lost, nothing is stuck, and
// all accounts are right.
func TestParts(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Logf("%s is not set: processes share PostgreSQL only", dbtest.PostgresVariable)
		return
	}
	p := newParts(t, newCluster(t))
	for round := range number(t, roundsVariable, 1) {
		p.round(round)
		if t.Failed() {
			return
		}
	}
	p.end()
}

// loads are the deeds that each round of TestParts has to have seen accepted.
var loads = []string{"create with networks", "delete", "soft reboot", "hard reboot", "createImage", "backup_instance", "os-getConsoleOutput"}

// round has something go wrong while the clients work: each process dies once,
// and PostgreSQL twice. The clients go on until each load was accepted often
// enough. Then everything comes to its end.
func (p *parts) round(n int) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	var group sync.WaitGroup
	for w := range clients {
		random := rand.New(rand.NewPCG(p.seed, uint64(n*clients+w+1)))
		group.Go(func() { p.work(ctx, w, random) })
	}
	victims := []string{"api-1", "api-2", "scheduler-1", "scheduler-2", "fake-1", "fake-2", "fake-3", "PostgreSQL", "PostgreSQL"}
	p.rand.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	for _, victim := range victims {
		p.untilSuccesses(10 + p.rand.Int64N(30))
		p.t.Logf("round %d: %s dies", n, victim)
		p.troubled.Add(1)
		if victim == "PostgreSQL" {
			p.database.do("bounce")
		} else {
			p.byName[victim].kill()
			p.untilSuccesses(5) // what the others can do alone
			p.byName[victim].start()
		}
		p.untilSuccesses(5)
		p.troubled.Add(-1)
	}
	eventually(p.t, func() error {
		if lacking := p.tally.lacking(loads...); len(lacking) > 0 {
			return fmt.Errorf("accepted fewer than %d times: %v", fewestAccepted, lacking)
		}
		return nil
	})
	stop()
	group.Wait()
	eventually(p.t, p.unsettled)
	if err := p.wrong(); err != nil {
		p.t.Errorf("round %d: %v", n, err)
	}
	p.checkPromises()
}

// untilSuccesses lets the clients succeed a number of times.
func (p *parts) untilSuccesses(more int64) {
	p.t.Helper()
	want := p.successes.Load() + more
	eventually(p.t, func() error {
		if got := p.successes.Load(); got < want {
			return fmt.Errorf("%d successes, waiting for %d", got, want)
		}
		return nil
	})
}

// work sends requests to any API process until the context ends.
func (p *parts) work(ctx context.Context, w int, random *rand.Rand) {
	for looks := 0; ctx.Err() == nil; looks++ {
		d, id := p.chooseCalmly(ctx, w, looks, random)
		if d.request == nil {
			continue
		}
		looks = 0
		method, path, body := d.request(p.crash, random, id)
		by := *p.demo
		if d.admin {
			by = *p.admin
		}
		by.p = p.apis[random.IntN(len(p.apis))]
		calm := p.troubled.Load() == 0
		r, err := by.do(ctx, method, path, body)
		calm = calm && p.troubled.Load() == 0
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && calm:
			p.t.Errorf("%s by %s: %v", d.name, by.p.name, err)
		case err != nil, r.status == http.StatusServiceUnavailable && !calm:
		default:
			p.note(d, r)
			p.remember(d, id, r)
		}
	}
}

// chooseCalmly is choose, but for a database that may be away.
func (p *parts) chooseCalmly(ctx context.Context, w, looks int, random *rand.Rand) (deed, string) {
	no := false
	servers, err := p.store.Servers(ctx, db.ServerFilter{Deleted: &no}, nova.Page{Limit: 1000})
	if err != nil {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // until it is back
		}
		return deed{}, ""
	}
	return p.chooseAmong(ctx, w, looks, random, servers)
}

// chooseAmong picks the deed that is furthest behind, among those that a server
// would accept. What is far ahead is not repeated before a client has looked for
// something else for a while.
func (p *parts) chooseAmong(ctx context.Context, w, looks int, random *rand.Rand, servers []nova.Server) (deed, string) {
	const farAhead, patient = 2, 40
	behind, least := p.tally.standing(deeds, random)
	for _, d := range behind {
		if p.tally.share(d) > least+farAhead+looks/patient {
			break
		}
		if id, ok := p.possible(d, w, random, servers); ok {
			return d, id
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Millisecond): // until a server is idle
	}
	return deed{}, ""
}

// queued are the deeds whose work goes on after the answer.
var queued = []string{
	"create", "create with networks", "create two", "os-start", "os-stop", "soft reboot", "hard reboot", "pause", "unpause", "suspend", "resume",
	"createImage", "createBackup", "createBackup that keeps none", "backup_instance", "delete",
}

// remember notes what a client was promised.
func (p *parts) remember(d deed, id string, r reply) {
	if r.status >= http.StatusMultipleChoices {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.name == "os-getConsoleOutput" {
		p.consoles++
	}
	if slices.Contains(queued, d.name) {
		p.promises = append(p.promises, promise{server: id, request: r.header.Get("X-Openstack-Request-Id"), deed: d.name})
	}
}

// checkPromises looks for everything that was accepted: each such request has
// its action, which has come to an end, and a server that was deleted is gone.
func (p *parts) checkPromises() {
	p.t.Helper()
	finished, servers := map[string]bool{}, map[string]nova.Server{}
	for _, s := range p.everything(nil) {
		servers[s.ID] = s
		for _, a := range p.actions(s) {
			finished[a.RequestID] = a.FinishTime != nil
		}
	}
	for _, made := range p.promises {
		switch {
		case made.deed == "delete" && !finished[made.request]: // it may have been under way already
			if s, ok := servers[made.server]; !ok || s.DeletedAt == nil && s.VMState != nova.Errored && !p.wasReset(s) {
				p.t.Errorf("server %s was to be deleted, and is %s", made.server, s.VMState)
			}
		case !finished[made.request]:
			p.t.Errorf("%s of server %s (%s) was accepted and is lost", made.deed, made.server, made.request)
		}
	}
	p.t.Logf("%d promises were kept, %d consoles read", len(p.promises), p.consoles)
}

// end deletes everything, measures what the processes cost when they are idle,
// and stops them as one should.
func (p *parts) end() {
	p.t.Helper()
	for _, s := range p.live() {
		p.admin.must("DELETE", "/v2.1/servers/"+s.ID, nil, http.StatusNoContent)
	}
	eventually(p.t, func() error {
		if live := p.live(); len(live) > 0 {
			return fmt.Errorf("%d servers are left", len(live))
		}
		return p.unsettled()
	})
	if err := p.wrong(); err != nil {
		p.t.Errorf("when all is deleted: %v", err)
	}
	p.checkIdle()
	for _, one := range p.byName {
		one.stop()
	}
	p.checkHypervisors(nil)
}

// checkIdle counts the statements that reach PostgreSQL from each process while
// nothing is to do: no more than one a second. What may be left of servers that
// were deleted is looked after for two minutes, which is work; so the notes of
// it are struck out first.
func (p *parts) checkIdle() {
	p.t.Helper()
	const (
		window  = 10 * time.Second
		most    = 9 // a tenth of a statement a second is for reports, which come every second here and not every ten
		atEdges = 4 // a look for work and a sweep, of three statements, more than the window's length says
	)
	log := filepath.Join(p.database.dir, "log")
	p.database.exec("DELETE FROM port_leftovers", "DELETE FROM image_leftovers",
		"ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
	before, err := os.ReadFile(log)
	if err != nil {
		p.t.Fatal(err)
	}
	<-time.After(window)
	after, err := os.ReadFile(log)
	if err != nil {
		p.t.Fatal(err)
	}
	for name := range p.byName {
		var sent []string
		for line := range strings.Lines(string(after[len(before):])) {
			if strings.HasPrefix(line, name+" LOG:  ") && !strings.Contains(line, "UPDATE services") {
				sent = append(sent, line)
			}
		}
		p.t.Logf("%s sent %d statements in %v without being asked", name, len(sent), window)
		if len(sent) > most+atEdges {
			p.t.Errorf("%s sends too many statements:\n%s", name, strings.Join(sent, ""))
		}
	}
}

// TestParts_SecondHost refuses to run a host that a live process runs, and says
// which process that is.
func TestParts_SecondHost(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Logf("%s is not set: processes share PostgreSQL only", dbtest.PostgresVariable)
		return
	}
	connection := dbtest.Postgres(t)
	options := []string{"DEFAULT.report_interval=1", "nova_api.fake_hosts=fake-1"}
	first := newProcess(t, connection, options...)
	first.start()
	second := newProcess(t, connection, options...)
	second.dies = true
	second.launch()
	err := second.cmd.Wait()
	pid := fmt.Sprintf("pid %d", first.cmd.Process.Pid)
	if err == nil || !strings.Contains(second.log.complaint(), "register host fake-1: it is run by another process, "+pid) {
		t.Errorf("the second process ended with %v: %s", err, second.log.complaint())
	}
	second.cmd = nil
	first.kill()
	third := newProcess(t, connection, append(options, "nova_api.roles=scheduler,compute")...)
	third.start() // at once, since the first is known to be dead
	if err := third.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	third.stop() // a hangup is no reason to end
}

// appName is the connection URL's own name for a process, as PostgreSQL logs it.
func appName(connection, name string) string {
	u, err := url.Parse(connection)
	if err != nil || name == "" || !strings.HasPrefix(u.Scheme, "postgres") {
		return connection
	}
	q := u.Query()
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	return u.String()
}
