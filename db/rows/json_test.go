package rows_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db/rows"
)

// Whatever the order of the texts, and however many there are, each row gets what its
// own text says.
func TestShared(t *testing.T) {
	t.Parallel()
	type words = map[string]string
	var value words
	column := rows.Shared(&value)
	read := func(text any) words {
		value = nil
		if err := column.Scan(text); err != nil {
			t.Fatal(err)
		}
		return value
	}
	first := read(`{"n": "0"}`)
	if first["again"] = "yes"; read(`{"n": "0"}`)["again"] != "yes" {
		t.Error("the same text was decoded twice")
	}
	for i := range 100 {
		for _, n := range []int{i + 1, i / 2, i % 3, i + 1} {
			if got := read([]byte(fmt.Sprintf(`{"n": "%d"}`, n))); got["n"] != strconv.Itoa(n) {
				t.Fatalf("%d is read as %v", n, got)
			}
		}
	}
	for _, nothing := range []any{nil, "", []byte{}} {
		if got := read(nothing); got != nil {
			t.Errorf("%#v is read as %v", nothing, got)
		}
	}
	for _, bad := range []any{"{", 1} {
		if err := column.Scan(bad); err == nil {
			t.Errorf("%#v is read as %v", bad, value)
		}
	}
	value = words{"a": "b"}
	if text, err := column.Value(); err != nil || text != `{"a":"b"}` {
		t.Errorf("written as %v, %v", text, err)
	}
}

func TestCommas(t *testing.T) {
	t.Parallel()
	for text, want := range map[any][]string{nil: nil, "": nil, "a": {"a"}, "a,b c": {"a", "b c"}} {
		var got []string
		if err := rows.Commas(&got).Scan(text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%#v is read as %v, %v", text, got, err)
		}
	}
	if err := rows.Commas(new([]string)).Scan(1); err == nil {
		t.Error("a number is read as words")
	}
}
