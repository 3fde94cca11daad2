package rows_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// values has what a packed row can hold, each as it may be null and as it may not.
type values struct {
	Text    string
	Maybe   *string
	At      time.Time
	MaybeAt *time.Time
	Yes     bool
	Int     int
	Long    int64
	Float   float64
	Kind    kind
	Words   []string
	Map     map[string]string
}

type kind string

var valuesRow = rows.NewLayout(func(v *values) []any {
	return []any{&v.Text, &v.Maybe, &v.At, &v.MaybeAt, &v.Yes, &v.Int, &v.Long, &v.Float, &v.Kind, rows.Commas(&v.Words), rows.Shared(&v.Map)}
}, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")

// What is written is read, whatever is in the texts, and a null text is no empty one.
func TestScan_Values(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 1, 2, 3, 4005000, time.UTC)
	whole := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []values{
		{At: whole},
		{At: at, MaybeAt: &at, Maybe: new(""), Yes: true},
		{At: whole, MaybeAt: &whole, Maybe: new("="), Text: "=", Int: -1, Long: -1 << 63, Float: -0.5},
		{At: at, Text: "a, b\n\x1e", Maybe: new("\x1e"), Long: 1<<63 - 1, Float: 0.1 + 0.2, Kind: "k", Words: []string{"x", "y z"}, Map: map[string]string{"k": "v"}},
		{At: at.Add(time.Microsecond), Text: "é漢字", Float: 1e300, Map: map[string]string{"k": "\x1f"}},
		{At: at, Text: "\x1f", Float: 5e-324},
		{At: at, Text: "x\x1fy\x1f", Maybe: new("\x1f=\x1f"), Kind: "\x1f\x1f", Map: map[string]string{"k": "\x1f"}},
	}
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		times := map[string]string{"sqlite": "TIMESTAMP", "postgres": "TIMESTAMPTZ"}[s.Dialect()]
		_, err := rows.Exec(t.Context(), s.DB, "CREATE TABLE packed (n BIGINT, a TEXT, b TEXT, c "+times+", d "+times+
			", e BOOLEAN, f BIGINT, g BIGINT, h DOUBLE PRECISION, i TEXT, j TEXT, k TEXT)")
		must(t, err)
		for n, v := range all {
			words := any(nil)
			if v.Words != nil {
				words = "x,y z"
			}
			fields := append([]any{n}, valuesRow.Fields(&v)...)
			fields[10] = words
			_, err := rows.Exec(t.Context(), s.DB, "INSERT INTO packed VALUES ("+rows.Marks(len(fields))+")", fields...)
			must(t, err)
			one, err := rows.Scan(t.Context(), s.DB, valuesRow, "FROM packed WHERE n = ?", n)
			must(t, err)
			if diff := cmp.Diff([]values{v}, one); diff != "" {
				t.Errorf("row %d (-written +read):\n%s", n, diff)
			}
		}
		together, err := rows.Scan(t.Context(), s.DB, valuesRow, "FROM packed ORDER BY n")
		must(t, err)
		if diff := cmp.Diff(all, together); diff != "" {
			t.Errorf("all rows (-written +read):\n%s", diff)
		}
		none, err := rows.Scan(t.Context(), s.DB, valuesRow, "FROM packed WHERE n < ?", 0)
		if err != nil || none == nil || len(none) != 0 {
			t.Errorf("no rows are %v, %v", none, err)
		}
	})
}

// A value that is null where nothing is made for that is an error, and shifts nothing.
func TestScan_Null(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		for _, columns := range [][]string{{"'a'", "NULL"}, {"NULL", "'a'"}} {
			row := rows.NewLayout(func(v *values) []any { return []any{&v.Text, &v.Kind} }, columns...)
			if read, err := rows.Scan(t.Context(), s.DB, row, "WHERE 1 = ?", 1); err == nil {
				t.Errorf("%q is read as %v", columns, read)
			}
		}
	})
}
