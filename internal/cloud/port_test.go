package cloud_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// A contested port is one that others change while it is being changed: each
// of the rivals comes between a reading and the next writing.
type contested struct {
	mu       sync.Mutex
	port     object // nil if there is none
	revision int
	rivals   []object // what each changes
	log      []string // the writings, as their status and body
}

func (c *contested) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.port == nil {
		reply(w, http.StatusNotFound, object{"NeutronError": object{"type": "PortNotFound", "message": "x"}})
		return
	}
	if r.Method == http.MethodGet {
		c.answer(w)
		if len(c.rivals) > 0 {
			maps.Copy(c.port, c.rivals[0])
			c.rivals, c.revision = c.rivals[1:], c.revision+1
		}
		return
	}
	if r.Header.Get("If-Match") != fmt.Sprintf("revision_number=%d", c.revision) {
		c.log = append(c.log, "412")
		reply(w, http.StatusPreconditionFailed, object{"NeutronError": object{"type": "RevisionNumberConstraintFailed", "message": "Constrained"}})
		return
	}
	if r.Method == http.MethodDelete {
		c.port, c.log = nil, append(c.log, "deleted")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var body struct{ Port object }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text, _ := json.Marshal(body.Port) // came as JSON
	c.log = append(c.log, string(text))
	maps.Copy(c.port, body.Port)
	c.revision++
	c.answer(w)
}

func (c *contested) answer(w http.ResponseWriter) {
	c.port["revision_number"] = c.revision
	reply(w, http.StatusOK, object{"port": c.port})
}

func TestNetwork_SharedPorts(t *testing.T) {
	t.Parallel()
	type admin = *cloud.NetworkAdmin
	claim := func(t *testing.T, n admin) error {
		t.Helper()
		got, err := n.ClaimPort(t.Context(), nova.Port{ID: "p", ProjectID: "p1", DeviceID: "s1", DeviceOwner: "compute:nova", Host: "h1"})
		if err == nil && (got.DeviceID != "s1" || got.DeviceOwner != "compute:nova" || got.Host != "h1") {
			t.Errorf("claimed: %+v", got)
		}
		return err
	}
	unbind := func(t *testing.T, n admin) error { t.Helper(); return n.UnbindPort(t.Context(), "p", "s1") }
	remove := func(t *testing.T, n admin) error { t.Helper(); return n.DeletePort(t.Context(), "p", "s1") }
	free := object{"id": "p", "tenant_id": "p1", "device_id": "", "device_owner": ""}
	bound := object{"id": "p", "tenant_id": "p1", "device_id": "s1", "device_owner": "compute:nova", "binding:host_id": "h1"}
	renamed, taken := object{"name": "x"}, object{"device_id": "s2"}
	const (
		claimed = `{"binding:host_id":"h1","device_id":"s1","device_owner":"compute:nova"}`
		unbound = `{"binding:host_id":null,"binding:profile":{},"device_id":"","device_owner":""}`
	)
	for name, test := range map[string]struct {
		do      func(*testing.T, admin) error
		port    object
		rivals  []object
		log     string
		kind    nova.Kind
		message string
	}{
		"claim":                      {do: claim, port: free, log: claimed},
		"claim, renamed twice":       {do: claim, port: free, rivals: []object{renamed, renamed}, log: "412 412 " + claimed},
		"claim, taken meanwhile":     {do: claim, port: free, rivals: []object{taken}, log: "412", kind: nova.Conflict, message: "Port p is still in use."},
		"claim, restless":            {do: claim, port: free, rivals: make([]object, 100), log: strings.TrimSpace(strings.Repeat("412 ", 10)), kind: nova.Conflict, message: "Constrained"},
		"claim what it has":          {do: claim, port: bound},
		"claim for another host":     {do: claim, port: with(bound, object{"binding:host_id": "h0"}), log: claimed},
		"claim another server's":     {do: claim, port: with(bound, taken), kind: nova.Conflict, message: "Port p is still in use."},
		"claim another project's":    {do: claim, port: with(free, object{"tenant_id": "p2"}), kind: nova.Invalid, message: "Port p not usable for instance s1."},
		"claim none":                 {do: claim, kind: nova.NotFound, message: "Port id p could not be found."},
		"unbind":                     {do: unbind, port: bound, log: unbound},
		"unbind, renamed meanwhile":  {do: unbind, port: bound, rivals: []object{renamed}, log: "412 " + unbound},
		"unbind, taken meanwhile":    {do: unbind, port: bound, rivals: []object{taken}, log: "412"},
		"unbind another server's":    {do: unbind, port: with(bound, taken)},
		"unbind none":                {do: unbind},
		"delete":                     {do: remove, port: bound, log: "deleted"},
		"delete, renamed meanwhile":  {do: remove, port: bound, rivals: []object{renamed}, log: "412 deleted"},
		"delete, released meanwhile": {do: remove, port: bound, rivals: []object{{"device_id": ""}}, log: "412"},
		"delete none":                {do: remove},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			neutron := &contested{port: maps.Clone(test.port), rivals: test.rivals, revision: 7}
			err := test.do(t, newBed(t, nil, neutron, nil).Network.AsService())
			if test.message != "" {
				wantError(t, err, test.kind, test.message)
			} else if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.log, strings.Join(neutron.log, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// with gives a document with other values.
func with(document, values object) object {
	changed := maps.Clone(document)
	maps.Copy(changed, values)
	return changed
}
