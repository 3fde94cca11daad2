package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
)

// failover names the environment variable that asks for TestFailover, which takes two
// clusters of PostgreSQL and twenty seconds.
const failover = "NOVA_FAILOVER"

// TestFailover has the primary of two PostgreSQLs die while clients create servers and do
// other things, and the standby become the primary. The processes know both. Nothing that
// was accepted is lost, nothing is stuck, and all accounts are right.
func TestFailover(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() || os.Getenv(failover) == "" {
		t.Logf("%s or %s is not set: make failover", dbtest.PostgresVariable, failover)
		return
	}
	primary := newCluster(t)
	standby := primary.follow()
	p := newParts(t, &cluster{t: t, dir: primary.dir, connection: several(t, primary, standby)})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	for w := range clients {
		random := rand.New(rand.NewPCG(p.seed, uint64(w+1)))
		group.Go(func() { p.work(ctx, w, random) })
	}
	p.untilSuccesses(60)
	p.troubled.Add(1)
	primary.do("crash")
	standby.do("promote")
	p.untilSuccesses(60)
	p.troubled.Add(-1)
	p.untilSuccesses(20) // none of which may fail
	eventually(t, func() error {
		if lacking := p.tally.lacking("create with networks"); len(lacking) > 0 {
			return fmt.Errorf("accepted fewer than %d times: %v", fewestAccepted, lacking)
		}
		return nil
	})
	stop()
	group.Wait()
	eventually(t, p.unsettled)
	if err := p.wrong(); err != nil {
		t.Error(err)
	}
	p.checkPromises()
	for _, one := range p.byName {
		one.stop()
	}
}

// several is the URL of clusters that have the same data, of which one at a time can be
// written.
func several(t *testing.T, clusters ...*cluster) string {
	t.Helper()
	var hosts []string
	for _, c := range clusters {
		u, err := url.Parse(c.connection)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, u.Host)
	}
	u, _ := url.Parse(clusters[0].connection)
	return strings.Replace(clusters[0].connection, u.Host, strings.Join(hosts, ","), 1)
}
