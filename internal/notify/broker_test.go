package notify_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
)

// A broker is a small server of AMQP 0-9-1: as much of it as a publisher needs, and
// every way to fail.
type broker struct {
	t        *testing.T
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	judge    func(number int, m published) verdict // nil: all is well
	foreign  bool                                  // exchange and queues are there, with other properties
	silent   bool                                  // it accepts connections, and never says a word
	received []published                           // what is in the queues
	number   int                                   // of messages that came
	declared []string
	sockets  map[net.Conn]bool
}

// A published message is one that has come to a queue.
type published struct {
	Key     string
	Subject string // as the test's messages have it
	Serial  int
	header  []byte
}

// A verdict is what becomes of a message.
type verdict int

const (
	taken    verdict = iota // it is in the queue, and confirmed
	refused                 // it is not, and the publisher is told
	returned                // no queue wants it, and it is confirmed all the same
	cutOff                  // it is not in the queue, and the connection ends
	unsaid                  // it is in the queue, and the connection ends before that is confirmed
)

func newBroker(t *testing.T) *broker {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, listener: listener, sockets: map[net.Conn]bool{}}
	b.running.Go(b.accept)
	t.Cleanup(b.stop)
	return b
}

func (b *broker) url() string { return "amqp://guest:guest@" + b.listener.Addr().String() }

