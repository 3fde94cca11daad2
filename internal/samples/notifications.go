package samples

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// NotificationVariable names the environment variable with the folder of Nova's
// samples of notifications: doc/notification_samples of its repository.
const NotificationVariable = "NOVA_NOTIFICATION_SAMPLES"

// CompareNotification holds that a notification has the form of Nova's sample of its
// event type: the same versioned objects with the same fields. Without the samples it
// compares nothing, and says so in the test's log.
func CompareNotification(t testing.TB, eventType, message string) {
	t.Helper()
	folder, ok := find(t, NotificationVariable, "the samples of notifications", "notification_samples")
	if !ok {
		return
	}
	object, action, _ := strings.Cut(eventType, ".")
	path := filepath.Join(folder, object+"-"+strings.ReplaceAll(action, ".", "-")+".json")
	want, err := readSample(path)
	if err != nil {
		t.Errorf("%s: Nova has no sample of it: %v", eventType, err)
		return
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(message), &got); err != nil {
		t.Errorf("%s: %v", eventType, err)
		return
	}
	// The host's names, the times and the request's ID are of the sample's own cloud; only
	// the form of the payload can be compared.
	if diff := differences("payload", want["payload"], got["payload"]); len(diff) > 0 {
		t.Errorf("%s is not like Nova's:\n%s", eventType, strings.Join(diff, "\n"))
	}
	if want["priority"] != got["priority"] || want["event_type"] != got["event_type"] {
		t.Errorf("%s: is %v with priority %v, not %v with %v", path, got["event_type"], got["priority"], want["event_type"], want["priority"])
	}
}

// readSample reads a sample, with what it refers to in its place.
func readSample(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var sample map[string]any
	if err := json.Unmarshal(text, &sample); err != nil {
		return nil, err
	}
	resolved, err := resolve(filepath.Dir(path), sample)
	object, _ := resolved.(map[string]any)
	return object, err
}

// resolve puts what a value refers to in its place: an object with $ref is the object
// of that file, with its own fields over those.
func resolve(folder string, value any) (any, error) {
	switch value := value.(type) {
	case []any: // such as a server's addresses
		for i := range value {
			var err error
			if value[i], err = resolve(folder, value[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key, one := range value {
			resolved, err := resolve(folder, one)
			if err != nil {
				return nil, err
			}
			value[key] = resolved
		}
		// The reference is a file beside the one that it is in, perhaps with a # behind it
		// that names the whole of it.
		if to, ok := value["$ref"].(string); ok {
			base, err := readSample(filepath.Join(folder, strings.TrimSuffix(to, "#")))
			if err != nil {
				return nil, err
			}
			delete(value, "$ref")
			return merge(base, value), nil
		}
	}
	return value, nil
}

// merge puts the fields of one object over those of another.
func merge(base, over map[string]any) map[string]any {
	// Objects in both are merged in turn: a sample may name one field of a payload's data,
	// and leave the others as they are in what it refers to.
	for key, value := range over {
		inner, both := base[key].(map[string]any)
		if outer, ok := value.(map[string]any); ok && both {
			value = merge(inner, outer)
		}
		base[key] = value
	}
	return base
}

// differences compares the form of two values. What is null or empty in one of them
// may be anything in the other, and so may be the items of a dict of texts.
func differences(where string, want, got any) (diff []string) {
	switch want := want.(type) {
	case map[string]any:
		// A dict of texts, such as metadata, has no form. An object that is null here
		// may be null in Nova too.
		got, ok := got.(map[string]any)
		if _, versioned := want["nova_object.name"]; !ok || !versioned {
			return nil
		}
		for _, key := range []string{"nova_object.name", "nova_object.namespace", "nova_object.version"} {
			if want[key] != got[key] {
				diff = append(diff, fmt.Sprintf("%s: %s is %v, want %v", where, key, got[key], want[key]))
			}
		}
		return append(diff, fieldDifferences(where, want["nova_object.data"], got["nova_object.data"])...)
	case []any:
		items, _ := got.([]any)
		if got != nil && items == nil {
			return []string{where + " is no list"}
		}
		// One item stands for all: they are of one kind.
		if len(want) > 0 && len(items) > 0 {
			return differences(where+"[0]", want[0], items[0])
		}
	case nil: // a sample tells nothing of the type then
	default:
		if got != nil && fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			diff = append(diff, fmt.Sprintf("%s is a %T, want a %T", where, got, want))
		}
	}
	return diff
}

// fieldDifferences compares the fields of two versioned objects.
func fieldDifferences(where string, want, got any) (diff []string) {
	wanted, _ := want.(map[string]any)
	given, _ := got.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		value, ok := given[key]
		if !ok {
			diff = append(diff, where+"."+key+" is missing")
			continue
		}
		diff = append(diff, differences(where+"."+key, wanted[key], value)...)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if _, ok := wanted[key]; !ok {
			diff = append(diff, where+"."+key+" is none of Nova's")
		}
	}
	return diff
}
