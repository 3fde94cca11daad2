package rows

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"sync"

	"modernc.org/sqlite"
)

// registerRegexp gives SQLite the function behind its REGEXP operator, which
// ignores case as PostgreSQL's ~* does.
var registerRegexp = sync.OnceValue(func() error {
	const patterns = 256 // compiled at a time; a list uses one or two
	var cache sync.Map
	var cached int
	var mu sync.Mutex
	compile := func(pattern string) (*regexp.Regexp, error) {
		if known, ok := cache.Load(pattern); ok {
			return known.(*regexp.Regexp), nil //nolint:errcheck,forcetypeassert // nothing else is ever stored
		}
		compiled, err := regexp.Compile("(?i)" + pattern)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if cached++; cached > patterns {
			cache.Clear()
			cached = 1
		}
		cache.Store(pattern, compiled)
		return compiled, nil
	}
	return sqlite.RegisterDeterministicScalarFunction("regexp", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			pattern, _ := args[0].(string)
			compiled, err := compile(pattern)
			if err != nil {
				return nil, fmt.Errorf("regular expression: %w", err)
			}
			if args[1] == nil {
				return nil, nil //nolint:nilnil // SQL's null
			}
			return compiled.MatchString(fmt.Sprint(args[1])), nil
		})
})
