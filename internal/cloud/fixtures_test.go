package cloud_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A frozen clock moves only when it is told to.
type frozen struct{ at atomic.Int64 }

func newFrozen() *frozen {
	f := &frozen{}
	f.at.Store(start.UnixNano())
	return f
}

func (f *frozen) now() time.Time          { return time.Unix(0, f.at.Load()).UTC() }
func (f *frozen) advance(d time.Duration) { f.at.Add(int64(d)) }

// A keystone speaks the part of the identity API that the clients use.
type keystone struct {
	clock *frozen

	mu       sync.Mutex
	issued   int
	current  string               // the service user's token
	tokens   map[string]time.Time // of callers, with when they expire
	lookups  atomic.Int64
	signIns  atomic.Int64
	broken   atomic.Int64 // a status for everything; 0 if all is well
	password string
	asked    chan struct{} // hears of look-ups, if it is there
	hold     chan struct{} // look-ups wait for it, if it is there
}

func newKeystone(clock *frozen) *keystone {
	return &keystone{clock: clock, tokens: map[string]time.Time{}, password: "secret"}
}

// revoke makes the service user's token invalid.
func (k *keystone) revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = "revoked"
}

// forget revokes a caller's token.
func (k *keystone) forget(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.tokens, token)
}

func (k *keystone) knows(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return token == k.current
}

func (k *keystone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := int(k.broken.Load()); status != 0 {
		reply(w, status, map[string]any{"error": map[string]any{"message": "broken " + r.Header.Get("X-Subject-Token")}})
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v3/auth/tokens":
		k.signIn(w, r)
	case "GET /v3/auth/tokens":
		k.lookUp(w, r)
	case "GET /v3/projects/p1":
		reply(w, http.StatusOK, map[string]any{"project": map[string]any{"id": "p1"}})
	case "GET /v3/projects/hidden":
		reply(w, http.StatusForbidden, map[string]any{})
	default:
		reply(w, http.StatusNotFound, map[string]any{})
	}
}

func (k *keystone) signIn(w http.ResponseWriter, r *http.Request) {
	k.signIns.Add(1)
	body, _ := io.ReadAll(r.Body)
	if !strings.Contains(string(body), `"password":"`+k.password+`"`) {
		reply(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"message": "no: " + string(body)}})
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.issued++
	k.current = fmt.Sprintf("service-%d", k.issued)
	w.Header().Set("X-Subject-Token", k.current)
	endpoints := func(name, path string) []map[string]string {
		return []map[string]string{
			{"interface": "public", "region_id": "R1", "url": "http://public." + name + path},
			{"interface": "internal", "region_id": "R2", "url": "http://r2." + name + path},
			{"interface": "internal", "region_id": "R1", "url": "http://" + name + path},
		}
	}
	reply(w, http.StatusCreated, map[string]any{"token": map[string]any{
		"expires_at": k.clock.now().Add(time.Hour),
		"catalog": []map[string]any{
			{"type": "image", "endpoints": endpoints("glance", "")},
			{"type": "network", "endpoints": endpoints("neutron", "/v2.0")},
			{"type": "volumev3", "name": "cinder", "endpoints": endpoints("cinder", "/v3/p0")},
		},
		"project": map[string]any{"id": "p0"},
	}})
}

func (k *keystone) lookUp(w http.ResponseWriter, r *http.Request) {
	k.lookups.Add(1)
	k.mu.Lock()
	expires, ok := k.tokens[r.Header.Get("X-Subject-Token")]
	k.mu.Unlock()
	if k.asked != nil {
		k.asked <- struct{}{}
	}
	if k.hold != nil {
		<-k.hold
	}
	if !k.knows(r.Header.Get("X-Auth-Token")) {
		reply(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"message": "no"}})
		return
	}
	if !ok || !r.URL.Query().Has("allow_expired") && !k.clock.now().Before(expires) {
		reply(w, http.StatusNotFound, map[string]any{"error": map[string]any{"message": "no " + r.Header.Get("X-Subject-Token")}})
		return
	}
	reply(w, http.StatusOK, map[string]any{"token": map[string]any{
		"expires_at": expires,
		"user":       map[string]any{"id": "u1", "name": "demo", "domain": map[string]any{"id": "default"}},
		"project":    map[string]any{"id": "p1", "name": "Demo", "domain": map[string]any{"id": "d1"}},
		"roles":      rolesOf(r.Header.Get("X-Subject-Token")),
	}})
}

// rolesOf gives the role service to the tokens that begin with it.
func rolesOf(token string) []map[string]any {
	if strings.HasPrefix(token, "service") {
		return []map[string]any{{"id": "r3", "name": "service"}}
	}
	return []map[string]any{{"id": "r1", "name": "member"}, {"id": "r2", "name": "reader"}}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// A bed is a keystone with clients, and what the clients talk to.
type bed struct {
	*cloud.Clients
	clock    *frozen
	keystone *keystone
}

// newBed makes clients of a keystone and of handlers for image, network and, if
// there is a fifth argument, block storage.
func newBed(t testing.TB, image, network http.Handler, change func(*cloud.Options), volume ...http.Handler) *bed {
	t.Helper()
	clock := newFrozen()
	k := newKeystone(clock)
	services := map[string]http.Handler{"http://keystone": k}
	if image != nil {
		services["http://glance"] = image
	}
	if network != nil {
		services["http://neutron"] = network
	}
	for _, handler := range volume {
		services["http://cinder"] = handler
	}
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: services})
	if err != nil {
		t.Fatal(err)
	}
	o := cloud.Options{
		Login: cloud.Login{
			URL: "http://keystone/v3", Username: "nova", Password: k.password, ProjectName: "service",
			UserDomainName: "Default", ProjectDomainName: "Default",
		},
		Image:          cloud.Endpoint{Region: "R1"},
		Network:        cloud.Endpoint{Region: "R1"},
		Volume:         cloud.Endpoint{Region: "R1"},
		Transport:      transport,
		TokenCacheTime: 300 * time.Second,
		Now:            clock.now,
	}
	if change != nil {
		change(&o)
	}
	clients, err := cloud.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{clients, clock, k}
}

// wantError checks an error's kind and what a client is told, and that none
// of the secrets got into it.
func wantError(t *testing.T, err error, kind nova.Kind, message string, secrets ...string) {
	t.Helper()
	if err == nil || nova.KindOf(err) != kind || nova.Message(err) != message {
		t.Errorf("got %v (kind %d), want %q (kind %d)", err, nova.KindOf(err), message, kind)
		return
	}
	for _, secret := range append(secrets, "service-", "secret") {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q is in the error: %v", secret, err)
		}
	}
}
