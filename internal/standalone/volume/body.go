package volume

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// An object is a JSON object.
type object = map[string]any

// A prop is a key that a body may have, and what its value must be like.
type prop struct {
	name     string
	check    func(value any) string // what is wrong, in words of jsonschema; empty if nothing is
	since    version
	required bool
}

// A schema describes the object within a body: {"volume": {…}}.
type schema struct {
	key   string // the key of the body
	props []prop
	// open is the version up to which keys that nobody knows are passed over;
	// zero if they are always refused.
	open version
	// nullable says that null stands for an empty object.
	nullable bool
}

// body reads a body, and checks its keys and values in the version that the
// request asks for. Beside the schema's key, a body may have those named.
func (s *Service) body(r *http.Request, c schema, beside ...string) (object, error) {
	var body object
	if err := s.kit.Decode(r, &body); err != nil {
		return nil, err
	}
	inner, there := body[c.key]
	if !there {
		return nil, nova.Errorf(nova.Invalid, "'%s' is a required property", c.key)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if name != c.key && !slices.Contains(beside, name) {
			return nil, nova.Errorf(nova.Invalid, "Additional properties are not allowed (%s was unexpected)", python.Repr(name))
		}
	}
	return c.read(inner, versionOf(r))
}

// read checks the object within a body.
func (c schema) read(inner any, v version) (object, error) {
	values, ok := inner.(object)
	if inner == nil && c.nullable {
		return object{}, nil
	}
	if !ok {
		return nil, badField(c.key, inner, python.Repr(inner)+" is not of type 'object'")
	}
	for _, p := range c.props {
		value, there := values[p.name]
		switch {
		case !there && p.required:
			return nil, badField(c.key, inner, python.Repr(p.name)+" is a required property")
		case there && p.since <= v:
			if wrong := p.check(value); wrong != "" {
				return nil, badField(p.name, value, wrong)
			}
		}
	}
	return values, c.refuseOthers(values, v)
}

