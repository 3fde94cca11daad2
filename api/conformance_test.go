package api_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/conformance.md")

// counted is what the tests of this package have compared with Nova's tables and
// API samples.
var counted = &counts{samples: map[string]map[string]bool{}}

// counts are collected by tests that run at the same time, and on several
// databases.
type counts struct {
	sync.Mutex
	rows    *rowCounts
	samples map[string]map[string]bool // the files by their first folder
}

// rowCounts are numbers of rows of Nova's tables.
type rowCounts struct {
	served map[string]int // by resource
	later  map[string]int // not served, by what they are about
	gone   int            // removed from Nova: served with 410
}

func newRowCounts() *rowCounts { return &rowCounts{served: map[string]int{}, later: map[string]int{}} }

// String tells the sums.
func (c *rowCounts) String() string {
	var later []string
	for _, about := range slices.Sorted(maps.Keys(c.later)) {
		later = append(later, fmt.Sprintf("%d (%s)", c.later[about], about))
	}
	return fmt.Sprintf("%d served, %d served as gone, not served %s", sum(c.served), c.gone, strings.Join(later, ", "))
}

func (c *counts) setRows(rows *rowCounts) {
	c.Lock()
	defer c.Unlock()
	c.rows = rows
}

// addSample counts a file of the API samples, once.
func (c *counts) addSample(file string) {
	c.Lock()
	defer c.Unlock()
	file = filepath.ToSlash(filepath.Clean(file))
	folder, _, _ := strings.Cut(file, "/")
	if c.samples[folder] == nil {
		c.samples[folder] = map[string]bool{}
	}
	c.samples[folder][file] = true
}

// document is docs/conformance.md.
func (c *counts) document() string {
	var b strings.Builder
	b.WriteString("# What is held against Nova\n\nPrinted by the tests of `api` where Nova's tables and API samples are at hand (`make docs`).\n\n" +
		"## Operations\n\nA row is an operation, or an action of a body, in a span of versions. Each row that is served has been asked for " +
		"at the ends of its\nspan and beyond, and by five callers: administrator, manager, member, reader, and a member of another project.\n\n" +
		"| resource | rows served |\n|---|---|\n")
	table(&b, c.rows.served)
	fmt.Fprintf(&b, "\nRows of what Nova has removed, answered with 410: %d.\n\n| not served yet | rows |\n|---|---|\n", c.rows.gone)
	table(&b, c.rows.later)
	b.WriteString("\n## API samples\n\nReplies whose keys and types are those of the sample.\n\n| folder | samples |\n|---|---|\n")
	numbers := map[string]int{}
	for folder, files := range c.samples {
		numbers[folder] = len(files)
	}
	table(&b, numbers)
	return b.String()
}

// table writes rows of numbers by name, and their sum.
func table(b *strings.Builder, numbers map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		fmt.Fprintf(b, "| %s | %d |\n", name, numbers[name])
	}
	fmt.Fprintf(b, "| **all** | **%d** |\n", sum(numbers))
}

func sum(numbers map[string]int) (all int) {
	for _, number := range numbers {
		all += number
	}
	return all
}

// TestMain runs the tests, and then compares what they have counted with the
// document. It only can if all tests have run, and with Nova's tables at hand.
func TestMain(m *testing.M) {
	status := m.Run()
	if status == 0 && wholeRun() && counted.rows != nil && len(counted.samples) > 0 {
		status = counted.compare(filepath.Join("..", "docs", "conformance.md"))
	}
	os.Exit(status)
}

// wholeRun reports whether no flag has left out tests.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// suites begins the sections of docs/conformance.md that tell of other projects'
// tests. e2e/conformance writes them, and the tests here leave them as they are.
const suites = "<!-- "

// compare compares the file's part up to suites with the document, or writes it,
// and returns the status to exit with.
func (c *counts) compare(path string) int {
	want := c.document()
	file, err := os.ReadFile(path)
	got, rest, found := strings.Cut(string(file), "\n"+suites)
	if found {
		rest = "\n" + suites + rest
	}
	if *update {
		if err := os.WriteFile(path, []byte(want+rest), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if err != nil || got != want {
		fmt.Fprintf(os.Stderr, "%s is not what the tests have counted (%v): go test ./api -update\n", path, err)
		return 1
	}
	return 0
}
