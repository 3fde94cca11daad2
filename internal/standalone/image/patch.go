package image

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The media types of a patch. In the older one, an operation is
// {"replace": "/name", "value": …} instead of {"op": "replace", "path": …}.
const (
	patchType    = "application/openstack-images-v2.1-json-patch"
	oldPatchType = "application/openstack-images-v2.0-json-patch"
)

// A patchOperation changes one key of an image.
type patchOperation struct {
	op    string // add, replace or remove
	key   string
	value any
}

// patchVerbs are what Glance takes of RFC 6902: nothing that moves, copies or
// tests.
var patchVerbs = []string{"add", "remove", "replace"}

// patch reads the operations of a request. The error is BadMediaType for a body
// of another type, with a header that names the right ones, and Invalid for a
// body that is no list of operations.
func (s *Service) patch(r *http.Request) ([]patchOperation, error) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != patchType && mediaType != oldPatchType {
		return nil, kit.WithHeader("Accept-Patch", oldPatchType+", "+patchType,
			nova.Errorf(nova.BadMediaType, "The request media type %s is not supported by this server.", mediaType))
	}
	var body any
	if err := s.kit.Decode(r, &body); err != nil {
		return nil, err
	}
	list, ok := body.([]any)
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "Request body must be a JSON array of operation objects.")
	}
	operations := make([]patchOperation, len(list))
	for i, item := range list {
		change, ok := item.(map[string]any)
		if !ok {
			return nil, nova.Errorf(nova.Invalid, "Operations must be JSON objects.")
		}
		operation, err := parseOperation(change, mediaType == oldPatchType)
		if err != nil {
			return nil, err
		}
		operations[i] = operation
	}
	return operations, nil
}

// parseOperation reads one operation, in the form of RFC 6902 or in the old one,
// where the verb is a key.
func parseOperation(change map[string]any, old bool) (patchOperation, error) {
	op, path, err := verbAndPath(change, old)
	if err != nil {
		return patchOperation{}, err
	}
	key, err := keyOf(path)
	if err != nil {
		return patchOperation{}, err
	}
	value, given := change["value"]
	if !given && op != "remove" {
		return patchOperation{}, nova.Errorf(nova.Invalid, `Operation "%s" requires a member named "value".`, op)
	}
	return patchOperation{op, key, value}, nil
}

// verbAndPath reads what an operation does and to what, in either notation.
func verbAndPath(change map[string]any, old bool) (op, path string, err error) {
	const oneOf = "It must be one of the following: add, remove, replace."
	if old {
		for _, verb := range patchVerbs {
			if path, ok := change[verb].(string); ok {
				return verb, path, nil
			}
		}
		return "", "", nova.Errorf(nova.Invalid, "Unable to find operation in JSON Schema change. %s", oneOf)
	}
	op, ok := change["op"].(string)
	if !ok {
		return "", "", nova.Errorf(nova.Invalid, "Unable to find `op` in JSON Schema change. %s", oneOf)
	}
	if !slices.Contains(patchVerbs, op) {
		return "", "", nova.Errorf(nova.Invalid, "Invalid operation: `%s`. %s", op, oneOf)
	}
	path, ok = change["path"].(string)
	if !ok {
		return "", "", nova.Errorf(nova.Invalid, "Unable to find `path` in JSON Schema change.")
	}
	return op, path, nil
}

// keyOf gives the key that a JSON pointer (RFC 6901) points at. No value of an
// image has parts that could be changed by themselves, so a pointer has one
// part. Locations are refused because they would let a client read any file of
// this machine as an image.
func keyOf(path string) (string, error) {
	key, ok := strings.CutPrefix(path, "/")
	switch {
	case !ok:
		return "", nova.Errorf(nova.Invalid, "Pointer `%s` does not start with \"/\".", path)
	case strings.HasPrefix(key, "locations"):
		return "", nova.Errorf(nova.Forbidden, "It's not allowed to change locations if locations are invisible.")
	case key == "" || strings.Contains(key, "/"):
		return "", nova.Errorf(nova.Invalid, "Invalid JSON pointer for this resource: '%s'", path)
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(key), nil
}

// apply carries the operation out on an image. An attribute can be replaced but
// not removed; add and replace are the same for it. A property can be replaced
// or removed only if it is there.
func (o patchOperation) apply(i *imagedb.Image) error {
	_, isAttribute := attributes[o.key]
	_, isProperty := i.Properties[o.key]
	if err := checkSettable(o.key); err != nil {
		return err
	}
	switch {
	case o.op != "add" && !isAttribute && !isProperty:
		return nova.Errorf(nova.Conflict, "Property %s does not exist.", o.key)
	case o.op == "remove" && isAttribute:
		if attributes[o.key].onCreate {
			return readOnlyError(o.key)
		}
		return nova.Errorf(nova.Forbidden, "Property %s may not be removed.", o.key)
	case o.op == "remove":
		delete(i.Properties, o.key)
		return nil
	}
	return set(i, o.key, o.value, false)
}
