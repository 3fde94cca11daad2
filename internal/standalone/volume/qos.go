package volume

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// qosRoutes are the calls about what types of volumes promise of speed (api-ref,
// "Quality of service (QoS) specifications"). Those that change types are GET, as
// Cinder has them.
func (s *Service) qosRoutes() []route {
	return []route{
		{"GET", "/qos-specs", 0, s.listQos},
		{"POST", "/qos-specs", 0, s.createQos},
		{"GET", "/qos-specs/{id}", 0, s.showQos},
		{"PUT", "/qos-specs/{id}", 0, s.updateQos},
		{"DELETE", "/qos-specs/{id}", 0, s.deleteQos},
		{"PUT", "/qos-specs/{id}/delete_keys", 0, s.unsetQos},
		{"GET", "/qos-specs/{id}/associations", 0, s.listPromises},
		{"GET", "/qos-specs/{id}/associate", 0, s.promise},
		{"GET", "/qos-specs/{id}/disassociate", 0, s.takeBack},
		{"GET", "/qos-specs/{id}/disassociate_all", 0, s.takeAllBack},
	}
}

// consumers are who may keep a promise: the hypervisor, the backend, or both.
var consumers = []string{"front-end", "back-end", "both"}

// noQos is the error for specs that aren't there.
func noQos(id string) error { return nova.Errorf(nova.NotFound, "No such QoS spec %s.", id) }

// findQos finds the specs that the path names, for an administrator.
func (s *Service) findQos(r *http.Request, rule string) (volumedb.Qos, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:qos_specs_manage:"+rule); err != nil {
		return volumedb.Qos{}, err
	}
	id := chi.URLParam(r, "id")
	q, err := s.Store.Qos.Get(r.Context(), id)
	return q, missing(err, noQos(id))
}

// qosView shows specs. Nothing here keeps the promise: the backend is a folder, and
// the hypervisor is told of none.
func qosView(q volumedb.Qos) object {
	return object{"id": q.ID, "name": q.Name, "consumer": q.Consumer, "specs": q.Specs}
}

// qosReply shows specs alone, with links beside them.
func (s *Service) qosReply(r *http.Request, q volumedb.Qos) kit.Reply {
	return kit.Reply{Body: object{"qos_specs": qosView(q), "links": s.links(r, "qos-specs", q.ID)}}
}

// qosFilters are the filters of lists of specs.
var qosFilters = map[string]filter{"id": {column: "id"}, "name": {column: "name"}, "consumer": {column: "consumer"}}

// listQos: GET /qos-specs answers 200.
func (s *Service) listQos(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:qos_specs_manage:get_all"); err != nil {
		return kit.Reply{}, err
	}
	return listPage(s, r, listing[volumedb.Qos]{
		table: s.Store.Qos, filters: qosFilters, path: "qos-specs", key: "qos_specs", nobodys: true,
		find: func(ctx context.Context, id string) error {
			_, err := s.Store.Qos.Get(ctx, id)
			return missing(err, noQos(id))
		},
		view: inTurn(qosView),
	})
}

// showQos: GET /qos-specs/{id} answers 200.
func (s *Service) showQos(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "get")
	return s.qosReply(r, q), err
}

// createQos: POST /qos-specs {"qos_specs": {"name": …, "consumer": …, …}} answers 200;
// what has no meaning of its own is a spec. Invalid for a consumer that there isn't,
// Conflict for a name that there is.
func (s *Service) createQos(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:qos_specs_manage:create"); err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, schema{key: "qos_specs", open: latest + 1, props: []prop{{name: "name", check: nonEmptyText, required: true}}})
	if err != nil {
		return kit.Reply{}, err
	}
	q := volumedb.Qos{Name: *textOf(body, "name"), Consumer: "back-end"}
	q.ID = uuid.NewString()
	delete(body, "name")
	if err := setQos(&q, body); err != nil {
		return kit.Reply{}, err
	}
	q, err = s.Store.Qos.Create(r.Context(), q)
	if nova.Is(err, nova.Conflict) {
		err = nova.Errorf(nova.Conflict, "QoS Specs %s already exists.", q.Name)
	}
	return s.qosReply(r, q), err
}

// setQos changes specs: the consumer, if it is there, and all others.
func setQos(q *volumedb.Qos, body object) error {
	specs := maps.Clone(body)
	if given, ok := specs["consumer"]; ok {
		consumer, _ := given.(string)
		if !slices.Contains(consumers, consumer) {
			return nova.Errorf(nova.Invalid, "Invalid qos specs: Valid consumer of QoS specs are: ['front-end', 'back-end', 'both']")
		}
		q.Consumer = consumer
		delete(specs, "consumer")
	}
	if wrong := metadataValues(specs); wrong != "" {
		return badField("qos_specs", body, wrong)
	}
	now := maps.Clone(q.Specs)
	if now == nil {
		now = map[string]string{}
	}
	maps.Copy(now, textsOf(specs))
	q.Specs = now
	return checkCount(now)
}