// stop ends the broker and all connections.
func (b *broker) stop() {
	_ = b.listener.Close()
	b.mu.Lock()
	for socket := range b.sockets {
		_ = socket.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

func (b *broker) set(change func(b *broker)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// queue is what is in the queues.
func (b *broker) queue() []published {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.received)
}

func (b *broker) accept() {
	for {
		socket, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.set(func(b *broker) { b.sockets[socket] = true })
		b.running.Go(func() {
			defer func() { _ = socket.Close() }()
			(&conversation{broker: b, socket: socket, in: bufio.NewReader(socket)}).run()
		})
	}
}

// A conversation is a connection, with what a channel has to remember.
type conversation struct {
	broker *broker
	socket net.Conn
	in     *bufio.Reader
	tag    uint64
	now    published // the message that is coming
	size   uint64    // of its body
	body   []byte
}

// Methods, by class and number: those that a publisher calls.
const (
	startOK, tuneOK, openConn, closeConn    = 10<<16 | 11, 10<<16 | 31, 10<<16 | 40, 10<<16 | 50
	openChannel, closeChannel               = 20<<16 | 10, 20<<16 | 40
	declareExchange, declareQueue, bindings = 40<<16 | 10, 50<<16 | 10, 50<<16 | 20
	publish, selectConfirm                  = 60<<16 | 40, 85<<16 | 10
)

// run speaks until the connection ends.
func (c *conversation) run() {
	if _, err := io.ReadFull(c.in, make([]byte, 8)); err != nil { // AMQP and the version
		return
	}
	var silent bool
	c.broker.set(func(b *broker) { silent = b.silent })
	if silent {
		_, _ = io.Copy(io.Discard, c.in)
		return
	}
	c.method(0, 10, 10, []byte{0, 9, 0, 0, 0, 0}, long("PLAIN"), long("en_US"))
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(c.in, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1) // and the octet that ends it
		if _, err := io.ReadFull(c.in, payload); err != nil {
			return
		}
		if !c.frame(head[0], binary.BigEndian.Uint16(head[1:]), payload[:len(payload)-1]) {
			return
		}
	}
}

// frame answers one frame, and reports whether the connection goes on.
func (c *conversation) frame(kind byte, channel uint16, payload []byte) bool {
	switch kind {
	case 1:
		return c.call(channel, binary.BigEndian.Uint32(payload), payload[4:])
	case 2:
		c.size, c.body, c.now.header = binary.BigEndian.Uint64(payload[4:]), nil, payload
	case 3:
		c.body = append(c.body, payload...)
		if uint64(len(c.body)) == c.size {
			return c.message(channel)
		}
	}
	return true
}

// call answers a method.
func (c *conversation) call(channel uint16, name uint32, args []byte) bool {
	switch name {
	case startOK:
		c.method(0, 10, 30, []byte{0, 255, 0, 2, 0, 0, 0, 0}) // 255 channels, frames of 128 kB, no heartbeats
	case openConn:
		c.method(0, 10, 41, []byte{0})
	case closeConn:
		c.method(0, 10, 51)
		return false
	case openChannel:
		c.tag = 0
		c.method(channel, 20, 11, long(""))
	case declareExchange, declareQueue:
		c.declare(channel, name, args[2:])
	case bindings:
		c.method(channel, 50, 21)
	case selectConfirm:
		c.method(channel, 85, 11)
	case publish:
		_, rest := short(args[2:])
		key, _ := short(rest)
		c.now = published{Key: key}
	}
	return true
}

// declare answers that an exchange or a queue is there, unless it has other properties
// than it is declared with.
func (c *conversation) declare(channel uint16, method uint32, args []byte) {
	name, rest := short(args)
	if method == declareExchange {
		_, rest = short(rest)
	}
	passive := rest[0]&1 == 1
	c.broker.mu.Lock()
	foreign := c.broker.foreign
	c.broker.declared = append(c.broker.declared, name)
	c.broker.mu.Unlock()
	switch {
	case foreign && !passive:
		const preconditionFailed = 406
		c.method(channel, 20, 40, number(preconditionFailed), []byte{0}, []byte{0, 0, 0, 0})
	case method == declareExchange:
		c.method(channel, 40, 11)
	default:
		c.method(channel, 50, 11, append([]byte{byte(len(name))}, name...), make([]byte, 8))
	}
}

// message takes a message that has come whole.
func (c *conversation) message(channel uint16) bool {
	var outer map[string]string
	if err := json.Unmarshal(c.body, &outer); err != nil || outer["oslo.version"] != "2.0" {
		c.broker.t.Errorf("the envelope is %s", c.body)
	}
	if err := json.Unmarshal([]byte(outer["oslo.message"]), &c.now); err != nil {
		c.broker.t.Errorf("the message is %s", outer["oslo.message"])
	}
	c.tag++
	tag := binary.BigEndian.AppendUint64(nil, c.tag)
	b, what := c.broker, taken
	b.mu.Lock()
	b.number++
	if b.judge != nil {
		what = b.judge(b.number, c.now)
	}
	if what == taken || what == unsaid {
		b.received = append(b.received, c.now)
	}
	b.mu.Unlock()
	switch what {
	case refused:
		c.method(channel, 60, 120, tag, []byte{0})
	case cutOff, unsaid:
		return false
	case returned:
		const noRoute = 312
		key := append([]byte{byte(len(c.now.Key))}, c.now.Key...)
		c.method(channel, 60, 50, number(noRoute), []byte{0}, []byte{0}, key)
		c.write(2, channel, c.now.header)
		c.write(3, channel, c.body)
		c.method(channel, 60, 80, tag, []byte{0})
	default:
		c.method(channel, 60, 80, tag, []byte{0})
	}
	return true
}

// method sends a method with its arguments.
func (c *conversation) method(channel, class, method uint16, args ...[]byte) {
	c.write(1, channel, slices.Concat(number(class), number(method), slices.Concat(args...)))
}

// write sends a frame. Who has gone needs none.
func (c *conversation) write(kind byte, channel uint16, payload []byte) {
	frame := append([]byte{kind}, number(channel)...)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
	const end = 0xCE
	_, _ = c.socket.Write(append(append(frame, payload...), end))
}

func number(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// long is a text with its length in four octets, and short reads one with its length in
// one.
func long(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

func short(args []byte) (text string, rest []byte) {
	end := 1 + int(args[0])
	return string(args[1:end]), args[end:]
}
