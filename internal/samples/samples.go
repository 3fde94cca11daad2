// Package samples finds for tests what Nova is known to do: its API samples, which
// are requests and replies of a real service as its documentation shows them, and
// tables of its operations. They are not part of the project, and tests without
// them have nothing to compare with.
package samples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The environment variables with the folder of the samples, and with that of the
// tables. Their defaults are folders beside the repository.
const (
	Variable      = "NOVA_API_SAMPLES"
	TableVariable = "NOVA_API_REFERENCE"
)

// Folder returns the folder of the samples, and false, after a word in the test's
// log, if it is not there. A folder that the variable names must be there.
func Folder(t testing.TB) (string, bool) {
	t.Helper()
	return find(t, Variable, "the API samples", "api_samples")
}

// Table reads a table of Nova's operations: rows of columns by name. It returns
// false, after a word in the test's log, if the table is not there.
func Table(t testing.TB, name string) ([]map[string]string, bool) {
	t.Helper()
	folder, ok := find(t, TableVariable, "the table "+name)
	if !ok {
		return nil, false
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, "\t") {
			row[columns[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows, true
}

// find returns the folder that a variable names, or one below the reference
// beside the repository.
func find(t testing.TB, variable, what string, below ...string) (string, bool) {
	t.Helper()
	folder, named := os.LookupEnv(variable)
	if !named {
		folder = filepath.Join(append([]string{repository(t), "..", "shared", "reference"}, below...)...)
	}
	if _, err := os.Stat(folder); err != nil {
		if named {
			t.Fatalf("%s: %v", variable, err)
		}
		t.Logf("nothing is compared with %s: %v (%s names the folder)", what, err, variable)
		return "", false
	}
	return folder, true
}

// repository returns the folder of go.mod, which is above that of every test.
func repository(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("there is no go.mod above the test")
		}
		folder = parent
	}
}
