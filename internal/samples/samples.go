// Package samples finds Nova's API samples for tests: requests and replies of a
// real service, as its documentation shows them. They are not part of the
// project, and tests without them have nothing to compare with.
package samples

import (
	"os"
	"path/filepath"
	"testing"
)

// Variable names the environment variable with the folder of the samples. Its
// default is a folder beside the repository.
const Variable = "NOVA_API_SAMPLES"

// Folder returns the folder of the samples, and false, after a word in the test's
// log, if it is not there. A folder that the variable names must be there.
func Folder(t testing.TB) (string, bool) {
	t.Helper()
	folder, named := os.LookupEnv(Variable)
	if !named {
		folder = filepath.Join(repository(t), "..", "shared", "reference", "api_samples")
	}
	if _, err := os.Stat(folder); err != nil {
		if named {
			t.Fatalf("%s: %v", Variable, err)
		}
		t.Logf("nothing is compared with the API samples: %v (%s names their folder)", err, Variable)
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
