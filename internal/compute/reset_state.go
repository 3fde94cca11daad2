package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// ResetState declares what state a server is in, and ends whatever is being done
// to it. The error is NotFound if the server has gone.
func (a *Servers) ResetState(ctx context.Context, s nova.Server, to nova.VMState) error {
	return a.store.Tx(ctx, func(tx *db.Store) error {
		current, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if current, err = a.supersede(ctx, tx, current, transition{}); err != nil {
			return err
		}
		change := db.ServerChange{VMState: &to, TaskState: new(nova.Idle), Progress: new(0)}
		if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
			return err
		}
		if err := record(ctx, tx, s, "resetState", ""); err != nil {
			return err
		}
		if err := balance(ctx, tx, s, accountsOf(current, holding{}), accountsOf(changed(current, change), holding{})); err != nil {
			return err
		}
		return a.tellChange(ctx, tx, current)
	})
}