// refuseOthers refuses keys that there are none of.
func (c schema) refuseOthers(values object, v version) error {
	if v < c.open {
		return nil
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(c.props, func(p prop) bool { return p.name == name && p.since <= v }) {
			unknown = append(unknown, python.Repr(name))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	verb := "was"
	if len(unknown) > 1 {
		verb = "were"
	}
	return badField(c.key, values, "Additional properties are not allowed ("+strings.Join(unknown, ", ")+" "+verb+" unexpected)")
}

// badField is the error for a value that a body must not have.
func badField(name string, value any, wrong string) error {
	return nova.Errorf(nova.Invalid, "Invalid input for field/attribute %s. Value: %s. %s", name, python.Str(value), wrong)
}

// invalidInput refuses what makes no sense together with other things.
func invalidInput(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Invalid input received: "+format, args...)
}

// invalidVolume refuses what a volume can't do as it is now.
func invalidVolume(format string, args ...any) error {
	return nova.Errorf(nova.Invalid, "Invalid volume: "+format, args...)
}

// missing says which thing it was that the database did not find.
func missing(err, notFound error) error {
	if errors.Is(err, rows.ErrNoRows) {
		return notFound
	}
	return err
}

// maxText bounds names, descriptions, keys and values, in characters.
const maxText = 255

// maxInt is the largest number that Cinder's database keeps.
const maxInt = 1<<31 - 1

// optionalText is a text or null.
func optionalText(value any) string {
	if value == nil {
		return ""
	}
	return text(value)
}

// text is a text of up to 255 characters.
func text(value any) string {
	s, ok := value.(string)
	switch {
	case !ok:
		return python.Repr(value) + " is not of type 'string'"
	case utf8.RuneCountInString(s) > maxText:
		return python.Repr(value) + " is too long"
	}
	return ""
}

// nonEmptyText is a text with something in it.
func nonEmptyText(value any) string {
	if s, ok := value.(string); ok && strings.TrimSpace(s) == "" {
		return python.Repr(value) + " is too short"
	}
	return text(value)
}

// uuidText is the text of a UUID, and optionalUUID that or null.
func uuidText(value any) string {
	s, ok := value.(string)
	if !ok {
		return python.Repr(value) + " is not of type 'string'"
	}
	if _, err := uuid.Parse(s); err != nil {
		return python.Repr(value) + " is not a 'uuid'"
	}
	return ""
}

func optionalUUID(value any) string {
	if value == nil {
		return ""
	}
	return uuidText(value)
}

// gigabytes is a size: a number, or a text of digits. Null is none.
func gigabytes(value any) string {
	if value == nil {
		return ""
	}
	n, ok := numberOf(value)
	switch {
	case !ok:
		if _, isText := value.(string); isText {
			return python.Repr(value) + " does not match '^[0-9]+$'"
		}
		return python.Repr(value) + " is not of type 'integer', 'string'"
	case n < 1:
		return python.Str(value) + " is less than the minimum of 1"
	case n > maxInt:
		return python.Str(value) + " is greater than the maximum of " + strconv.Itoa(maxInt)
	}
	return ""
}

// requiredGigabytes is a size that must be given.
func requiredGigabytes(value any) string {
	if value == nil {
		return "None is not of type 'integer', 'string'"
	}
	return gigabytes(value)
}

// numberOf reads a whole number, which clients may write as a text.
func numberOf(value any) (int64, bool) {
	var digits string
	switch value := value.(type) {
	case json.Number:
		digits = value.String()
	case string:
		digits = value
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// boolWords are the values of JSON and the words that Cinder takes for true and
// false.
var boolWords = map[string]bool{
	"true": true, "1": true, "on": true, "yes": true, "y": true, "t": true,
	"false": false, "0": false, "off": false, "no": false, "n": false, "f": false,
}

// boolOf reads true, false, or a word for one of them.
func boolOf(value any) (b, ok bool) {
	switch value := value.(type) {
	case bool:
		return value, true
	case string:
		b, ok = boolWords[strings.ToLower(value)]
	}
	return b, ok
}

// boolTexts are the words as Cinder lists them.
const boolTexts = "[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', " +
	"False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']"

// boolean is true, false, or a word for one of them.
func boolean(value any) string {
	if _, ok := boolOf(value); !ok {
		return python.Repr(value) + " is not one of " + boolTexts
	}
	return ""
}

// optionalBoolean is that, or null.
func optionalBoolean(value any) string {
	if value == nil {
		return ""
	}
	return boolean(value)
}

// optionalObject is an object or null.
func optionalObject(value any) string {
	if _, ok := value.(object); !ok && value != nil {
		return python.Repr(value) + " is not of type 'object', 'null'"
	}
	return ""
}

// metadataKey is the form of a key of metadata.
const metadataKey = `^[a-zA-Z0-9-_:. /]{1,255}$`

var metadataPattern = regexp.MustCompile(`^[a-zA-Z0-9\-_:. /]{1,255}$`)

// metadataValues is an object of texts.
func metadataValues(value any) string {
	values, ok := value.(object)
	if !ok {
		return python.Repr(value) + " is not of type 'object'"
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !metadataPattern.MatchString(key) {
			return python.Repr(key) + " does not match any of the regexes: '" + metadataKey + "'"
		}
		if wrong := text(values[key]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// optionalMetadata is that, or null.
func optionalMetadata(value any) string {
	if value == nil {
		return ""
	}
	return metadataValues(value)
}

// textsOf reads an object of texts that was checked.
func textsOf(value any) map[string]string {
	texts := map[string]string{}
	values, _ := value.(object)
	for key, value := range values {
		texts[key], _ = value.(string)
	}
	return texts
}

// textOf reads a text that was checked, without the spaces around it; nil for
// null or none. Of several names, the first that the body has counts.
func textOf(body object, names ...string) *string {
	for _, name := range names {
		if s, ok := body[name].(string); ok {
			s = strings.TrimSpace(s)
			return &s
		}
	}
	return nil
}

// body1 reads a body with one key.
func (s *Service) body1(r *http.Request, c schema) (object, error) { return s.body(r, c) }

// oneOf is a word of a list, in either case.
func oneOf(title string, words []string) func(value any) string {
	return func(value any) string {
		word, ok := value.(string)
		if ok && slices.Contains(words, strings.ToLower(word)) {
			return ""
		}
		return title + ": " + python.Str(value) + " is invalid, valid statuses are: " + strings.Join(words, ", ") + "."
	}
}
