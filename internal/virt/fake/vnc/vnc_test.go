package vnc_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nova-api/nova-api/internal/virt/fake/vnc"
)

// A viewer is a VNC client that asks for raw pixels.
type viewer struct {
	t      *testing.T
	conn   net.Conn
	in     *bufio.Reader
	bits   int
	name   string
	pixels map[int][]byte // the last picture of each row, by its first line
}

// view connects a viewer of a protocol version.
func view(t *testing.T, screen *vnc.Screen, version string) *viewer {
	t.Helper()
	client, server := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- vnc.ServeRFB(t.Context(), server, screen) }()
	v := &viewer{t: t, conn: client, in: bufio.NewReader(client), bits: 32, pixels: map[int][]byte{}}
	t.Cleanup(func() {
		_ = client.Close()
		if err := <-ended; err != nil && !strings.Contains(err.Error(), "closed pipe") {
			t.Errorf("session: %v", err)
		}
	})
	if got := string(v.read(12)); got != "RFB 003.008\n" {
		t.Fatalf("the server greets with %q", got)
	}
	v.write([]byte(version))
	switch version {
	case "RFB 003.003\n":
		v.expect([]byte{0, 0, 0, 1})
	case "RFB 003.007\n":
		v.expect([]byte{1, 1})
		v.write([]byte{1})
	default:
		v.expect([]byte{1, 1})
		v.write([]byte{1})
		v.expect([]byte{0, 0, 0, 0})
	}
	v.write([]byte{1})
	hello := v.read(24)
	if w, h := binary.BigEndian.Uint16(hello), binary.BigEndian.Uint16(hello[2:]); w != vnc.Width || h != vnc.Height {
		t.Fatalf("the screen is %d × %d", w, h)
	}
	v.name = string(v.read(int(binary.BigEndian.Uint32(hello[20:]))))
	return v
}

func (v *viewer) read(n int) []byte {
	v.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(v.in, b); err != nil {
		v.t.Fatalf("read %d bytes: %v", n, err)
	}
	return b
}

func (v *viewer) expect(want []byte) {
	v.t.Helper()
	if got := v.read(len(want)); !bytes.Equal(got, want) {
		v.t.Fatalf("got % x, want % x", got, want)
	}
}

func (v *viewer) write(b []byte) {
	v.t.Helper()
	if _, err := v.conn.Write(b); err != nil {
		v.t.Fatalf("write: %v", err)
	}
}

// update asks for what is new, and gives the rows that came.
func (v *viewer) update(incremental byte) (rows []int) {
	v.t.Helper()
	v.write(binary.BigEndian.AppendUint64([]byte{3, incremental}, vnc.Width<<16|vnc.Height))
	head := v.read(4)
	for range binary.BigEndian.Uint16(head[2:]) {
		rectangle := v.read(12)
		y, w, h := binary.BigEndian.Uint16(rectangle[2:]), binary.BigEndian.Uint16(rectangle[4:]), binary.BigEndian.Uint16(rectangle[6:])
		row := int(y) / int(h)
		v.pixels[row] = v.read(int(w) * int(h) * v.bits / 8)
		rows = append(rows, row)
	}
	return rows
}

func (v *viewer) press(keysyms ...uint32) {
	v.t.Helper()
	for _, key := range keysyms {
		for _, down := range []byte{1, 0} {
			v.write(binary.BigEndian.AppendUint32([]byte{4, down, 0, 0}, key))
		}
	}
}

func newScreen(state *atomic.Value) *vnc.Screen {
	return vnc.NewScreen(func() (string, string) { return "web-1", fmt.Sprint(state.Load()) })
}

