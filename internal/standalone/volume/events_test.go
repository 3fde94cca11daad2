package volume_test

import (
	"context"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// TestEvents tells the compute service what it can't see itself, after the volume shows it:
// that the volume of a server is larger, and that the volume which a server waits for holds
// another image. A compute service that is away is told later.
func TestEvents(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		var told []string
		var asked string // the ID of the last request that began something
		var refusal error
		c.service.OnChange(func(ctx context.Context, events []nova.ServerEvent) error {
			for _, event := range events {
				got := c.do("admin", "GET /volumes/"+*event.Tag, "")
				told = append(told, event.Name+" "+event.ServerID+" "+got.value("volume", "status"))
			}
			if got := nova.RequestOf(ctx).ID; got != asked {
				t.Errorf("request %q, want %q", got, asked)
			}
			return refusal
		})
		wantTold := func(want ...string) {
			t.Helper()
			c.work()
			if !slices.Equal(told, want) {
				t.Errorf("told %q, want %q", told, want)
			}
			told = nil
		}
		act := func(version, id, body string) {
			t.Helper()
			asked = c.want(202, "", "demo", "POST "+version+" /volumes/"+id+"/action", body).header.Get("X-Openstack-Request-Id")
		}
		id := c.volume(`{"size":1}`)
		act("3.42", id, `{"os-extend":{"new_size":2}}`)
		wantTold() // no server has it
		a := c.reserve(id, serverOne)
		c.want(200, "", "demo", "PUT 3.44 /attachments/"+a, `{"attachment":{"connector":{"host":"h"}}}`)
		c.want(204, "", "demo", "POST 3.44 /attachments/"+a+"/action", `{"os-complete":null}`)
		act("3.42", id, `{"os-extend":{"new_size":3}}`)
		wantTold("volume-extended " + serverOne + " in-use")

		refusal = nova.Errorf(nova.Unavailable, "It is away.")
		act("3.42", id, `{"os-extend":{"new_size":4}}`)
		wantTold("volume-extended " + serverOne + " in-use")
		refusal = nova.Errorf(nova.Forbidden, "No.")
		wantTold("volume-extended " + serverOne + " in-use")
		wantTold()
		c.want(200, "extend volume:Compute service failed to extend volume.", "demo", "GET 3.3 /messages", "")
		refusal = nil

		reserved, image := c.volume(`{"size":1}`), c.image(rawImage, "a disk")
		c.reserve(reserved, serverTwo)
		act("3.68", reserved, `{"os-reimage":{"image_id":"`+image+`","reimage_reserved":true}}`)
		wantTold("volume-reimaged " + serverTwo + " reserved")
		free := c.volume(`{"size":1}`)
		act("3.68", free, `{"os-reimage":{"image_id":"`+image+`"}}`)
		wantTold()
	})
}
