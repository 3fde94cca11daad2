package compute

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/keys"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// passwordArgs are the arguments of ChangePassword. They are forgotten when the
// action ends.
type passwordArgs struct {
	Password string `json:"password"`
}

// ChangePassword changes the password of the administrator in a server, and waits
// until that is done. The error is Conflict if the server may not be changed now
// or its host fails, NotImplemented if the driver can't do it, and Unavailable if
// the end doesn't come in time: the work goes on then.
func (a *Servers) ChangePassword(ctx context.Context, s nova.Server, password string) error {
	record, err := a.beginPassword(ctx, s, password)
	if err != nil {
		return err
	}
	_, err = a.await(ctx, record)
	return err
}

// beginPassword is ChangePassword without the wait.
func (a *Servers) beginPassword(ctx context.Context, s nova.Server, password string) (nova.Action, error) {
	return a.begin(ctx, s, ChangePassword, passwordArgs{password})
}

// ForgetPassword forgets the encrypted password of a server's administrator. The
// password stays. The error is NotFound if the server has gone.
func (a *Servers) ForgetPassword(ctx context.Context, s nova.Server) error {
	return a.store.ChangeServer(ctx, s.ID, db.ServerChange{AdminPassword: new("")})
}

// InjectNetwork checks that the network's settings may be written into a server
// once more. No driver of Nova's does anything then, since servers have them from
// DHCP or their config drive, and nothing is recorded. The error is Conflict for a
// locked server.
func (a *Servers) InjectNetwork(ctx context.Context, s nova.Server) error {
	return transition{lock: true}.checkLock(ctx, s)
}

// errPassword is all that a client is told of what went wrong inside a server:
// anything more might hold the password.
var errPassword = errors.New("error setting admin password")

// setPassword is the step that changes the password. The server remembers it,
// encrypted with its key, if that is of a type that can encrypt.
func (w *Worker) setPassword(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.PasswordSetter](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[passwordArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	power, err := a.driver.PowerState(ctx, a.server)
	if err != nil {
		return effect{}, err
	}
	if power != nova.Running {
		return effect{}, nova.Errorf(nova.Conflict, "instance %s is not running", a.ServerID)
	}
	if err := driver.SetAdminPassword(ctx, a.server, args.Password); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("password can't be set")
		return effect{}, errPassword
	}
	encrypted, err := keys.Encrypt(a.server.PublicKey, args.Password)
	if err != nil {
		return effect{}, errPassword
	}
	e := effect{}
	if encrypted != "" {
		e.change.AdminPassword = &encrypted
	}
	return e, nil
}

// explainPassword says why a password could not be changed, in the words of
// set_admin_password in nova/compute/manager.py.
func explainPassword(a *action, cause error) error {
	switch {
	case nova.Is(cause, nova.NotImplemented):
		return nova.Because(cause, nova.NotImplemented, "Unable to set password on instance")
	case nova.Is(cause, nova.Conflict):
		return nova.Because(cause, nova.Conflict, "Failed to set admin password on %s because %s", a.ServerID, nova.Message(cause))
	}
	return nova.Because(cause, nova.Conflict, "Failed to set admin password on %s because %s", a.ServerID, errPassword.Error())
}
