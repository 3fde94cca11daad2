package config

import (
	"errors"
	"strings"
)

// OTel is the section [otel]: traces, if there is an endpoint. The environment variables
// that OpenTelemetry's own programs have are not read.
type OTel struct {
	Endpoint    string
	Headers     []string // NAME=VALUE
	Ratio       float64
	ServiceName string
}

var otelOptions = []Option{
	{
		Name: "endpoint", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.OTel.Endpoint },
		Help: "The address of the collector, which takes OTLP over HTTP: http://localhost:4318 is short for http://localhost:4318/v1/traces. Spans are lost while it is away, and nothing else suffers. Empty: there are no traces, and they cost nothing.",
	},
	{
		Name: "headers", Secret: true, at: func(c *Config) any { return &c.OTel.Headers },
		Help: "Headers that the collector wants, such as Authorization=Bearer …: NAME=VALUE.",
	},
	// A client that sends a traceparent has decided already, for what it began.
	{
		Name: "sample_ratio", Default: "1", Accepts: between(0, 1), at: func(c *Config) any { return &c.OTel.Ratio },
		Help: "The share of the requests whose traces are recorded, among those that are in no trace yet. The others are recorded if their clients' traces are.",
	},
	{
		Name: "service_name", Default: "nova-api", Accepts: notEmpty, at: func(c *Config) any { return &c.OTel.ServiceName },
		Help: "What the collector calls the processes of this cloud.",
	},
}

// HeaderMap are the headers by name. The error doesn't repeat them: they are secrets.
func (o OTel) HeaderMap() (map[string]string, error) {
	headers := map[string]string{}
	for _, text := range o.Headers {
		name, value, ok := strings.Cut(text, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, errors.New("a header without a name or a value")
		}
		headers[name] = strings.TrimSpace(value)
	}
	return headers, nil
}
