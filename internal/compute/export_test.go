package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// BeginAttach is AttachInterface without the wait for the end.
func (a *Servers) BeginAttach(ctx context.Context, s nova.Server, wanted NIC) error {
	_, err := a.beginAttach(ctx, s, wanted, false)
	return err
}

// MarkOf is the mark on the port that an attachment makes.
var MarkOf = markOf
