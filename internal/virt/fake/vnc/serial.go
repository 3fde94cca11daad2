package vnc

import (
	"context"
	"errors"
	"io"
	"net"
)

// ServeSerial answers one client of a serial line until it goes or the context
// ends: it says which server this is, and sends back what is typed. It closes
// the connection.
func ServeSerial(ctx context.Context, conn net.Conn, screen *Screen) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, screen.banner()); err != nil {
		return err
	}
	typed := make([]byte, 1<<10)
	for {
		n, err := conn.Read(typed)
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := conn.Write(echo(typed[:n])); err != nil {
			return err
		}
	}
}

// echo is what a terminal shows of typed bytes: a new line for Enter, and nothing
// of a character that was deleted. Keys that a guest would interpret, such as
// arrows, come back as they are.
func echo(typed []byte) []byte {
	const deleted = 0x7f
	var shown []byte
	for _, b := range typed {
		switch b {
		case enter:
			shown = append(shown, '\r', '\n')
		case backspace, deleted:
			shown = append(shown, backspace, ' ', backspace)
		default:
			shown = append(shown, b)
		}
	}
	return shown
}
