package compute

import (
	"bytes"
	"context"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// maxConsole is how much of a console's output is kept in view: bytes.
const maxConsole = 100 << 10

// consoleOutput asks for the end of what a server wrote to its console.
var consoleOutput = question[int, []byte]{"console_output", func(ctx context.Context, d virt.Driver, s nova.Server, most int) ([]byte, error) {
	consoler, err := virt.As[virt.Consoler](d)
	if err != nil {
		return nil, err
	}
	return consoler.ConsoleOutput(ctx, s, most)
}}

// ConsoleOutput gives the last lines of a server's console, or all that there
// is in view if lines is negative. Control characters are taken out.
//
// The error is Conflict if the server has no host, its host is down, or the host
// doesn't know it; NotImplemented if the driver keeps no consoles; and
// Unavailable if the host doesn't answer in time.
func (a *Servers) ConsoleOutput(ctx context.Context, s nova.Server, lines int) (string, error) {
	output, err := ask(ctx, a, s, consoleOutput, maxConsole)
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
