package compute

import (
	"bytes"
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// maxConsole is how much of a console's output is kept in view: bytes.
const maxConsole = 100 << 10

// ConsoleOutput gives the last lines of a server's console, or all that there
// is in view if lines is negative. Control characters are taken out.
func (a *API) ConsoleOutput(ctx context.Context, s nova.Server, lines int) (string, error) {
	if s.Host == "" {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	driver, ok := a.drivers[s.Host]
	if !ok {
		return "", nova.Errorf(nova.Conflict, "Service is unavailable at this time.")
	}
	output, err := driver.ConsoleOutput(ctx, s, maxConsole)
	if nova.Is(err, nova.NotFound) {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if err != nil {
		return "", err
	}
	return printable(tail(output, lines)), nil
}

func tail(output []byte, lines int) []byte {
	if lines < 0 {
		return output
	}
	end := len(bytes.TrimRight(output, "\n"))
	start := end
	for ; lines > 0 && start >= 0; lines-- {
		start = bytes.LastIndexByte(output[:start], '\n')
	}
	return output[start+1 : max(end, start+1)]
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
