package api

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// MemberActions are the actions of POST /servers/{id}/action. Most of them
// start work and answer 202. The server is loaded, and policy asked about its
// project, before a handler is called.
func (c *Servers) MemberActions() rest.Operations {
	const accepted = http.StatusAccepted
	operations := rest.Operations{
		"os-start":            rest.OnWith(c.loadMapped, schema.Start, c.do(compute.Start)).Needs(policy.Start).Status(accepted),
		"os-stop":             rest.OnWith(c.loadMapped, schema.Stop, c.do(compute.Stop)).Needs(policy.Stop).Status(accepted),
		"reboot":              rest.OnWith(c.load, schema.Reboot, c.reboot).Needs(policy.Reboot).Status(accepted),
		"pause":               rest.OnWith(c.load, schema.Pause, c.do(compute.Pause)).Needs(policy.Pause).Status(accepted),
		"unpause":             rest.OnWith(c.load, schema.Unpause, c.do(compute.Unpause)).Needs(policy.Unpause).Status(accepted),
		"suspend":             rest.OnWith(c.load, schema.Suspend, c.do(compute.Suspend)).Needs(policy.Suspend).Status(accepted),
		"resume":              rest.OnWith(c.load, schema.Resume, c.do(compute.Resume)).Needs(policy.Resume).Status(accepted),
		"rescue":              rest.OnWith(c.load, schema.Rescue, c.rescue).Needs(policy.Rescue),
		"unrescue":            rest.OnWith(c.load, schema.Unrescue, c.do(compute.Unrescue)).Needs(policy.Unrescue).Status(accepted),
		"rebuild":             rest.OnWith(c.load, schema.Rebuild, c.rebuild).Needs(policy.Rebuild).Status(accepted),
		"changePassword":      rest.OnWith(c.load, schema.ChangePassword, c.changePassword).Needs(policy.ChangePassword).Status(accepted),
		"trigger_crash_dump":  rest.OnWith(c.loadMapped, schema.TriggerCrashDump, c.do(compute.CrashDump)).Needs(policy.TriggerCrashDump).Since(17).Status(accepted),
		"injectNetworkInfo":   rest.OnWith(c.load, schema.InjectNetworkInfo, c.injectNetwork).Needs(policy.InjectNetworkInfo).Status(accepted),
		"lock":                rest.OnWith(c.load, schema.Lock, c.lock).Needs(policy.Lock).Status(accepted),
		"unlock":              rest.OnWith(c.load, schema.Unlock, c.unlock).Needs(policy.Unlock).Status(accepted),
		"resize":              rest.OnWith(c.load, schema.Resize, c.resize).Needs(policy.Resize).Status(accepted),
		"migrate":             rest.OnWith(c.load, schema.Migrate, c.migrate).Status(accepted),
		"evacuate":            rest.OnWith(c.load, schema.Evacuate, c.evacuate).Needs(policy.Evacuate),
		"confirmResize":       rest.OnWith(c.load, schema.ConfirmResize, c.confirmResize).Needs(policy.ConfirmResize).Status(http.StatusNoContent),
		"revertResize":        rest.OnWith(c.load, schema.RevertResize, c.revertResize).Needs(policy.RevertResize).Status(accepted),
		"shelve":              rest.OnWith(c.load, schema.Shelve, c.shelve).Needs(policy.Shelve).Status(accepted),
		"shelveOffload":       rest.OnWith(c.load, schema.ShelveOffload, c.do(compute.ShelveOffload)).Needs(policy.ShelveOffload).Status(accepted),
		"unshelve":            rest.OnWith(c.load, schema.Unshelve, c.unshelve).Needs(policy.Unshelve).Status(accepted),
		"restore":             rest.OnWith(c.load, schema.Restore, c.restore).Needs(policy.Restore).Status(accepted),
		"forceDelete":         rest.OnWith(c.load, schema.ForceDelete, c.forceDelete).Needs(policy.ForceDelete).Status(accepted),
		"os-migrateLive":      rest.OnWith(c.load, schema.MigrateLive, c.migrateLive).Status(accepted),
		"createImage":         rest.OnWith(c.load, schema.CreateImage, c.createImage).Needs(policy.CreateImage).Status(accepted),
		"createBackup":        rest.OnWith(c.load, schema.CreateBackup, c.createBackup).Needs(policy.CreateBackup).Status(accepted),
		"os-getConsoleOutput": rest.OnWith(c.load, schema.GetConsoleOutput, c.consoleOutput).Needs(policy.ConsoleOutput),
		"os-resetState":       rest.OnWith(c.load, schema.ResetState, c.resetState).Needs(policy.ResetState).Status(accepted),

		"resetNetwork": rest.Gone(),
	}
	maps.Copy(operations, c.consoleActions())
	maps.Copy(operations, c.networkActions())
	return operations
}

// do handles an action that has no arguments and is a verb of compute by
// itself.
func (c *Servers) do(verb compute.Verb) func(context.Context, *rest.Request, nova.Server, schema.NoArguments) (any, error) {
	return func(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
		return nil, c.Compute.Do(ctx, s, verb)
	}
}

// restore brings a deleted server back, as long as it has not been reclaimed.
func (c *Servers) restore(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.Restore(ctx, s)
}

// forceDelete deletes the server for good, also if deleted servers are kept.
func (c *Servers) forceDelete(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.ForceDelete(ctx, s)
}

