package e2e_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-api/nova-api/db/dbtest"
)

// rabbitVariable names the environment variable with the script that starts and stops
// a RabbitMQ. make notifications sets it.
const rabbitVariable = "NOVA_TEST_RABBITMQ"

// A rabbit is a RabbitMQ of the test's own, which may be stopped.
type rabbit struct {
	t           *testing.T
	script, dir string
	url         string
}

// newRabbit starts a RabbitMQ.
func newRabbit(t *testing.T, script string) *rabbit {
	t.Helper()
	r := &rabbit{t: t, script: script, dir: filepath.Join(t.TempDir(), "rabbitmq")}
	t.Cleanup(func() { _ = exec.CommandContext(context.WithoutCancel(t.Context()), script, "kill", r.dir).Run() })
	r.start()
	return r
}

func (r *rabbit) start() { r.url = r.do("start") }

func (r *rabbit) do(verb string) string {
	r.t.Helper()
	out, err := exec.CommandContext(r.t.Context(), r.script, verb, r.dir).Output()
	if err != nil {
		r.t.Fatalf("%s RabbitMQ: %v", verb, err)
	}
	return strings.TrimSpace(string(out))
}

// A message is a notification as a listener gets it.
type message struct {
	ID        string `json:"message_id"`
	EventType string `json:"event_type"`
	Timestamp string
	Payload   struct {
		Data struct{ UUID string } `json:"nova_object.data"`
	}
}

// A listener takes notifications from a queue, and goes on when the broker is back.
type listener struct {
	mu    sync.Mutex
	came  map[string][]message // by server, each once
	ids   map[string]bool
	twice int
}

func newListener() *listener {
	return &listener{came: map[string][]message{}, ids: map[string]bool{}}
}

// run listens until the context ends.
func (l *listener) run(ctx context.Context, url string, queues ...string) {
	for ctx.Err() == nil {
		l.listen(ctx, url, queues)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond): // until the broker is back
		}
	}
}

// listen listens for as long as the connection lasts.
func (l *listener) listen(ctx context.Context, url string, queues []string) {
	conn, err := amqp.Dial(url)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	channel, err := conn.Channel()
	if err != nil {
		return
	}
	var readers sync.WaitGroup
	for _, queue := range queues {
		if _, err := channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
			return
		}
		deliveries, err := channel.ConsumeWithContext(ctx, queue, "", false, false, false, false, nil)
		if err != nil {
			return
		}
		readers.Go(func() {
			for d := range deliveries {
				l.take(d.Body)
				_ = d.Ack(false) // or else it comes again
			}
		})
	}
	readers.Wait()
}

// take remembers a message. One that came before tells nothing new.
func (l *listener) take(body []byte) {
	var outer map[string]string
	var m message
	if json.Unmarshal(body, &outer) != nil || json.Unmarshal([]byte(outer["oslo.message"]), &m) != nil {
		m.EventType = "not to be read: " + string(body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[m.ID] {
		l.twice++
		return
	}
	l.ids[m.ID] = true
	l.came[m.Payload.Data.UUID] = append(l.came[m.Payload.Data.UUID], m)
}

// of is what came about a server.
func (l *listener) of(id string) []message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.came[id])
}

// TestNotifications has clients create and delete servers while RabbitMQ is stopped and
// started, and nova-api is killed. In the end everything that was accepted has been told
// of, and in order.
func TestNotifications(t *testing.T) {
	script := os.Getenv(rabbitVariable)
	if script == "" {
		t.Logf("%s is not set: nothing is sent to a real RabbitMQ (make notifications sets it)", rabbitVariable)
		return
	}
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		broker := newRabbit(t, script)
		p := newProcess(t, connection, "nova_api.lease_time=2", "notifications.notification_format=versioned",
			"oslo_messaging_notifications.driver=messagingv2", "oslo_messaging_notifications.transport_url=rabbit"+strings.TrimPrefix(broker.url, "amqp"),
			"oslo_messaging_rabbit.amqp_durable_queues=true", "quota.instances=-1", "quota.cores=-1", "quota.ram=-1",
			"nova_api.fake_hosts=fake-1,fake-2,fake-3,fake-4")
		p.start()
		p.listen = strings.TrimPrefix(p.url, "http://") // for its next lives too
		hears := newListener()
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { hears.run(ctx, broker.url, "versioned_notifications.info", "versioned_notifications.error") })
		defer group.Wait()
		defer stop()
		load := newLoad(p)
		for round := range number(t, roundsVariable, 2) {
			load.until(15)
			broker.do([]string{"stop", "kill"}[round%2])
			load.until(15)
			p.kill()
			p.start()
			load.until(5)
			broker.start()
		}
		load.until(10)
		load.stop()
		eventually(t, func() error { return load.objections(hears) })
		t.Logf("%d servers, %d notifications, of which %d came twice", len(load.deleted), len(hears.ids), hears.twice)
	})
}

