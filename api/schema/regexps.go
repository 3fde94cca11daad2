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
	printablePattern: ofLine(printable),
	flavorIDPattern: ofLine(func(s string) bool {
		return s != "" && onlyOf(s, ". _-") && strings.Trim(s, " ") == s
	}),
}

// ofLine is what a text must be before the newline that it may end with: to
// Python, the $ of a pattern stands before that, too.
func ofLine(match func(string) bool) func(string) bool {
	return func(s string) bool { return match(strings.TrimSuffix(s, "\n")) }
}

// matcher is a pattern with a function in place of the engine.
type matcher struct {
	pattern string
	match   func(string) bool
}

func (m *matcher) String() string            { return m.pattern }
func (m *matcher) MatchString(s string) bool { return m.match(s) }

func compileRegexp(pattern string) (jsonschema.Regexp, error) {
	if match, ok := matchers[pattern]; ok {
		return &matcher{pattern, match}, nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil || !strings.HasSuffix(pattern, "$") {
		return compiled, err
	}
	return &matcher{pattern, ofLine(compiled.MatchString)}, nil
}