// updateQos: PUT /qos-specs/{id} answers 200 with what was given; specs that aren't
// named stay.
func (s *Service) updateQos(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "update")
	if err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, schema{key: "qos_specs", open: latest + 1})
	if err != nil {
		return kit.Reply{}, err
	}
	_, err = s.Store.Qos.Change(r.Context(), q.ID, func(_ *volumedb.Store, q *volumedb.Qos) error { return setQos(q, body) })
	return kit.Reply{Body: object{"qos_specs": body}}, missing(err, noQos(q.ID))
}

// unsetQos: PUT /qos-specs/{id}/delete_keys {"keys": […]} answers 202, and NotFound
// for a key that isn't there: then all stay.
func (s *Service) unsetQos(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	var body struct {
		Keys []string `json:"keys"`
	}
	if err := s.kit.Decode(r, &body); err != nil {
		return kit.Reply{}, err
	}
	_, err = s.Store.Qos.Change(r.Context(), q.ID, func(_ *volumedb.Store, q *volumedb.Qos) error {
		q.Specs = maps.Clone(q.Specs)
		for _, key := range body.Keys {
			if _, ok := q.Specs[key]; !ok {
				return nova.Errorf(nova.NotFound, "QoS spec %s has no spec with key %s.", q.ID, key)
			}
			delete(q.Specs, key)
		}
		return nil
	})
	return accepted(), missing(err, noQos(q.ID))
}

// deleteQos: DELETE /qos-specs/{id} answers 202. Invalid while a type promises it,
// unless force=true, which takes the promises back.
func (s *Service) deleteQos(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	err = s.Store.Tx(r.Context(), func(tx *volumedb.Store) error {
		if queryBool(r, "force") {
			if err := tx.TakeBack(r.Context(), q.ID); err != nil {
				return err
			}
		}
		return tx.Qos.Delete(r.Context(), q.ID)
	})
	if nova.Is(err, nova.Conflict) {
		err = nova.Errorf(nova.Invalid, "Qos specs still in use.")
	}
	return accepted(), missing(err, noQos(q.ID))
}

// listPromises: GET /qos-specs/{id}/associations answers 200 with the types that
// promise it.
func (s *Service) listPromises(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "get_all")
	if err != nil {
		return kit.Reply{}, err
	}
	types, err := s.Store.TypesWith(r.Context(), q.ID)
	views := make([]object, len(types))
	for i, t := range types {
		views[i] = object{"association_type": "volume_type", "name": t.Name, "id": t.ID}
	}
	return kit.Reply{Body: object{"qos_associations": views}}, err
}

// promise: GET /qos-specs/{id}/associate?vol_type_id=… answers 202. Invalid for a type
// that promises something else, NotFound for one that there isn't.
func (s *Service) promise(r *http.Request) (kit.Reply, error) {
	return s.changePromise(r, func(q volumedb.Qos, t *volumedb.Type) error {
		if t.QosID != nil && *t.QosID != q.ID {
			return nova.Errorf(nova.Invalid, "Invalid volume type: Type %s is already associated with another qos specs: %s", t.ID, *t.QosID)
		}
		t.QosID = &q.ID
		return nil
	})
}

// takeBack: GET /qos-specs/{id}/disassociate?vol_type_id=… answers 202.
func (s *Service) takeBack(r *http.Request) (kit.Reply, error) {
	return s.changePromise(r, func(_ volumedb.Qos, t *volumedb.Type) error {
		t.QosID = nil
		return nil
	})
}

// changePromise changes what the type that the query names promises.
func (s *Service) changePromise(r *http.Request, change func(q volumedb.Qos, t *volumedb.Type) error) (kit.Reply, error) {
	q, err := s.findQos(r, "update")
	if err != nil {
		return kit.Reply{}, err
	}
	id := r.URL.Query().Get("vol_type_id")
	if id == "" {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Volume Type id must not be None.")
	}
	_, err = s.Store.Types.Change(r.Context(), id, func(_ *volumedb.Store, t *volumedb.Type) error { return change(q, t) })
	if nova.Is(err, nova.Conflict) { // the specs have just been deleted
		err = noQos(q.ID)
	}
	return accepted(), missing(err, noType(id))
}

// takeAllBack: GET /qos-specs/{id}/disassociate_all answers 202.
func (s *Service) takeAllBack(r *http.Request) (kit.Reply, error) {
	q, err := s.findQos(r, "update")
	if err != nil {
		return kit.Reply{}, err
	}
	return accepted(), s.Store.TakeBack(r.Context(), q.ID)
}
