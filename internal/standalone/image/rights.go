package image

import (
	"slices"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// The values of Image.Visibility: who can see an image.
const (
	public    = "public"    // everybody, in every list
	private   = "private"   // the owner's project
	shared    = "shared"    // the owner's project and the members
	community = "community" // everybody, in lists that ask for it
)

// The values of Image.Status that this service knows.
const (
	queued      = "queued"      // the image has no data yet
	saving      = "saving"      // data is being uploaded
	uploading   = "uploading"   // the data is staged, and waits for its import
	active      = "active"      // the image can be used
	deactivated = "deactivated" // only administrators can download the data
)

// isAdmin reports whether the caller is an administrator of the image service,
// by Glance's own rule.
func isAdmin(c nova.Caller) bool { return c.HasRole("admin") }

// mayWrite refuses a caller who holds no role in its project that may do more
// than read. The action is the name of the policy rule.
func mayWrite(c nova.Caller, action string) error {
	writer := slices.ContainsFunc([]string{"manager", "member", "service"}, c.HasRole)
	if isAdmin(c) || writer && c.ProjectID != "" {
		return nil
	}
	return notAuthorized(action)
}

// notAuthorized is the error of a policy rule that refuses a caller.
func notAuthorized(action string) error {
	return nova.Errorf(nova.Forbidden, "You are not authorized to complete %s action.", action)
}

// mayChange refuses a caller who can see an image but not change it.
func mayChange(c nova.Caller, i imagedb.Image, action string) error {
	if isAdmin(c) {
		return nil
	}
	if i.Owner != c.ProjectID || i.Owner == "" {
		return nova.Errorf(nova.Forbidden, "You do not own this image")
	}
	return mayWrite(c, action)
}

// mayPublish refuses to let anybody but an administrator make an image public.
// An image that is public already may stay so.
func mayPublish(c nova.Caller, from, to string) error {
	if to == public && from != public && !isAdmin(c) {
		return notAuthorized("publicize_image")
	}
	return nil
}
