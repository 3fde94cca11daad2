package identitydb_test

import (
	"slices"
	"testing"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// Both databases must find the same users, whatever is in the text.
func TestTable_Conditions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, _ identitydb.User) {
		for _, name := range []string{"anna", "Anna", "anna%", "a_b", "bob", "éa"} {
			if err := s.Users.Create(t.Context(), identitydb.User{ID: name, Name: name, DomainID: "default"}); err != nil {
				t.Fatal(err)
			}
		}
		for what, test := range map[string]struct {
			condition identitydb.Condition
			want      []string
		}{
			"equals":             {identitydb.Condition{Values: []any{"anna"}}, []string{"anna"}},
			"equals, folded":     {identitydb.Condition{Values: []any{"ANNA"}, Fold: true}, []string{"Anna", "anna"}},
			"one of":             {identitydb.Condition{Values: []any{"bob", "a_b"}}, []string{"a_b", "bob"}},
			"none of":            {identitydb.Condition{Values: []any{"anna", "user", "Anna", "éa"}, Not: true}, []string{"a_b", "anna%", "bob"}},
			"contains":           {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{"nna"}}, []string{"Anna", "anna", "anna%"}},
			"no pattern":         {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{"%"}}, []string{"anna%"}},
			"no pattern either":  {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{"_"}}, []string{"a_b"}},
			"contains both":      {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{"a", "_"}, All: true}, []string{"a_b"}},
			"lacks one of both":  {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{"a", "n"}, All: true, Not: true}, []string{"a_b", "bob", "user", "éa"}},
			"starts with":        {identitydb.Condition{Comparison: identitydb.StartsWith, Values: []any{"an"}}, []string{"anna", "anna%"}},
			"starts, folded":     {identitydb.Condition{Comparison: identitydb.StartsWith, Values: []any{"AN"}, Fold: true}, []string{"Anna", "anna", "anna%"}},
			"starts with é":      {identitydb.Condition{Comparison: identitydb.StartsWith, Values: []any{"é"}}, []string{"éa"}},
			"ends with":          {identitydb.Condition{Comparison: identitydb.EndsWith, Values: []any{"na"}}, []string{"Anna", "anna"}},
			"ends with é":        {identitydb.Condition{Comparison: identitydb.EndsWith, Values: []any{"éa"}}, []string{"éa"}},
			"ends with too much": {identitydb.Condition{Comparison: identitydb.EndsWith, Values: []any{"xbob"}}, nil},
			"contains nothing":   {identitydb.Condition{Comparison: identitydb.Contains, Values: []any{""}}, nil},
			"an attack":          {identitydb.Condition{Comparison: identitydb.EndsWith, Values: []any{"' OR '1' = '1"}}, nil},
		} {
			test.condition.Column = "name"
			users, err := s.Users.List(t.Context(), []identitydb.Condition{test.condition}, nova.Page{Limit: 100})
			var got []string
			for _, user := range users {
				got = append(got, user.Name)
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s: got %q, %v, want %q", what, got, err, test.want)
			}
		}
	})
}
