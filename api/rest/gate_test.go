package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/nova-api/nova-api/api/rest"
)

// A crowd is a resource whose lists take until they are let go.
type crowd struct {
	begun chan struct{}
	let   chan struct{}
}

func (c crowd) Operations() rest.Operations {
	list := func(context.Context, *rest.Request) (any, error) {
		c.begun <- struct{}{}
		if _, ok := <-c.let; !ok {
			panic(http.ErrAbortHandler)
		}
		return map[string]any{}, nil
	}
	return rest.Operations{"index": rest.Do(list).Query(thingsQuery).Long(), "show": rest.Do(echo("show"))}
}

// As many long lists as there are processors are made at a time, and short calls don't
// wait for them. Whatever becomes of a list, the next one gets its place.
func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		processors := runtime.GOMAXPROCS(0)
		c := crowd{begun: make(chan struct{}, 100), let: make(chan struct{})}
		s := siteOf(t, func(m rest.Mapper) { m.Resource("thing", "things", c) })
		var all sync.WaitGroup
		list := func(ctx context.Context, query string, want int) {
			all.Go(func() {
				r := httptest.NewRequestWithContext(ctx, "GET", "/v2.1/things"+query, nil)
				r.Header.Set("X-Auth-Token", "demo")
				w := httptest.NewRecorder()
				if panics(func() { s.handler.ServeHTTP(w, r) }) == nil && w.Code != want {
					t.Errorf("a list is answered by %d, want %d: %s", w.Code, want, w.Body)
				}
			})
			synctest.Wait()
		}
		begun := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := len(c.begun); got != want {
				t.Errorf("%d lists have begun, want %d", got, want)
			}
		}
		for range processors {
			list(t.Context(), "", http.StatusOK)
		}
		impatient, leave := context.WithCancel(t.Context())
		list(impatient, "", http.StatusServiceUnavailable)
		list(t.Context(), "?limit=1000000", http.StatusOK)
		list(t.Context(), "?limit=1", http.StatusOK)
		begun(processors)
		s.do(t, "GET /v2.1/things/own").action(t, http.StatusOK, "show")
		leave()
		begun(processors)
		c.let <- struct{}{}
		begun(processors + 1) // the large one, in place of one that has ended
		c.let <- struct{}{}
		begun(processors + 2) // the small one
		close(c.let)
		all.Wait()
		begun(processors + 2)
		list(t.Context(), "", http.StatusOK) // those that panicked have left, too
		begun(processors + 3)
		all.Wait()
	})
}
