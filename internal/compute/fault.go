package compute

import (
	"errors"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

const (
	faultCode  = 500     // that of every fault
	maxDetails = 4 << 10 // bytes
)

// faultMessage is the text of a failure. A driver's own words are no secret:
// an operator put the server on its host.
func faultMessage(cause error) string {
	const most = 255
	if ours, ok := errors.AsType[*nova.Error](cause); ok {
		return clip(ours.Message, most)
	}
	return clip(cause.Error(), most)
}

// clip shortens a text of unknown origin to so many bytes, and leaves out what
// a database doesn't take.
func clip(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}
