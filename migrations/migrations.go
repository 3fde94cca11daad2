// Package migrations holds the schema's history, one file per step, written
// once for both databases. Words that the two spell differently start with a
// dollar: $serial, $time, $float, $blob.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
)

//go:embed *.sql
var files embed.FS

// For gives the migrations with their dollar words replaced for a database.
func For(words *strings.Replacer) (fs.FS, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	replaced := make(fstest.MapFS, len(names)) // the standard library's file system in memory
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		replaced[name] = &fstest.MapFile{Data: []byte(words.Replace(string(text)))}
	}
	return replaced, nil
}
