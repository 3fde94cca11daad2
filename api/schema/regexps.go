package schema

import (
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Patterns that Go's engine can't read, or could only read slowly.
const (
	printablePattern = `^[^\p{C}\p{Zl}\p{Zp}]*$`
	flavorIDPattern  = `^(?! )[a-zA-Z0-9. _-]+(?<! )$`
)

// matchers stand for these.
var matchers = map[string]func(string) bool{
	printablePattern: printable,
	flavorIDPattern: func(s string) bool {
		return s != "" && onlyOf(s, ". _-") && strings.Trim(s, " ") == s
	},
}

// matcher is a pattern with a function in place of the engine.
type matcher struct {
	pattern string
	match   func(string) bool
}

func (m matcher) String() string            { return m.pattern }
func (m matcher) MatchString(s string) bool { return m.match(s) }

func compileRegexp(pattern string) (jsonschema.Regexp, error) {
	if match, ok := matchers[pattern]; ok {
		return matcher{pattern, match}, nil
	}
	return regexp.Compile(pattern)
}
