package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// FuzzBody: whatever is sent, a body is good or refused in words, and what
// passes can be checked again.
func FuzzBody(f *testing.F) {
	names := slices.Sorted(maps.Keys(bodies))
	for i, body := range []string{
		`null`, `{}`, `[[]]`, `{"flavor": {"name": 1e400}}`, benchmarkBody, `{"quota_set": {"cores": "9e99"}}`,
		`{"server": {"block_device_mapping_v2": [1, {"boot_index": 1.5}], "networks": [{"fixed_ip": "::1"}]}}`,
		`{"metadata": {"a": "b", "/": 1}}`, `{"lock": {"locked_reason": "\u0000"}}`,
	} {
		f.Add(uint8(i*7), uint8(i*13), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which, minor uint8, text []byte) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var body any
		if decoder.Decode(&body) != nil {
			return
		}
		name := names[int(which)%len(names)]
		v := microversion.Version(minor) % (microversion.Max + 1)
		got, err := bodies[name].Check(v, body, text)
		if err != nil {
			if nova.Message(err) == "" {
				t.Errorf("%s %s %s: refused without a word: %v", name, v, text, err)
			}
			return
		}
		if _, err := bodies[name].Check(v, got, nil); err != nil {
			t.Errorf("%s %s %s: good, but not when checked again: %v", name, v, text, err)
		}
	})
}

// FuzzQuery does the same for queries.
func FuzzQuery(f *testing.F) {
	names := slices.Sorted(maps.Keys(queries))
	f.Add(uint8(0), uint8(75), "limit=1&x=%00&name=(")
	f.Add(uint8(8), uint8(104), "_a=1&sort_key=uuid&changes-since=2012-12-13T00:00:00Z")
	f.Fuzz(func(t *testing.T, which, minor uint8, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		name := names[int(which)%len(names)]
		v := microversion.Version(minor) % (microversion.Max + 1)
		if _, err := queries[name].Check(v, values); err != nil && nova.Message(err) == "" {
			t.Errorf("%s %s %s: refused without a word: %v", name, v, text, err)
		}
	})
}

const benchmarkBody = `{"server": {"name": "web-1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "flavorRef": "42",
	"key_name": "mine", "user_data": "IyEvYmluL2Jhc2gKZWNobyBoZWxsbwo=", "metadata": {"role": "web", "tier": "front"},
	"networks": [{"uuid": "c8b0b9a4-0f5c-4a3e-9d3c-5f6a7b8c9d0e"}], "security_groups": [{"name": "default"}],
	"availability_zone": "nova", "min_count": 1, "max_count": 1, "description": "a web server", "tags": ["web", "prod"],
	"config_drive": true}, "os:scheduler_hints": {"group": "70a599e0-31e7-49b7-b260-868f441e862b"}}`

// BenchmarkServerCreate checks a usual request for a server, decoded before.
func BenchmarkServerCreate(b *testing.B) {
	body := decode(b, benchmarkBody)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ServerCreate.Check(microversion.Max, body, []byte(benchmarkBody)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServerCreate_Refused checks one with two mistakes.
func BenchmarkServerCreate_Refused(b *testing.B) {
	const text = `{"server": {"name": " ", "flavorRef": "1", "networks": "auto", "new": 1}}`
	body := decode(b, text)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ServerCreate.Check(microversion.Max, body, []byte(text)); err == nil {
			b.Fatal("not refused")
		}
	}
}
