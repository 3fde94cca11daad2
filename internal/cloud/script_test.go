package cloud_test

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
)

// A script is a service that gives prepared answers, and remembers what it was
// asked.
type script struct {
	answers map[string]scripted // by method and address, with the query

	mu    sync.Mutex
	asked []asked
	extra []string // of each request, the token of the service that vouches for it and the microversion
}

// A scripted answer is a status, and a document or a text.
type scripted struct {
	status int
	body   any
}

// What a script was asked.
type asked struct {
	Request string
	Token   string
	Body    any
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a := asked{Request: r.Method + " " + r.RequestURI, Token: r.Header.Get("X-Auth-Token")}
	if len(body) > 0 && json.Unmarshal(body, &a.Body) != nil {
		a.Body = string(body)
	}
	s.mu.Lock()
	s.asked = append(s.asked, a)
	s.extra = append(s.extra, r.Header.Get("X-Service-Token")+" "+r.Header.Get("OpenStack-API-Version"))
	s.mu.Unlock()
	answer, ok := s.answers[a.Request]
	if !ok {
		answer = scripted{http.StatusTeapot, "not in the script: " + a.Request}
	}
	if text, isText := answer.body.(string); isText {
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, text)
		return
	}
	reply(w, answer.status, answer.body)
}

// told gives what the script was asked since the last time.
func (s *script) told(t *testing.T) []asked {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.asked
	s.asked = nil
	return told
}

// object is a JSON object.
type object = map[string]any