// A load is clients that create and delete servers.
type load struct {
	p       *process
	done    chan struct{} // a word for each server that was deleted
	cancel  context.CancelFunc
	clients sync.WaitGroup

	mu      sync.Mutex
	deleted map[string]bool // and whether it ran before
}

// newLoad starts the clients.
func newLoad(p *process) *load {
	l := &load{p: p, done: make(chan struct{}), deleted: map[string]bool{}}
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(p.t.Context())
	var images struct{ Images []image }
	demo := p.login("demo")
	demo.get("/image/v2/images", &images)
	for i := range 4 {
		l.clients.Go(func() {
			for ctx.Err() == nil {
				l.one(ctx, demo, images.Images[0].ID, i%2 == 0)
			}
		})
	}
	return l
}

// one creates a server and deletes it: when it runs, or at once. A process that is
// away is asked again.
func (l *load) one(ctx context.Context, u *user, image string, runs bool) {
	server := object{"name": "s", "imageRef": image, "flavorRef": "42", "networks": "none"}
	created, err := u.do(ctx, "POST", "/v2.1/servers", object{"server": server})
	if err != nil || created.status != http.StatusAccepted {
		return
	}
	var body struct{ Server struct{ ID string } }
	if json.Unmarshal(created.body, &body) != nil {
		return
	}
	path := "/v2.1/servers/" + body.Server.ID
	for runs {
		shown, err := u.do(ctx, "GET", path, nil)
		if err == nil && strings.Contains(string(shown.body), `"ACTIVE"`) {
			break
		}
		if paused(ctx) {
			return
		}
	}
	for {
		reply, err := u.do(ctx, "DELETE", path, nil)
		if err == nil && (reply.status == http.StatusNoContent || reply.status == http.StatusNotFound) {
			break
		}
		if paused(ctx) {
			return
		}
	}
	l.mu.Lock()
	l.deleted[body.Server.ID] = runs
	l.mu.Unlock()
	select {
	case l.done <- struct{}{}:
	case <-ctx.Done():
	}
}

// paused waits before something is asked again, and reports whether that is over.
func paused(ctx context.Context) bool {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
	return ctx.Err() != nil
}

// until waits until so many more servers have come and gone.
func (l *load) until(more int) {
	l.p.t.Helper()
	for range more {
		select {
		case <-l.done:
		case <-time.After(patience):
			l.p.t.Fatalf("no server was deleted for %v", patience)
		}
	}
}

// stop ends the clients. What they were at is not looked at.
func (l *load) stop() {
	l.cancel()
	l.clients.Wait()
}

// objections says what was not told of, or not in order.
func (l *load) objections(hears *listener) error {
	var all objections
	for id, ran := range l.deleted {
		came := hears.of(id)
		var events []string
		for _, m := range came {
			events = append(events, strings.TrimPrefix(m.EventType, "instance."))
		}
		if !slices.IsSortedFunc(came, func(x, y message) int { return cmp.Compare(x.Timestamp, y.Timestamp) }) {
			all.add("server %s: not in order: %v", id, came)
		}
		if err := wellTold(strings.Join(events, " "), ran); err != nil {
			all.add("server %s: %w", id, err)
		}
	}
	return all.err()
}

// wellTold holds that a server's life was told of from the beginning to the end.
func wellTold(events string, ran bool) error {
	const gone = "delete.start shutdown.start shutdown.end delete.end"
	lives := []string{"create.start create.end " + gone}
	if !ran { // the deletion came in at any time
		lives = append(lives, "delete.start delete.end", gone, "create.start create.error "+gone)
	}
	if !slices.Contains(lives, events) {
		return fmt.Errorf("told of %q", events)
	}
	return nil
}
