package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A Collector is where spans are sent: by OTLP over HTTP, in protobuf.
type Collector struct {
	// URL is the address of the collector, such as http://localhost:4318. Without a
	// path, it is that of traces below it.
	URL string
	// Headers are sent along, such as a token.
	Headers map[string]string
	// Trouble is told when the collector takes no spans, with the reason, and with nil
	// when it takes them again. It may be nil.
	Trouble func(err error)
}

// uploadTimeout bounds one attempt to send spans. Those that come meanwhile wait in a
// queue, and are lost once that is full.
const uploadTimeout = 10 * time.Second

// An uploader sends spans. OpenTelemetry's own would bring gRPC along, which makes the
// program by 2.4 MB larger.
type uploader struct {
	Collector
	client http.Client
	down   atomic.Bool
}

func newUploader(c Collector) *uploader {
	if u, err := url.Parse(c.URL); err == nil && strings.Trim(u.Path, "/") == "" {
		c.URL = u.JoinPath("v1", "traces").String()
	}
	return &uploader{Collector: c, client: http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute}, Timeout: uploadTimeout}}
}

// Start is a part of otlptrace.Client.
func (u *uploader) Start(context.Context) error { return nil }

// Stop is a part of otlptrace.Client.
func (u *uploader) Stop(context.Context) error {
	u.client.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans. Those that can't be sent are lost: nobody waits for a trace.
// Only the first time of several is told of.
func (u *uploader) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := u.send(ctx, spans)
	if changed := u.down.Swap(err != nil) != (err != nil); changed && u.Trouble != nil {
		u.Trouble(err)
	}
	return nil
}

// send sends spans. A request for them has the same fields as the message that a file of
// them consists of.
func (u *uploader) send(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range u.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := u.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	const enough = 64 << 10 // of the answer, so that the connection can be used again
	_, _ = io.CopyN(io.Discard, response.Body, enough)
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the collector answers %s", response.Status)
	}
	return nil
}
