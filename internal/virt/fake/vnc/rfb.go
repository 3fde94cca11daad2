package vnc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The messages of a client, from RFC 6143 section 7.5.
const (
	setPixelFormat           = 0
	setEncodings             = 2
	framebufferUpdateRequest = 3
	keyEvent                 = 4
	pointerEvent             = 5
	clientCutText            = 6
)

const (
	securityNone   = 1
	framebufferUpd = 0
	encodingRaw    = 0
	maxCutText     = 1 << 20                // bytes of a client's clipboard
	handshakeTime  = 10 * time.Second       // for the client to say what it wants
	lookEvery      = 500 * time.Millisecond // at the server's state
)

// ServeRFB answers one VNC client until it goes or the context ends. It closes the
// connection. A client has ten seconds for the handshake, and after that all the
// time it likes: a viewer that only watches sends nothing.
func ServeRFB(ctx context.Context, conn net.Conn, screen *Screen) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	s := &session{
		screen: screen, in: bufio.NewReader(conn), out: bufio.NewWriterSize(conn, 1<<16), format: trueColor,
		messages: make(chan message),
	}
	if err := conn.SetDeadline(time.Now().Add(handshakeTime)); err != nil { //nolint:forbidigo // a duration, not a time
		return err
	}
	if err := s.handshake(); err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { ended <- s.read(reading) }()
	return s.write(ended)
}

// A session is one client of a screen.
type session struct {
	screen   *Screen
	in       *bufio.Reader
	out      *bufio.Writer
	messages chan message // from the goroutine that reads to the one that writes

	format  pixelFormat
	shown   [Rows]string // what the client has on its screen
	wanted  bool         // the client waits for an update
	started bool         // the client has been sent a whole screen
}

// A message is what a client wants of the goroutine that writes: an update, or
// another form of pixels.
type message struct {
	format *pixelFormat
	whole  bool
}

// handshake agrees on a version, on no authentication, and tells the client
// what the screen is like (RFC 6143, sections 7.1 to 7.3).
func (s *session) handshake() error {
	if err := s.send([]byte("RFB 003.008\n")); err != nil {
		return err
	}
	version := make([]byte, len("RFB 003.008\n"))
	if _, err := io.ReadFull(s.in, version); err != nil {
		return err
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(version), "RFB %03d.%03d\n", &major, &minor); err != nil || major != 3 {
		return fmt.Errorf("not a VNC client: %q", version)
	}
	if err := s.agreeOnSecurity(minor); err != nil {
		return err
	}
	if _, err := s.in.ReadByte(); err != nil { // whether to share: always
		return err
	}
	name := s.screen.Name()
	hello := binary.BigEndian.AppendUint16(nil, Width)
	hello = binary.BigEndian.AppendUint16(hello, Height)
	hello = append(hello, s.format.encode()...)
	hello = binary.BigEndian.AppendUint32(hello, uint32(len(name))) //nolint:gosec // a server's name is short
	return s.send(append(hello, name...))
}

// agreeOnSecurity offers "None", in the words of the client's version.
func (s *session) agreeOnSecurity(minor int) error {
	// Up to 3.6 the server says which type it is, since 3.7 the client chooses among
	// those that are offered, and since 3.8 it is told the result.
	const minorWithChoice, minorWithResult = 7, 8
	if minor < minorWithChoice {
		return s.send(binary.BigEndian.AppendUint32(nil, securityNone))
	}
	if err := s.send([]byte{1, securityNone}); err != nil {
		return err
	}
	chosen, err := s.in.ReadByte()
	if err != nil {
		return err
	}
	if chosen != securityNone {
		return fmt.Errorf("the client wants security type %d, which was not offered", chosen)
	}
	if minor < minorWithResult {
		return nil
	}
	return s.send(make([]byte, 4)) // OK
}

// send writes one message at once: the other side waits for it.
func (s *session) send(data []byte) error {
	if _, err := s.out.Write(data); err != nil {
		return err
	}
	return s.out.Flush()
}

