package cloud_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/cloud"
)

// inProcess is a client of handlers by base URL.
func inProcess(t testing.TB, services map[string]http.Handler) *http.Client {
	t.Helper()
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: services})
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport}
}

// one is a client of a single handler.
func one(t testing.TB, f http.HandlerFunc) *http.Client {
	t.Helper()
	return inProcess(t, map[string]http.Handler{"http://bundled/image": f})
}

func request(ctx context.Context, t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInProcess_Routes(t *testing.T) {
	t.Parallel()
	says := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, name+" "+r.Host+" "+r.RequestURI+" "+r.URL.Path)
		})
	}
	client := inProcess(t, map[string]http.Handler{
		"http://bundled":           says("root"),
		"http://bundled/image":     says("image"),
		"http://bundled/image/too": says("inner"),
		"http://other:9292/":       says("other"),
	})
	for url, want := range map[string]string{
		"http://bundled":                      "root bundled / /",
		"http://bundled/":                     "root bundled / /",
		"http://bundled/image":                "image bundled / /",
		"http://bundled/images":               "root bundled /images /images",
		"http://bundled/image/v2/images?a=b":  "image bundled /v2/images?a=b /v2/images",
		"http://bundled/image/v2/a%2Fb":       "image bundled /v2/a%2Fb /v2/a/b",
		"http://bundled/image/too/v2":         "inner bundled /v2 /v2",
		"http://other:9292/v2/schemas/image":  "other other:9292 /v2/schemas/image /v2/schemas/image",
		"http://bundled/image/v2/x%20y?c=%26": "image bundled /v2/x%20y?c=%26 /v2/x y",
	} {
		response, err := client.Do(request(t.Context(), t, http.MethodGet, url, nil))
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		got, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(got) != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
	if _, err := client.Do(request(t.Context(), t, http.MethodGet, "http://elsewhere/", nil)); err == nil {
		t.Error("a request to nowhere was answered")
	}
}

func TestInProcess_AnotherTransportTakesTheRest(t *testing.T) {
	t.Parallel()
	var asked string
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Next: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		return &http.Response{StatusCode: http.StatusTeapot, Body: http.NoBody}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request(t.Context(), t, http.MethodGet, "http://elsewhere/x", nil))
	if err != nil || response.StatusCode != http.StatusTeapot || asked != "http://elsewhere/x" {
		t.Errorf("got %v, %v; asked %q", response, err, asked)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewInProcess_BadBase(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/identity", "bundled/identity", "http://", "http://%zz/"} {
		_, err := cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{base: http.NotFoundHandler()}})
		if err == nil {
			t.Errorf("%q was taken for a base URL", base)
		}
	}
}

