package rows_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A swallower stands before a server. While it swallows, all that is sent through it
// disappears, and connections stay open: as the network does when a machine loses its
// power.
type swallower struct {
	net.Listener
	server   string
	swallows atomic.Bool
}

// swallow puts a swallower before the server of a URL, and returns the URL to it.
func swallow(t *testing.T, connection string) (*swallower, string) {
	t.Helper()
	u, err := url.Parse(connection)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &swallower{Listener: listener, server: u.Host}
	go s.serve(t.Context())
	u.Host = listener.Addr().String()
	return s, u.String()
}

func (s *swallower) serve(ctx context.Context) {
	for {
		client, err := s.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(ctx, "tcp", s.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
		go s.carry(server, client)
		go s.carry(client, server)
	}
}

func (s *swallower) carry(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	for b := make([]byte, 4096); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if s.swallows.Load() {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestLine has a server that goes without a word. Whoever has bounded his patience is
// answered then, whoever has not after the time that a server may be silent; and all is
// well when it is back.
func TestLine(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Logf("%s is not set: SQLite is a file", dbtest.PostgresVariable)
		return
	}
	s, connection := swallow(t, dbtest.Postgres(t))
	store := dbtest.Open(t, connection, func(o *rows.Options) { o.Silence = 300 * time.Millisecond })
	query := func(ctx context.Context) error {
		_, err := rows.Get[int](ctx, store.DB, "SELECT COUNT(*) FROM write_checks WHERE id > ?", 0)
		return err
	}
	briefly := func(do func(ctx context.Context) error) func() error {
		return func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			return do(ctx)
		}
	}
	well := func(ctx context.Context) error { return store.Tx(ctx, func(*db.Store) error { return query(ctx) }) }
	if err := query(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.swallows.Store(true)
	t.Run("silent", func(t *testing.T) {
		testSilent(t, map[string]func() error{
			"a query with patience":            briefly(query),
			"a transaction with patience":      briefly(well),
			"a ping with patience":             briefly(store.Ping),
			"a query that waits for ever":      func() error { return query(t.Context()) },
			"a transaction that waits forever": func() error { return well(t.Context()) },
		})
	})
	s.swallows.Store(false)
	if err := query(t.Context()); err != nil {
		t.Errorf("the server is back: %v", err)
	}
}

// testSilent has calls of a server that says nothing end, all at the same time.
func testSilent(t *testing.T, calls map[string]func() error) {
	t.Helper()
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, ended := time.Now(), make(chan error, 1)
			go func() { ended <- do() }()
			select {
			case err := <-ended:
				if err == nil || !nova.Is(err, nova.Unavailable) && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it hangs")
			}
		})
	}
}
