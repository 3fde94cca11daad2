package compute_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// imageVerbs begin to make an image of a server in each way, and give its ID.
var imageVerbs = map[compute.Verb]func(s *site, server nova.Server) (string, error){
	compute.Snapshot: func(s *site, server nova.Server) (string, error) {
		return s.api.CreateImage(s.as("demo"), server, "copy", nil)
	},
	compute.Backup: func(s *site, server nova.Server) (string, error) {
		return s.api.CreateBackup(s.as("demo"), server, "copy", "daily", 1, nil)
	},
	compute.BackupInstance: func(s *site, server nova.Server) (string, error) {
		return s.api.BackupInstance(s.as("demo"), server, "copy", nil)
	},
}

// wantNoImage checks how an action ended whose image was deleted while it was
// being made: well, with the server as before, and without the image.
func (s *site) wantNoImage(server nova.Server, id string) {
	s.t.Helper()
	if _, err := s.clients.Image.AsService().Show(s.t.Context(), id); !nova.Is(err, nova.NotFound) {
		s.t.Errorf("the image came back: %+v, %v", s.image(id), err)
	}
	s.wantStates(server.ID, "active")
	actions := s.actions(server.ID)
	last := actions[len(actions)-1]
	if last.FinishTime == nil || last.Message != nil || s.server(server.ID).Fault != nil {
		s.t.Errorf("the action ended with %+v", last)
	}
	s.settled()
}

// TestImages_Deleted has the owner delete the image whenever it can be seen
// while it is being made.
func TestImages_Deleted(t *testing.T) {
	t.Parallel()
	eachCase(t, imageVerbs, func(t *testing.T, s *site, _ compute.Verb, begin func(*site, nova.Server) (string, error)) {
		remove := func(id string) { s.must(s.clients.Image.AsService().Delete(context.WithoutCancel(t.Context()), id)) }
		server := s.boot(s.as("demo"))
		for name, when := range map[string]func(id string){
			"before the work begins": remove,
			"as the disk is read": func(id string) {
				s.onVerb("snapshot", func(context.Context, nova.Server) error {
					remove(id)
					return nil
				})
			},
			"before the upload": func(id string) {
				s.hooks.set(func(h *hooks) {
					h.request = func(r *http.Request) error {
						if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, id+"/file") {
							remove(id)
						}
						return nil
					}
				})
			},
		} {
			id, err := begin(s, s.server(server.ID))
			s.must(err)
			when(id)
			s.work()
			s.hooks.set(func(h *hooks) { h.driver, h.request = nil, nil })
			t.Log(name)
			s.wantNoImage(server, id)
		}
	})
}

// TestImages_DeletedBeforeTheAnswer has a worker create the image, and its
// owner delete it, before the API itself gets to creating it.
func TestImages_DeletedBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	eachCase(t, imageVerbs, func(t *testing.T, s *site, _ compute.Verb, begin func(*site, nova.Server) (string, error)) {
		server := s.boot(s.as("demo"))
		overtaken := false
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != http.MethodPost || overtaken || !strings.HasSuffix(r.URL.Path, "/images") {
					return nil
				}
				overtaken = true
				s.work()
				for _, made := range s.images("copy") {
					s.must(s.clients.Image.AsService().Delete(t.Context(), made.ID))
				}
				return nil
			}
		})
		id, err := begin(s, server)
		s.must(err)
		if !overtaken {
			t.Error("the API created no image")
		}
		s.work()
		s.wantNoImage(server, id)
	})
}

// TestImages_DeletedAfterACrash has the worker die at every step of each verb,
// and the owner delete the image before another worker takes over. Where the
// worker has noted that the image was created, that is enough: the image
// service may have purged what it knew of the image.
func TestImages_DeletedAfterACrash(t *testing.T) {
	t.Parallel()
	eachCase(t, imageVerbs, func(t *testing.T, s *site, _ compute.Verb, begin func(*site, nova.Server) (string, error)) {
		server := s.boot(s.as("demo"))
		step, stride := s.deaths()
		for died := true; died; step += stride {
			id, err := begin(s, s.server(server.ID))
			s.must(err)
			died = s.dieAt(step)
			s.must(s.clients.Image.AsService().Delete(t.Context(), id))
			if actions := s.actions(server.ID); actions[len(actions)-1].Step == "upload" {
				_, err := rows.Exec(t.Context(), s.store.DB, "DELETE FROM image_ids WHERE id = ?", id)
				s.must(err)
			}
			s.clock.advance(2 * lease)
			s.workWith(s.newWorker())
			s.wantNoImage(server, id)
			if t.Failed() {
				t.Fatalf("dead at step %d", step)
			}
		}
	})
}
