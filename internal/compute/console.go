package compute

import (
	"bytes"
	"context"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// maxConsole is how much of a console's output is kept in view: bytes.
const maxConsole = 100 << 10

// ConsoleOutput gives the last lines of a server's console, or all that there
// is in view if lines is negative. Control characters are taken out.
func (a *Servers) ConsoleOutput(ctx context.Context, s nova.Server, lines int) (string, error) {
	if s.Host == "" {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	driver := a.local.Driver(s.Host)
	if driver == nil {
		return "", nova.Errorf(nova.Conflict, "Service is unavailable at this time.")
	}
	consoler, err := virt.As[virt.Consoler](driver)
	if err != nil {
		return "", err
	}
	output, err := consoler.ConsoleOutput(ctx, s, maxConsole)
	if nova.Is(err, nova.NotFound) {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if err != nil {
		return "", err
	}
	return printable(tail(output, lines)), nil
}

// tail is the last lines of a text, as Nova counts them: behind the last end of
// a line is one more, be it empty.
func tail(output []byte, lines int) []byte {
	if lines < 0 {
		return output
	}
	start := len(output) + 1
	for range lines {
		start = bytes.LastIndexByte(output[:start-1], '\n') + 1
		if start == 0 {
			break
		}
	}
	return output[min(start, len(output)):]
}

// printable drops what a terminal would act on: 0x00–0x08 and 0x0b–0x1f.
func printable(output []byte) string {
	return string(bytes.Map(func(r rune) rune {
		const tab, newline, space = 0x09, 0x0a, 0x20
		if r < space && r != tab && r != newline {
			return -1
		}
		return r
	}, output))
}
