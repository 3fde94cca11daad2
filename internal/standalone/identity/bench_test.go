package identity_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

func BenchmarkTokens_Validate(b *testing.B) {
	connections := map[string]func() string{"sqlite": func() string { return dbtest.SQLiteIn(b, b.TempDir()) }}
	if os.Getenv(dbtest.PostgresVariable) != "" {
		connections["postgres"] = func() string { return dbtest.PostgresFor(b) }
	}
	for name, connection := range connections {
		b.Run(name, func(b *testing.B) {
			s := identity.New(identity.Options{Store: identitydb.New(dbtest.Open(b, connection()).DB), Log: zerolog.Nop(), PasswordCost: 4})
			if _, err := s.Seed(b.Context(), identity.SeedOptions{AdminPassword: password}); err != nil {
				b.Fatal(err)
			}
			w := httptest.NewRecorder()
			body := byPassword("admin", password, project("admin"))
			s.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v3/auth/tokens", strings.NewReader(body)))
			token := w.Header().Get("X-Subject-Token")
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v3/auth/tokens?nocatalog", http.NoBody)
			r.Header.Set("X-Auth-Token", token)
			r.Header.Set("X-Subject-Token", token)
			for b.Loop() {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("got %d %s", w.Code, w.Body)
				}
			}
		})
	}
}
