package rows

import (
	"context"
	"net"
	"time"

	"github.com/lib/pq"
)

// What keeps a server that has gone without a word, as in a power cut, from holding whoever
// waits for it. The driver itself asks such a server to cancel the statement when a context
// ends, and goes on waiting.

const (
	// unconfirmed is how long what was sent may stay without the other machine's
	// confirmation. Without a bound it is Linux's, a quarter of an hour.
	unconfirmed = 20 * time.Second
	// silence is how long a server may say nothing while a statement runs. That it is alive
	// doesn't help: its disk may hang. A migration takes its time, so this is long.
	silence = 5 * time.Minute
	// grace is how long a server has to obey when a statement is cancelled.
	grace = time.Second
)

// A line is a connection to a server that must not be silent for long when something was
// sent to it.
type line struct {
	net.Conn
	silence time.Duration
	listens bool // it may say nothing for ever, once it has answered
}

// Write sends, and expects an answer.
func (l *line) Write(b []byte) (int, error) {
	l.expect(l.silence)
	return l.Conn.Write(b)
}

// Read receives. There may be more to come.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	switch {
	case err != nil:
	case l.listens:
		_ = l.SetReadDeadline(time.Time{})
	default:
		l.expect(l.silence)
	}
	return n, err
}

// expect bounds how long the next word may take. Where that can't be set, the connection
// is closed, and the next call tells.
func (l *line) expect(within time.Duration) {
	_ = l.SetReadDeadline(time.Now().Add(within)) //nolint:forbidigo // the network's clock
}

// until bounds how long a call on the line goes on after the context has ended. Call done
// at its end. A nil line is that of a database which is a file.
func (l *line) until(ctx context.Context) (done func()) {
	if l == nil || ctx.Done() == nil {
		return func() {}
	}
	stop := context.AfterFunc(ctx, func() { l.expect(grace) })
	return func() { stop() }
}

// A dialer makes lines for the driver.
type dialer struct {
	silence time.Duration
	listens bool
}

var _ pq.DialerContext = dialer{}

// Dial is what the driver needs by its types, and calls only without a context.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is Dial within some time.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext makes a line, and shows it to whoever has asked for it with withLine.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Control: boundUnconfirmed}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	made := &line{Conn: conn, silence: d.silence, listens: d.listens}
	if shown, ok := ctx.Value(lineKey{}).(**line); ok {
		*shown = made
	}
	return made, nil
}

type lineKey struct{}

// withLine is a context for Connect, and where the line of the connection is found then.
func withLine(ctx context.Context) (context.Context, **line) {
	shown := new(*line)
	return context.WithValue(ctx, lineKey{}, shown), shown
}
