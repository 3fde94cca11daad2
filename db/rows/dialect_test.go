package rows

import "testing"

func TestWithSettings(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"timezone": "UTC", "statement_timeout": "5"}
	for dsn, want := range map[string]string{
		"postgres://h/nova": "postgres://h/nova?statement_timeout=5&timezone=UTC",
		"postgres://u:p%40@h1:1,h2:2/nova?sslmode=prefer":                        "postgres://u:p%40@/nova?connect_timeout=5&host=h1%2Ch2&port=1%2C2&sslmode=prefer&statement_timeout=5&target_session_attrs=read-write&timezone=UTC",
		"postgres://h1,[::2]:7,[::3]?target_session_attrs=any&connect_timeout=9": "postgres://?connect_timeout=9&host=h1%2C%3A%3A2%2C%3A%3A3&port=5432%2C7%2C5432&statement_timeout=5&target_session_attrs=any&timezone=UTC",
		"postgres:///nova?host=h1,h2":                                            "postgres:///nova?connect_timeout=5&host=h1%2Ch2&statement_timeout=5&target_session_attrs=read-write&timezone=UTC",
		"postgres:///nova?host=/run/pg":                                          "postgres:///nova?host=%2Frun%2Fpg&statement_timeout=5&timezone=UTC",
		"postgres://h/nova?statement_timeout=9&timezone=X":                       "postgres://h/nova?statement_timeout=9&timezone=X",
	} {
		if got, err := withSettings(dsn, settings); got != want || err != nil {
			t.Errorf("%s: %s, %v", dsn, got, err)
		}
	}
	if _, err := withSettings("postgres://u:secret@h/nova?%zz", settings); err == nil {
		t.Error("a query that can't be read is taken")
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://h/nova":                    "h/nova",
		"postgres://u:p@ss@h1:1,h2:2/nova?a=b": "h1:1,h2:2/nova",
	} {
		if got := (&DB{dialect: dialects["postgres"], dsn: dsn}).where(); got != want {
			t.Errorf("%s: %s", dsn, got)
		}
	}
}
