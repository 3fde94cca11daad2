package main

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/tracing"
)

// flushTime bounds how long the end of the process waits for the collector.
const flushTime = 3 * time.Second

// newTracer makes what follows requests through the processes: nil if nobody wants to
// know.
func newTracer(cfg *config.Config, log zerolog.Logger) (*tracing.Tracer, error) {
	if cfg.OTel.Endpoint == "" {
		return nil, nil //nolint:nilnil // a tracer that does nothing
	}
	headers, err := cfg.OTel.HeaderMap()
	if err != nil {
		return nil, err
	}
	return tracing.New(tracing.Options{
		Collector: tracing.Collector{URL: cfg.OTel.Endpoint, Headers: headers, Trouble: func(err error) {
			if err != nil {
				log.Warn().Err(err).Msg("traces can't be sent, and are lost")
				return
			}
			log.Info().Msg("traces are sent again")
		}},
		Ratio: cfg.OTel.Ratio, Service: cfg.OTel.ServiceName, Version: version, Process: cfg.Host,
	}), nil
}

// flush sends the last spans, as far as patience goes: the collector may be away.
func flush(ctx context.Context, t *tracing.Tracer) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	_ = t.Close(ending) // what it could not send is told already
}
