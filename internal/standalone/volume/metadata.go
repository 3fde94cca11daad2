package volume

import (
	"crypto/md5" //nolint:gosec // an entity tag, as Cinder makes it
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxMetadata bounds the keys that a volume or a snapshot has, so that many
// requests don't add up to what one may not send.
const maxMetadata = 1024

// checkCount refuses metadata with too many keys.
func checkCount(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return nova.Errorf(nova.TooLarge, "Invalid metadata size: more than %d keys", maxMetadata)
	}
	return nil
}

// metadataRoutes are the calls about the metadata of volumes.
func (s *Service) metadataRoutes() []route {
	return metadataOf{
		path: "/volumes/{id}/metadata", noun: "Volume",
		get: func(r *http.Request) (map[string]string, error) {
			v, err := s.findVolume(r.Context(), chi.URLParam(r, "id"))
			return v.Metadata, err
		},
		change: func(r *http.Request, rule, verb string, change func(map[string]string) (map[string]string, error)) error {
			_, err := s.changeVolume(r.Context(), chi.URLParam(r, "id"), "volume:"+rule+"_volume_metadata", func(_ *volumedb.Store, v *volumedb.Volume) (err error) {
				if slices.Contains([]string{"maintenance", "uploading"}, v.Status) {
					return invalidVolume("%s volume metadata is not allowed for volumes in %s status.", verb, v.Status)
				}
				v.Metadata, err = change(maps.Clone(v.Metadata))
				return err
			})
			return err
		},
		body: s.body1,
	}.routes()
}

// A metadataOf serves the metadata of volumes, or of snapshots.
type metadataOf struct {
	path, noun string
	get        func(r *http.Request) (map[string]string, error)
	// change alters the metadata while what it belongs to is locked. It asks the
	// policy rule, and names what is done in messages.
	change func(r *http.Request, rule, verb string, change func(map[string]string) (map[string]string, error)) error
	body   func(r *http.Request, c schema) (object, error)
}

// routes are the calls that all kinds of metadata have.
func (m metadataOf) routes() []route {
	return []route{
		{"GET", m.path, 0, m.list},
		{"POST", m.path, 0, m.add},
		{"PUT", m.path, 0, m.replace},
		{"GET", m.path + "/{key}", 0, m.show},
		{"PUT", m.path + "/{key}", 0, m.set},
		{"DELETE", m.path + "/{key}", 0, m.remove},
	}
}

// tagged is the version from which on metadata has an entity tag.
const tagged version = 15

// list shows all metadata, with its entity tag from 3.15 on.
func (m metadataOf) list(r *http.Request) (kit.Reply, error) {
	metadata, err := m.get(r)
	reply := kit.Reply{Body: object{"metadata": metadata}}
	if versionOf(r) >= tagged {
		reply.Header = http.Header{"Etag": {tagOf(metadata)}}
	}
	return reply, err
}

// tagOf sums metadata up.
func tagOf(metadata map[string]string) string {
	text, _ := json.Marshal(object{"metadata": metadata}) // texts can always be written
	sum := md5.Sum(text)                                  //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// checkTag refuses a change to metadata that is not as the client has seen it.
func checkTag(r *http.Request, metadata map[string]string) error {
	match := r.Header.Get("If-Match")
	if match == "" || match == "*" || versionOf(r) < tagged {
		return nil
	}
	for tag := range strings.SplitSeq(match, ",") {
		if strings.Trim(tag, ` "`) == tagOf(metadata) {
			return nil
		}
	}
	return kit.WithStatus(http.StatusPreconditionFailed, nova.Errorf(nova.Conflict, "The metadata has been changed."))
}

// values reads {"metadata": {…}} or {"meta": {…}}.
func (m metadataOf) values(r *http.Request, key string) (map[string]string, error) {
	c := schema{key: key, open: latest + 1}
	values, err := m.body(r, c)
	if err != nil {
		return nil, err
	}
	if wrong := metadataValues(values); wrong != "" {
		return nil, badField(key, values, wrong)
	}
	return textsOf(values), nil
}

// add adds to the metadata.
func (m metadataOf) add(r *http.Request) (kit.Reply, error) {
	values, err := m.values(r, "metadata")
	if err != nil {
		return kit.Reply{}, err
	}
	return m.merge(r, "create", values)
}

// merge sets some keys, and shows all metadata.
func (m metadataOf) merge(r *http.Request, rule string, values map[string]string) (kit.Reply, error) {
	var now map[string]string
	err := m.change(r, rule, "Updating", func(metadata map[string]string) (map[string]string, error) {
		maps.Copy(metadata, values)
		now = metadata
		return metadata, checkCount(metadata)
	})
	return kit.Reply{Body: object{"metadata": now}}, err
}

// replace sets all metadata.
func (m metadataOf) replace(r *http.Request) (kit.Reply, error) {
	values, err := m.values(r, "metadata")
	if err != nil {
		return kit.Reply{}, err
	}
	err = m.change(r, "update", "Updating", func(before map[string]string) (map[string]string, error) {
		if err := checkTag(r, before); err != nil {
			return nil, err
		}
		return values, checkCount(values)
	})
	return kit.Reply{Body: object{"metadata": values}}, err
}

// noKey is the error for a key that isn't there.
func (m metadataOf) noKey(r *http.Request) error {
	return nova.Errorf(nova.NotFound, "%s %s has no metadata with key %s.", m.noun, chi.URLParam(r, "id"), chi.URLParam(r, "key"))
}

// show shows one key.
func (m metadataOf) show(r *http.Request) (kit.Reply, error) {
	metadata, err := m.get(r)
	if err != nil {
		return kit.Reply{}, err
	}
	key := chi.URLParam(r, "key")
	value, ok := metadata[key]
	if !ok {
		return kit.Reply{}, m.noKey(r)
	}
	return kit.Reply{Body: object{"meta": object{key: value}}}, nil
}

// set sets the key that the path names.
func (m metadataOf) set(r *http.Request) (kit.Reply, error) {
	values, err := m.values(r, "meta")
	if err != nil {
		return kit.Reply{}, err
	}
	if _, ok := values[chi.URLParam(r, "key")]; !ok {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Request body and URI mismatch")
	}
	if len(values) > 1 {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Request body contains too many items")
	}
	err = m.change(r, "update", "Updating", func(metadata map[string]string) (map[string]string, error) {
		if err := checkTag(r, metadata); err != nil {
			return nil, err
		}
		maps.Copy(metadata, values)
		return metadata, checkCount(metadata)
	})
	return kit.Reply{Body: object{"meta": values}}, err
}

// remove removes the key that the path names.
func (m metadataOf) remove(r *http.Request) (kit.Reply, error) {
	key := chi.URLParam(r, "key")
	err := m.change(r, "delete", "Deleting", func(metadata map[string]string) (map[string]string, error) {
		if _, ok := metadata[key]; !ok {
			return nil, m.noKey(r)
		}
		delete(metadata, key)
		return metadata, nil
	})
	return kit.Reply{Status: http.StatusOK}, err
}
