package rows

import (
	"container/list"
	"database/sql/driver"
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"

	"modernc.org/sqlite"
)

// registerRegexp registers the function behind SQLite's REGEXP operator. SQLite
// calls it for every row with the text of the pattern, so compiled patterns are
// cached, up to patternCacheSize.
var registerRegexp = sync.OnceValue(func() error {
	cache := patternCache{size: patternCacheSize}
	return sqlite.RegisterDeterministicScalarFunction("regexp", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			text, _ := args[0].(string)
			compiled, err := cache.get(text)
			if err != nil {
				return nil, fmt.Errorf("regular expression: %w", err)
			}
			if args[1] == nil {
				return nil, nil //nolint:nilnil // SQL's null
			}
			return compiled.MatchString(fmt.Sprint(args[1])), nil
		})
})

// patternCacheSize bounds the number of instructions of all cached patterns
// together. An instruction takes about a hundred bytes, including the state that
// package regexp keeps for it. A pattern of ten letters has about twenty.
const patternCacheSize = 1 << 17

// A patternCache holds the most recently used compiled patterns.
type patternCache struct {
	size int // the largest number of instructions

	mu    sync.Mutex
	used  int
	known map[string]*list.Element
	order list.List // of *cachedPattern, the one used last at the front
}

type cachedPattern struct {
	text     string
	compiled *regexp.Regexp
	size     int
}

// get compiles a pattern, unless it is known.
func (c *patternCache) get(text string) (*regexp.Regexp, error) {
	if compiled := c.lookup(text); compiled != nil {
		return compiled, nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	size, err := programSize(text)
	if err != nil {
		return nil, err
	}
	c.keep(&cachedPattern{text, compiled, size})
	return compiled, nil
}

func (c *patternCache) lookup(text string) *regexp.Regexp {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.known[text]
	if !ok {
		return nil
	}
	c.order.MoveToFront(found)
	return cached(found).compiled
}

// keep adds a pattern, and evicts the least recently used ones.
func (c *patternCache) keep(p *cachedPattern) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.known[p.text]; ok || p.size > c.size { // another list was first
		return
	}
	for c.used += p.size; c.used > c.size; {
		oldest := c.order.Back()
		c.used -= cached(oldest).size
		delete(c.known, cached(oldest).text)
		c.order.Remove(oldest)
	}
	if c.known == nil {
		c.known = map[string]*list.Element{}
	}
	c.known[p.text] = c.order.PushFront(p)
}

func cached(e *list.Element) *cachedPattern {
	return e.Value.(*cachedPattern) //nolint:errcheck,forcetypeassert // nothing else is ever in the list
}

// programSize counts the instructions of a pattern's program, and the runes of
// their classes.
func programSize(text string) (int, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, err
	}
	size := len(text) + len(program.Inst)
	for i := range program.Inst {
		size += len(program.Inst[i].Rune)
	}
	return size, nil
}
