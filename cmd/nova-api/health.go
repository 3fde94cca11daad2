package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthCommand is `nova-api health`. It is the health check of the container
// image, which has no curl. It is for the machine that the server runs on: anybody
// else asks /readyz.
type healthCommand struct {
	URL      string        `arg:"" optional:"" default:"http://127.0.0.1:8774/readyz" help:"What to ask; any answer of 2xx will do (${default})."`
	Timeout  time.Duration `default:"3s" help:"How long to wait for the answer (${default})."`
	Insecure bool          `help:"Don't verify the server's certificate, which is rarely made out to 127.0.0.1."`
}

// Run sends a request, and fails unless the answer is 2xx.
func (h *healthCommand) Run(ctx context.Context, p process) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, http.NoBody)
	if err != nil {
		return usageError{err}
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: h.Insecure}, //nolint:gosec // if it is asked for
	}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1024))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s: %s", h.URL, response.Status, bytes.TrimSpace(body))
	}
	_, err = fmt.Fprintln(p.stdout, "ready")
	return err
}