// reboot asks the guest to restart, or turns the server off and on again.
func (c *Servers) reboot(ctx context.Context, _ *rest.Request, s nova.Server, in schema.RebootBody) (any, error) {
	verb := compute.SoftReboot
	if strings.EqualFold(in.Reboot.Type, "hard") {
		verb = compute.HardReboot
	}
	return nil, c.Compute.Do(ctx, s, verb)
}

// rescue boots the server from another disk. It answers before that is done, and
// with the password of the administrator in there, unless the site hides it.
func (c *Servers) rescue(ctx context.Context, r *rest.Request, s nova.Server, in schema.RescueBody) (any, error) {
	password, err := c.Compute.Rescue(ctx, s, compute.RescueRequest{
		ImageID: in.Rescue.ImageRef, Password: in.Rescue.AdminPass, Volumes: r.AtLeast(87),
	})
	if err != nil {
		return nil, err
	}
	return views.AdminPass(c.shownPassword(password)), nil
}

// changePassword changes the administrator's password in the server. It answers
// when that is done.
func (c *Servers) changePassword(ctx context.Context, _ *rest.Request, s nova.Server, in schema.ChangePasswordBody) (any, error) {
	return nil, c.Compute.ChangePassword(ctx, s, in.Password.AdminPass)
}

// injectNetwork takes the wish to write the network's settings into the server.
func (c *Servers) injectNetwork(ctx context.Context, _ *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	return nil, c.Compute.InjectNetwork(ctx, s)
}

// shownPassword is the password, or nil if the site hides passwords.
func (o Options) shownPassword(password string) *string {
	if !o.ShowPassword {
		return nil
	}
	return &password
}

// lock keeps the project's users from changing the server until somebody
// unlocks it. A reason is kept since 2.73. A locked server can be locked again.
func (c *Servers) lock(ctx context.Context, r *rest.Request, s nova.Server, in schema.LockBody) (any, error) {
	var reason *string
	if text := in.Lock.Value.Reason; text != "" && r.AtLeast(73) {
		reason = &text
	}
	return nil, c.Compute.Lock(ctx, s, reason)
}

// unlock needs another rule if an administrator locked the server and the caller
// is none, or the other way round.
func (c *Servers) unlock(ctx context.Context, r *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	if compute.LockedByOther(ctx, s) {
		if err := r.Enforce(policy.UnlockOverride, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID}); err != nil {
			return nil, err
		}
	}
	return nil, c.Compute.Unlock(ctx, s)
}

// createImage starts to make an image of the server, and answers before the
// image is there.
func (c *Servers) createImage(ctx context.Context, r *rest.Request, s nova.Server, in schema.CreateImageBody) (any, error) {
	if err := c.checkImageMetadata(ctx, r, in.Image.Metadata); err != nil {
		return nil, err
	}
	if s.OnVolume() {
		project, user := s.Owner()
		if err := r.Enforce(policy.CreateImageVolumeBacked, policy.Target{ProjectID: project, UserID: user}); err != nil {
			return nil, err
		}
	}
	image, err := c.Compute.CreateImage(ctx, s, strings.TrimSpace(in.Image.Name), in.Image.Metadata)
	if err != nil {
		return nil, err
	}
	return imageBegun(r, image, c.ImageURL(r)+"/images/"+image), nil
}

// createBackup starts to make an image and lets older backups of its type go. A
// rotation of 0 removes the new one, too, so there is no location to point at.
func (c *Servers) createBackup(ctx context.Context, r *rest.Request, s nova.Server, in schema.CreateBackupBody) (any, error) {
	if err := c.checkImageMetadata(ctx, r, in.Backup.Metadata); err != nil {
		return nil, err
	}
	rotation := int(in.Backup.Rotation)
	image, err := c.Compute.CreateBackup(ctx, s, strings.TrimSpace(in.Backup.Name), in.Backup.BackupType, rotation, in.Backup.Metadata)
	if err != nil {
		return nil, err
	}
	location := "" // of a backup that rotation removes at once
	if rotation > 0 {
		location = r.RootURL("images", image) // the images that Nova itself served, then
	}
	return imageBegun(r, image, location), nil
}

// imageBegun answers with the ID of an image that is being made. Before 2.45 the
// ID was in the Location alone.
func imageBegun(r *rest.Request, image, location string) any {
	if r.AtLeast(45) {
		return views.ImageID(image)
	}
	response := rest.Response{Bare: true, Header: http.Header{}}
	if location != "" {
		response.Header.Set("Location", location)
	}
	return response
}

// checkImageMetadata refuses more metadata than the quota allows. Since 2.39 that
// is left to the image service.
func (c *Servers) checkImageMetadata(ctx context.Context, r *rest.Request, metadata map[string]string) error {
	if r.AtLeast(39) {
		return nil
	}
	return c.Compute.CheckImageMetadata(ctx, metadata)
}

// consoleOutput shows the last lines of the server's console: all of them if
// the client names no length, or -1.
func (c *Servers) consoleOutput(ctx context.Context, _ *rest.Request, s nova.Server, in schema.GetConsoleOutputBody) (any, error) {
	lines := -1
	if length := in.Output.Length.Value; length != nil {
		lines = int(*length)
	}
	output, err := c.Compute.ConsoleOutput(ctx, s, lines)
	if err != nil {
		return nil, err
	}
	return views.Console(output), nil
}

// resetState puts a server into a state that an administrator knows it to be
// in. It ends whatever is being done to the server.
func (c *Servers) resetState(ctx context.Context, _ *rest.Request, s nova.Server, in schema.ResetStateBody) (any, error) {
	to := map[string]nova.VMState{"active": nova.Active, "error": nova.Errored}[in.Reset.State]
	return nil, c.Compute.ResetState(ctx, s, to)
}