// read takes the client's messages until it goes: keys go to the screen, what
// concerns the picture to the goroutine that writes.
func (s *session) read(ctx context.Context) error {
	for {
		kind, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		m, err := s.readMessage(kind)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		select {
		case s.messages <- *m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readMessage reads what follows the kind of a message. It is nil for messages
// that change nothing about the picture. Their sizes are fixed, but for two that
// say themselves how long they are.
func (s *session) readMessage(kind byte) (*message, error) {
	const formatAt, keyAt = 3, 3 // behind padding, and the flag "pressed"
	switch kind {
	case setPixelFormat:
		body, err := s.take(formatAt + pixelFormatSize)
		if err != nil {
			return nil, err
		}
		format, err := decodePixelFormat(body[formatAt:])
		return &message{format: &format}, err
	case setEncodings: // every client understands raw pixels
		body, err := s.take(3)
		if err != nil {
			return nil, err
		}
		_, err = s.in.Discard(4 * int(binary.BigEndian.Uint16(body[1:])))
		return nil, err
	case framebufferUpdateRequest:
		body, err := s.take(9)
		if err != nil {
			return nil, err
		}
		return &message{whole: body[0] == 0}, nil
	case keyEvent:
		body, err := s.take(7)
		if err == nil && body[0] != 0 {
			if r, ok := character(binary.BigEndian.Uint32(body[keyAt:])); ok {
				s.screen.Type(r)
			}
		}
		return nil, err
	case pointerEvent:
		_, err := s.take(5)
		return nil, err
	case clientCutText:
		body, err := s.take(7)
		if err != nil {
			return nil, err
		}
		// The length is the client's word: without a bound, it could have the server
		// read four gigabytes.
		length := binary.BigEndian.Uint32(body[3:])
		if length > maxCutText {
			return nil, errors.New("the client's clipboard is too large")
		}
		_, err = s.in.Discard(int(length))
		return nil, err
	}
	return nil, fmt.Errorf("unknown message %d of a VNC client", kind)
}

// take reads so many bytes of a message.
func (s *session) take(n int) ([]byte, error) {
	body := make([]byte, n)
	_, err := io.ReadFull(s.in, body)
	return body, err
}

// write draws the screen whenever the client waits for it and it has changed. It
// is the only goroutine that writes, so that no two messages mix. The state of the
// server changes without a word from anybody, hence the ticks.
func (s *session) write(ended <-chan error) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := s.screen.Changed() // before looking, so that nothing is missed in between
		if err := s.update(); err != nil {
			return err
		}
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		case m := <-s.messages:
			// Rows that were sent in the old format are no use: all are sent again.
			if m.format != nil {
				s.format, s.started = *m.format, false
				continue
			}
			s.wanted = true
			if m.whole {
				s.started = false
			}
		case <-changed:
		case <-tick.C:
		}
	}
}

// update sends the rows that have changed since the last update, if the client
// waits for one. Each row is a rectangle of its own (RFC 6143, section 7.6.1), so
// that typing sends a row and not a picture. A client that waits while nothing
// changes gets its answer with the next change.
func (s *session) update() error {
	if !s.wanted {
		return nil
	}
	lines := s.screen.Lines()
	var rows []int
	for i := range lines {
		if !s.started || lines[i] != s.shown[i] {
			rows = append(rows, i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	header := []byte{framebufferUpd, 0}
	header = binary.BigEndian.AppendUint16(header, uint16(len(rows))) //nolint:gosec // at most Rows
	if _, err := s.out.Write(header); err != nil {
		return err
	}
	for _, row := range rows {
		rectangle := binary.BigEndian.AppendUint16(nil, 0)
		rectangle = binary.BigEndian.AppendUint16(rectangle, uint16(row*cellHeight)) //nolint:gosec // below Height
		rectangle = binary.BigEndian.AppendUint16(rectangle, Width)
		rectangle = binary.BigEndian.AppendUint16(rectangle, cellHeight)
		rectangle = binary.BigEndian.AppendUint32(rectangle, encodingRaw)
		if _, err := s.out.Write(append(rectangle, s.format.pixels(lines[row])...)); err != nil {
			return err
		}
	}
	s.shown, s.started, s.wanted = lines, true, false
	return s.out.Flush()
}

// character is what a key types, from its X11 keysym; not all keys type one.
// Keysyms up to U+00FF are their characters, those above 0x01000000 are Unicode;
// the keypad has its own.
func character(keysym uint32) (rune, bool) {
	const (
		latinFirst, latinLast = 0x20, 0xff
		unicodePlane          = 0x01000000
		maxRune               = 0x10ffff
		keyBackspace          = 0xff08
		keyReturn             = 0xff0d
		keypadEnter           = 0xff8d
	)
	switch {
	case keysym >= latinFirst && keysym <= latinLast:
		return rune(keysym), true
	case keysym > unicodePlane && keysym <= unicodePlane+maxRune:
		return rune(keysym - unicodePlane), true
	case keysym == keyReturn, keysym == keypadEnter:
		return enter, true
	case keysym == keyBackspace:
		return backspace, true
	}
	return 0, false
}