// What net/http does for a handler is done here as well.
func TestInProcess_Response(t *testing.T) {
	t.Parallel()
	type answer struct {
		Status      int
		Body        string
		Length      int64
		ContentType string
		Late        string
	}
	long := strings.Repeat("x", 10_000)
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		method  string
		want    answer
	}{
		"nothing": {
			func(http.ResponseWriter, *http.Request) {}, http.MethodGet,
			answer{Status: 200},
		},
		"short": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "short") }, http.MethodGet,
			answer{Status: 200, Body: "short", Length: 5, ContentType: "text/plain; charset=utf-8"},
		},
		"long": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }, http.MethodGet,
			answer{Status: 200, Body: long, Length: -1, ContentType: "text/plain; charset=utf-8"},
		},
		"status and type": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusCreated)
				w.WriteHeader(http.StatusTeapot)
				w.Header().Set("Late", "yes")
				_, _ = io.WriteString(w, "{}")
			}, http.MethodPost,
			answer{Status: 201, Body: "{}", Length: 2, ContentType: "application/json"},
		},
		"head": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "5")
				_, _ = io.WriteString(w, "short")
			}, http.MethodHead,
			answer{Status: 200, Length: 5},
		},
		"no content": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
				if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
					panic("a body was taken")
				}
			}, http.MethodDelete,
			answer{Status: 204},
		},
		"panic": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "secret")
				panic("x")
			}, http.MethodGet,
			answer{Status: 500},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := one(t, test.handler).Do(request(t.Context(), t, test.method, "http://bundled/image", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			got := answer{
				response.StatusCode, string(body), response.ContentLength,
				response.Header.Get("Content-Type"), response.Header.Get("Late"),
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInProcess_Request(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "the client's")
	r := request(ctx, t, http.MethodPut, "http://bundled/image/v2", io.MultiReader(strings.NewReader("body")))
	r.Header.Set("X-Auth-Token", "t")
	client := one(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(key{}) != nil {
			t.Error("the handler sees the client's context values")
		}
		if r.ContentLength != -1 {
			t.Errorf("length of a stream: %d", r.ContentLength)
		}
		r.Header.Set("X-Auth-Token", "changed")
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "body" {
			t.Errorf("body %q, %v", body, err)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := r.Header.Get("X-Auth-Token"); got != "t" {
		t.Errorf("the handler changed the client's header to %q", got)
	}
}

func TestInProcess_ClientGoesAway(t *testing.T) {
	t.Parallel()
	forever := func(w http.ResponseWriter, ended chan<- error) {
		for {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				ended <- err
				return
			}
		}
	}
	t.Run("before the header", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		client := one(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
			_, err := r.Body.Read(make([]byte, 1))
			ended <- err
		})
		_, err := client.Do(request(ctx, t, http.MethodPut, "http://bundled/image", strings.NewReader("x")))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the handler could read on: %v", err)
		}
	})
	t.Run("before the request", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := one(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })
		_, err := client.Do(request(ctx, t, http.MethodPut, "http://bundled/image", strings.NewReader("x")))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
	})
	t.Run("in the stream", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		client := one(t, func(w http.ResponseWriter, _ *http.Request) { forever(w, ended) })
		response, err := client.Do(request(ctx, t, http.MethodGet, "http://bundled/image", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		cancel()
		if _, err := io.Copy(io.Discard, response.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
		if err := <-ended; err == nil {
			t.Error("the handler could write on")
		}
	})
	t.Run("closes the body", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error, 1)
		client := one(t, func(w http.ResponseWriter, r *http.Request) {
			forever(w, ended)
			<-r.Context().Done()
		})
		response, err := client.Do(request(t.Context(), t, http.MethodGet, "http://bundled/image", nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if err := <-ended; err == nil {
			t.Error("the handler could write on")
		}
	})
}

// A client that has given up hears of it when the handler has ended, in
// whatever the handler was caught, and after a while if it doesn't end.
func TestInProcess_WaitsForTheHandler(t *testing.T) {
	t.Parallel()
	t.Run("at work", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		var done atomic.Bool
		client := one(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
			for range 1000 {
				runtime.Gosched() // the client had time to go on
			}
			done.Store(true)
		})
		_, err := client.Do(request(ctx, t, http.MethodPost, "http://bundled/image", nil))
		if !errors.Is(err, context.Canceled) || !done.Load() {
			t.Errorf("the client got %v; the handler had ended: %v", err, done.Load())
		}
	})
	t.Run("reading", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		defer writer.Close()
		var got error
		client := one(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			_, got = io.Copy(io.Discard, r.Body) // nothing ever comes
		})
		_, err := client.Do(request(ctx, t, http.MethodPut, "http://bundled/image", reader))
		if !errors.Is(err, context.Canceled) || got == nil {
			t.Errorf("the client got %v, the handler %v", err, got)
		}
	})
	t.Run("answered too late", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		client := one(t, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
			w.WriteHeader(http.StatusCreated)
		})
		if _, err := client.Do(request(ctx, t, http.MethodPost, "http://bundled/image", nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
	})
	t.Run("never ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		defer close(over)
		transport, err := cloud.NewInProcess(cloud.InProcessOptions{
			Services: map[string]http.Handler{"http://bundled/image": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				cancel()
				<-over
			})},
			Patience: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := transport.RoundTrip(request(ctx, t, http.MethodPost, "http://bundled/image", nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
	})
}

func TestInProcess_HandlerEndsBadly(t *testing.T) {
	t.Parallel()
	panics := make(chan any, 1)
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{
		Services: map[string]http.Handler{
			"http://bundled/late": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
				panic("late")
			}),
			"http://bundled/abort": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		},
		Panicked: func(value any, _ []byte) { panics <- value },
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request(t.Context(), t, http.MethodGet, "http://bundled/late", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half an answer looks whole: %d bytes, %v", n, err)
	}
	if value := <-panics; value != "late" {
		t.Errorf("told of %v", value)
	}
	if _, err := transport.RoundTrip(request(t.Context(), t, http.MethodGet, "http://bundled/abort", nil)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an aborted answer: %v", err)
	}
}

// A handler that doesn't read the whole body doesn't hold the client up.
func TestInProcess_BodyIsClosed(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	client := one(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.Body.Close()
		w.WriteHeader(http.StatusConflict)
	})
	wrote := make(chan error, 1)
	go func() {
		_, err := io.WriteString(writer, "data")
		wrote <- err
	}()
	response, err := client.Do(request(t.Context(), t, http.MethodPut, "http://bundled/image", reader))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := <-wrote; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the writer got %v", err)
	}
}
