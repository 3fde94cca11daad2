package image

import (
	"slices"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// The values of Image.Visibility.
const (
	public    = "public"
	private   = "private"
	shared    = "shared"
	community = "community"
)

// The values of Image.Status that this service knows.
const (
	queued      = "queued"
	saving      = "saving"
	uploading   = "uploading" // staged, but not imported yet
	active      = "active"
	deactivated = "deactivated"
)

func isAdmin(c nova.Caller) bool { return c.HasRole("admin") }

// mayWrite tells whether the caller holds a role in a project that may do more
// than read.
func mayWrite(c nova.Caller, action string) error {
	writer := slices.ContainsFunc([]string{"manager", "member", "service"}, c.HasRole)
	if isAdmin(c) || writer && c.ProjectID != "" {
		return nil
	}
	return notAuthorized(action)
}

func notAuthorized(action string) error {
	return nova.Errorf(nova.Forbidden, "You are not authorized to complete %s action.", action)
}

// mayChange tells whether the caller may alter an image that it sees.
func mayChange(c nova.Caller, i imagedb.Image, action string) error {
	if isAdmin(c) {
		return nil
	}
	if i.Owner != c.ProjectID || i.Owner == "" {
		return nova.Errorf(nova.Forbidden, "You do not own this image")
	}
	return mayWrite(c, action)
}

// mayPublish tells whether the caller may give an image this visibility.
func mayPublish(c nova.Caller, from, to string) error {
	if to == public && from != public && !isAdmin(c) {
		return notAuthorized("publicize_image")
	}
	return nil
}
