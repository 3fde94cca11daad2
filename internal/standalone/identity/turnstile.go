package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A visitor is who wants a password hashed: the source of the request, and the
// user that it names, whether there is such a user or not.
type visitor struct {
	source string // an IP address, or the network that one client has
	user   string // of bounded length
}

// visitorOf is the sender of a request, with the words that name a user in it.
func visitorOf(r *http.Request, user ...string) visitor {
	sum := sha256.New()
	for _, word := range user {
		_, _ = sum.Write(append([]byte(word), 0))
	}
	return visitor{source: sourceOf(r.RemoteAddr), user: hex.EncodeToString(sum.Sum(nil))}
}

// sourceOf is the address of a client without its port. Of an IPv6 address it is
// the network, since a client with one address there has 2⁶⁴ of them.
func sourceOf(remote string) string {
	const network = 64
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := address.Addr().Unmap().WithZone("")
	if prefix, err := ip.Prefix(network); err == nil && ip.Is6() {
		return prefix.String()
	}
	return ip.String()
}

// The limits of a turnstile. An honest client that starts fifty logins at once
// gets all of them; it has to wait for some.
const (
	maxWaiting           = 1000
	maxWaitingPerSource  = 200
	maxWaitingPerVisitor = 50
	patience             = 10 * time.Second // for a turn; clients give up later than that
	retryAfter           = 2                // seconds
)

// A turnstile bounds how many passwords are hashed at once, and chooses among
// waiting requests so that nobody can keep others waiting for long:
//   - One source has at most half of the turns at once.
//   - A free turn goes to the source with the fewest turns under way, and of
//     those to the source whose last turn is the longest ago.
//   - Within a source, for example a proxy, it goes to the user whose last turn
//     is the longest ago.
//   - Among equals, the latest request goes first. In a flood that is the one
//     whose sender has not given up yet.
//
// So a flood of logins from one address, or for one user, is slow itself; a
// login from elsewhere waits for one turn at the most.
type turnstile struct {
	mu       sync.Mutex
	turns    int              // at once
	patience time.Duration    // replaced in tests
	onWait   func()           // called when a visitor begins to wait; for tests
	waiting  []*waiter        // in the order in which they came
	running  map[string]int   // turns under way, by source
	count    int64            // of turns
	bySource map[string]int64 // the count at a source's last turn
	byUser   map[visitor]int64
}

// A waiter is a visitor that waits for a turn.
type waiter struct {
	visitor
	ready chan struct{} // closed when its turn has come
}

// newTurnstile makes a turnstile with so many turns at once.
func newTurnstile(turns int) *turnstile {
	return &turnstile{
		turns: turns, patience: patience, onWait: func() {},
		running: map[string]int{}, bySource: map[string]int64{}, byUser: map[visitor]int64{},
	}
}

// enter waits for a turn, which lasts until leave is called. The error is a 429
// if too many wait already, or if the turn doesn't come in time, and Unavailable
// if the context ends.
func (t *turnstile) enter(ctx context.Context, v visitor) (leave func(), err error) {
	w := &waiter{visitor: v, ready: make(chan struct{})}
	if !t.queue(w) {
		return nil, errTooMany
	}
	select { // before a timer is made for nothing
	case <-w.ready:
		return func() { t.leave(v) }, nil
	default:
	}
	t.onWait()
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case <-w.ready:
		return func() { t.leave(v) }, nil
	case <-timer.C:
		err = errTooMany
	case <-ctx.Done():
		err = errUnavailable(ctx.Err())
	}
	t.giveUp(w)
	return nil, err
}

// queue lets a waiter wait, and reports whether there was room for it.
func (t *turnstile) queue(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	// There are a thousand waiters at most, and a turn takes sixty milliseconds, so a
	// walk through all of them costs nothing.
	fromSource, forUser := 0, 0
	for _, other := range t.waiting {
		if other.source != w.source {
			continue
		}
		fromSource++
		if other.user == w.user {
			forUser++
		}
	}
	t.waiting = append(t.waiting, w)
	t.admit()
	select {
	case <-w.ready:
		return true
	default:
	}
	// The limits are for visitors that have to wait. One whose turn is free doesn't
	// meet them, however many others wait.
	if len(t.waiting) > maxWaiting || fromSource >= maxWaitingPerSource || forUser >= maxWaitingPerVisitor {
		t.drop(w)
		return false
	}
	return true
}

// admit gives free turns to visitors that wait. The caller holds the lock.
func (t *turnstile) admit() {
	for {
		next := t.next()
		if next == nil {
			break
		}
		t.drop(next)
		t.count++
		t.running[next.source]++
		t.bySource[next.source], t.byUser[next.visitor] = t.count, t.count
		close(next.ready)
	}
	if len(t.running) == 0 || len(t.byUser) > 10*maxWaiting {
		clear(t.bySource) // nobody competes any more, or the memory is worth more
		clear(t.byUser)
	}
}

// next finds the waiter whose turn it is: nil if there is no free turn for
// anybody.
func (t *turnstile) next() *waiter {
	busy := 0
	for _, n := range t.running {
		busy += n
	}
	if busy >= t.turns {
		return nil
	}
	share := max(1, t.turns/2)
	var best *waiter
	for _, w := range t.waiting {
		if t.running[w.source] < share && (best == nil || t.before(w, best)) {
			best = w
		}
	}
	return best
}

// before reports whether a waiter goes before another one that came earlier.
func (t *turnstile) before(w, other *waiter) bool {
	for _, turn := range [][2]int64{
		{int64(t.running[w.source]), int64(t.running[other.source])},
		{t.bySource[w.source], t.bySource[other.source]},
		{t.byUser[w.visitor], t.byUser[other.visitor]},
	} {
		if turn[0] != turn[1] {
			return turn[0] < turn[1]
		}
	}
	return true
}

// leave ends a visitor's turn.
func (t *turnstile) leave(v visitor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[v.source]--
	if t.running[v.source] == 0 {
		delete(t.running, v.source)
	}
	t.admit()
}

// giveUp stops waiting, or ends the turn that has come at the same moment.
func (t *turnstile) giveUp(w *waiter) {
	t.mu.Lock()
	dropped := t.drop(w)
	t.mu.Unlock()
	if !dropped {
		t.leave(w.visitor)
	}
}

// drop takes a waiter out of the queue, and reports whether it was there. The
// caller holds the lock.
func (t *turnstile) drop(w *waiter) bool {
	i := slices.Index(t.waiting, w)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return true
}

// errUnavailable is for a client that went away, or is sent away, before its
// turn.
func errUnavailable(cause error) error {
	return nova.Because(cause, nova.Unavailable, "The server is currently unavailable. Please try again at a later time.")
}

// errTooMany tells a client to come back later. It says nothing about the user
// or the password, which have not been looked at.
var errTooMany = kit.WithHeader("Retry-After", strconv.Itoa(retryAfter), kit.WithStatus(http.StatusTooManyRequests,
	nova.Errorf(nova.Unavailable, "Too many requests to check a password are waiting. Please try again at a later time.")))
