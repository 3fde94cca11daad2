package cloud_test

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
)

// A counter is a stream of bytes that knows how far it is ahead of its reader.
type counter struct {
	left     int64
	made     atomic.Int64
	read     *atomic.Int64
	furthest int64
}

func (c *counter) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), c.left)
	c.left -= n
	c.furthest = max(c.furthest, c.made.Add(n)-c.read.Load())
	return int(n), nil
}

// A meter counts what goes through it.
type meter struct{ n *atomic.Int64 }

func (m meter) Write(p []byte) (int, error) {
	m.n.Add(int64(len(p)))
	return len(p), nil
}

const (
	imageSize = 64 << 20
	mostHeld  = 256 << 10
)

func TestInProcess_StreamsUp(t *testing.T) {
	t.Parallel()
	var read atomic.Int64
	data := &counter{left: imageSize, read: &read}
	client := one(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(meter{&read}, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	response, err := client.Do(request(t.Context(), t, http.MethodPut, "http://bundled/image", data))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if read.Load() != imageSize || data.furthest > mostHeld {
		t.Errorf("%d of %d bytes arrived, up to %d were held", read.Load(), imageSize, data.furthest)
	}
}

func TestInProcess_StreamsDown(t *testing.T) {
	t.Parallel()
	var read atomic.Int64
	data := &counter{left: imageSize, read: &read}
	client := one(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, data) })
	response, err := client.Do(request(t.Context(), t, http.MethodGet, "http://bundled/image", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(meter{&read}, response.Body); err != nil {
		t.Fatal(err)
	}
	if read.Load() != imageSize || data.furthest > mostHeld {
		t.Errorf("%d of %d bytes arrived, up to %d were held", read.Load(), imageSize, data.furthest)
	}
}

// Each side can answer the other while both are still talking.
func TestInProcess_BothWaysAtOnce(t *testing.T) {
	t.Parallel()
	client := one(t, func(w http.ResponseWriter, r *http.Request) {
		p := make([]byte, 4)
		for {
			if _, err := io.ReadFull(r.Body, p); err != nil {
				return
			}
			_, _ = w.Write(bytes.ToUpper(p))
			w.(http.Flusher).Flush()
		}
	})
	reader, writer := io.Pipe()
	go func() { _, _ = io.WriteString(writer, "ping") }()
	response, err := client.Do(request(t.Context(), t, http.MethodPost, "http://bundled/image", reader))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	p := make([]byte, 4)
	for range 3 {
		if _, err := io.ReadFull(response.Body, p); err != nil || string(p) != "PING" {
			t.Fatalf("got %q, %v", p, err)
		}
		go func() { _, _ = io.WriteString(writer, "ping") }()
	}
	if _, err := io.ReadFull(response.Body, p); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

func BenchmarkInProcess(b *testing.B) {
	client := one(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"images": []}`)
	})
	b.ReportAllocs()
	for b.Loop() {
		response, err := client.Do(request(b.Context(), b, http.MethodGet, "http://bundled/image/v2/images", nil))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

func BenchmarkInProcess_Stream(b *testing.B) {
	const size = 1 << 20
	data := make([]byte, size)
	client := one(b, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		response, err := client.Do(request(b.Context(), b, http.MethodPut, "http://bundled/image", bytes.NewReader(data)))
		if err != nil {
			b.Fatal(err)
		}
		_ = response.Body.Close()
	}
}
