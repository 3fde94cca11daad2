package kit

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
)

// PlainText is a check for Middleware: it refuses addresses with what no
// database keeps as text, which is NUL and whatever isn't UTF-8.
func PlainText(r *http.Request) (*http.Request, error) {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil || !isText(query) || !isText(r.URL.Path) {
		return nil, nova.Errorf(nova.Invalid, "The address of the request is not text in UTF-8.")
	}
	return r, nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