func TestServeRFB(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"} {
		t.Run(strings.TrimSpace(version), func(t *testing.T) {
			t.Parallel()
			var state atomic.Value
			state.Store("running")
			screen := newScreen(&state)
			v := view(t, screen, version)
			if v.name != "web-1" {
				t.Errorf("the session is called %q", v.name)
			}
			if rows := v.update(0); len(rows) != vnc.Rows {
				t.Fatalf("at first, %d rows came, want all", len(rows))
			}
			blank := string(v.pixels[3])
			if string(v.pixels[0]) == blank || string(v.pixels[1]) == blank {
				t.Error("the name and the state are not on the screen")
			}
			v.press('o', 'k')
			typed := v.update(1)
			for len(typed) == 1 && screen.Lines()[3] != "ok" {
				typed = v.update(1)
			}
			if len(typed) != 1 || typed[0] != 3 || string(v.pixels[3]) == blank {
				t.Errorf("after typing, rows %v came", typed)
			}
			before := string(v.pixels[1])
			state.Store("paused")
			if rows := v.update(1); len(rows) == 0 || string(v.pixels[1]) == before {
				t.Errorf("after the state has changed, rows %v came", rows)
			}
		})
	}
}

// Two sessions show one screen, in pixels of their own.
func TestServeRFB_Formats(t *testing.T) {
	t.Parallel()
	for name, format := range map[string][]byte{
		"8 bits":             {8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0},
		"16 bits":            {16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0},
		"32 bits big-endian": {32, 24, 1, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var state atomic.Value
			state.Store("running")
			screen := newScreen(&state)
			typist, v := view(t, screen, "RFB 003.008\n"), view(t, screen, "RFB 003.008\n")
			v.bits = int(format[0])
			v.write(append([]byte{0, 0, 0, 0}, format...))
			v.write([]byte{2, 0, 0, 1, 0, 0, 0, 0})                   // encodings
			v.write([]byte{5, 0, 0, 1, 0, 1})                         // the pointer
			v.write(append([]byte{6, 0, 0, 0, 0, 0, 0, 3}, "cut"...)) // the clipboard
			if rows := v.update(0); len(rows) != vnc.Rows {
				t.Fatalf("%d rows came", len(rows))
			}
			typist.press(0x01000416, 'x', 0xff08, 0xff0d, 'y')
			for screen.Lines()[4] != "y" {
				v.update(1)
			}
			if got := screen.Lines()[3]; got != "Ж" {
				t.Errorf("the first line is %q", got)
			}
		})
	}
}

func TestServeRFB_Refused(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string][]byte{
		"not VNC":             []byte("GET / HTTP/1.1\r\n"),
		"another security":    []byte("RFB 003.008\n\x02"),
		"a color map":         append([]byte("RFB 003.008\n\x01\x01\x00\x00\x00\x00"), make([]byte, 16)...),
		"unknown message":     []byte("RFB 003.008\n\x01\x01\xf8"),
		"a clipboard of 2 GB": []byte("RFB 003.008\n\x01\x01\x06\x00\x00\x00\x7f\xff\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var state atomic.Value
			client, server := net.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- vnc.ServeRFB(t.Context(), server, newScreen(&state)) }()
			go func() { _, _ = client.Write(sent) }()
			_, _ = io.Copy(io.Discard, client)
			if err := <-ended; err == nil {
				t.Error("the session ended well")
			}
		})
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	screen := vnc.NewScreen(func() (string, string) { return strings.Repeat("n", 100) + "\n", "running" })
	for range 100 {
		screen.Type('\r')
	}
	for range vnc.Columns + 1 {
		screen.Type('z')
	}
	screen.Type('\b')
	screen.Type('\b') // nothing is left of the line
	lines := screen.Lines()
	if got := lines[vnc.Rows-2]; got != strings.Repeat("z", vnc.Columns) {
		t.Errorf("a long line ends as %q", got)
	}
	if got := lines[0]; len(got) != vnc.Columns {
		t.Errorf("a long name is shown as %q", got)
	}
}

func TestServeSerial(t *testing.T) {
	t.Parallel()
	var state atomic.Value
	state.Store("running")
	client, server := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- vnc.ServeSerial(t.Context(), server, newScreen(&state)) }()
	in := bufio.NewReader(client)
	const banner = "server: web-1\r\nstate:  running\r\n\r\n"
	for want, sent := range map[string]string{"ls\r\n": "ls\r"} {
		greeting := make([]byte, len(banner))
		if _, err := io.ReadFull(in, greeting); err != nil || string(greeting) != banner {
			t.Fatalf("%q, %v", greeting, err)
		}
		if _, err := io.WriteString(client, sent); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
			t.Errorf("%q comes back as %q, %v", sent, got, err)
		}
	}
	_ = client.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
