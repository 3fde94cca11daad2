package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
)

// MaxBody bounds JSON bodies, in bytes. OpenStack's own services have the same
// bound.
const MaxBody = 114688

// Decode reads a JSON body into v: TooLarge beyond MaxBody bytes, Invalid if
// it isn't one JSON value of v's shape. Numbers that land in an any are
// json.Number.
func (k Kit) Decode(r *http.Request, v any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nova.Because(err, nova.Invalid, "%s", k.Style.Malformed)
	}
	if len(body) > MaxBody {
		return nova.Errorf(nova.TooLarge, "Request is too large. Larger than max_request_body_size (%d).", MaxBody)
	}
	if bytes.Contains(body, []byte(`\u0000`)) { // which PostgreSQL can't keep
		return nova.Errorf(nova.Invalid, "%s", k.Style.Malformed)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err = d.Decode(v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return nova.Errorf(nova.Invalid, "Invalid input for field '%s': a %s is not of the type that is wanted.", mismatch.Field, mismatch.Value)
	case err != nil:
		return nova.Because(err, nova.Invalid, "%s", k.Style.Malformed)
	}
	// A second value after the first one would be passed over in silence.
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nova.Errorf(nova.Invalid, "%s", k.Style.Malformed)
	}
	return nil
}

// checkURL refuses a URL with text that no database could look up: broken
// UTF-8, or a NUL. In the path such text names nothing; in the query it is a
// mistake.
func checkURL(r *http.Request) error {
	bad := func(s string) bool { return strings.ContainsRune(s, 0) || !utf8.ValidString(s) }
	if bad(r.URL.Path) {
		return nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	if strings.Contains(r.URL.RawQuery, "%") {
		if query, err := url.QueryUnescape(r.URL.RawQuery); err != nil || bad(query) {
			return nova.Errorf(nova.Invalid, "The query string is not well-formed text.")
		}
	}
	return nil
}

// Page reads limit, marker and the sort keys from a query: sort_key and
// sort_dir in pairs, or sort=key:dir,key:dir. A page has at most maxLimit
// items. The caller must check that the sort keys exist. The error is Invalid
// for a limit that is not a number of items.
func Page(r *http.Request, maxLimit int) (nova.Page, error) {
	q := r.URL.Query()
	p := nova.Page{Limit: maxLimit, Marker: q.Get("marker")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return p, nova.Errorf(nova.Invalid, "Invalid input for limit: '%s' is not a whole number of items.", text)
		}
		p.Limit = min(n, maxLimit)
	}
	dirs := q["sort_dir"]
	for i, key := range q["sort_key"] {
		p.Sort = append(p.Sort, nova.Sort{Key: key, Desc: i < len(dirs) && strings.EqualFold(dirs[i], "desc")})
	}
	for part := range strings.SplitSeq(q.Get("sort"), ",") {
		key, dir, _ := strings.Cut(part, ":")
		if key != "" {
			p.Sort = append(p.Sort, nova.Sort{Key: key, Desc: strings.EqualFold(dir, "desc")})
		}
	}
	return p, nil
}

// BaseURL is the address at which clients reach this process, without a slash
// at its end: public if that is set, or else the scheme and host that the
// client has used.
func BaseURL(r *http.Request, public string) string {
	if public != "" {
		return strings.TrimRight(public, "/")
	}
	scheme, host := r.URL.Scheme, r.Host
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	if host == "" { // a client's own request, handed over in the same process
		host = r.URL.Host
	}
	return scheme + "://" + host
}
