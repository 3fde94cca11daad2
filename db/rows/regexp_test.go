package rows

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/pattern"
)

// Whatever patterns clients think up, what is kept of them is bounded.
func TestPatternCache(t *testing.T) {
	t.Parallel()
	const size, patterns = 1000, 500
	cache := patternCache{size: size}
	for i := range patterns {
		text := fmt.Sprintf("%d%s", i, strings.Repeat("x", i))
		for _, want := range []string{text, "0"} { // the second one is always in use
			if compiled, err := cache.get(want); err != nil || !compiled.MatchString(want) {
				t.Fatalf("%.20s: %v", want, err)
			}
		}
		if cache.used > size || len(cache.known) != cache.order.Len() {
			t.Fatalf("%d instructions are kept, of %d and %d patterns", cache.used, len(cache.known), cache.order.Len())
		}
	}
	used := 0
	for e := cache.order.Front(); e != nil; e = e.Next() {
		used += cached(e).size
	}
	if used != cache.used {
		t.Errorf("%d instructions are said to be kept, %d are", cache.used, used)
	}
	if cache.lookup("0") == nil || cache.lookup("1x") != nil {
		t.Error("what is in use goes before what isn't")
	}
	if _, err := cache.get("("); err == nil {
		t.Error("a bad pattern is taken")
	}
}

// A pattern that is not kept would be compiled for every row.
func TestPatternCache_HoldsTheLargest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("w", pattern.MaxLength), strings.Repeat("[^a]", 900), "x{1000}", "(a?){120}", "((((((a)))))){900}",
		`(?:\w\s|\W\S){100}`, strings.Repeat("(?:)|", 800), strings.Repeat("[^b-df-h]", 400), strings.Repeat("ſ|", 1300), `(?:[^\d\s]?){50}`,
	} {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Errorf("%.20s: %v", text, err)
			continue
		}
		if size, err := programSize(p.Go()); err != nil || size > patternCacheSize {
			t.Errorf("%.20s takes %d of %d: %v", text, size, patternCacheSize, err)
		}
	}
}
