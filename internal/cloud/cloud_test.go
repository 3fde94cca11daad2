package cloud_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// Where the network service is asked for, given an endpoint's options.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	services := map[string]http.Handler{"http://keystone": newKeystone(newFrozen())}
	for _, base := range []string{
		"http://neutron", "http://public.neutron", "http://r2.neutron", "http://fixed/networking", "http://fixed/versioned/v2.0",
	} {
		answer := scripted{http.StatusOK, object{"network": object{"id": "n1", "name": base}}}
		services[base] = &script{answers: map[string]scripted{"GET /v2.0/networks/n1": answer, "GET /networks/n1": answer}}
	}
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: services})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		endpoint cloud.Endpoint
		want     string // empty if there is none
	}{
		"as the region and the preference have it": {cloud.Endpoint{Region: "R1"}, "http://neutron"},
		"a fixed address":                          {cloud.Endpoint{Override: "http://fixed/networking"}, "http://fixed/networking"},
		"with a slash":                             {cloud.Endpoint{Override: "http://fixed/networking/"}, "http://fixed/networking"},
		"with a version":                           {cloud.Endpoint{Override: "http://fixed/versioned/v2.0/"}, "http://fixed/versioned/v2.0"},
		"no such region":                           {cloud.Endpoint{Region: "R3"}, ""},
		"no such interface":                        {cloud.Endpoint{Region: "R1", Interfaces: []string{"admin"}}, ""},
		"another region":                           {cloud.Endpoint{Region: "R2"}, "http://r2.neutron"},
		"another interface":                        {cloud.Endpoint{Interfaces: []string{"public"}}, "http://public.neutron"},
		"the second choice":                        {cloud.Endpoint{Region: "R1", Interfaces: []string{"admin", "internal"}}, "http://neutron"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bed := newBed(t, nil, nil, func(o *cloud.Options) {
				o.Network, o.Transport = test.endpoint, transport
			})
			for _, client := range []*cloud.Network{bed.Network.As(caller), &bed.Network.AsService().Network} {
				got, err := client.Network(t.Context(), "n1")
				if test.want == "" {
					wantError(t, err, nova.Unavailable, "The network service is temporarily unavailable.")
				} else if err != nil || got.Name != test.want {
					t.Errorf("asked %q, %v; want %q", got.Name, err, test.want)
				}
			}
		})
	}
}

// Another service is told which request of ours it works for.
func TestRequestID(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]nova.Request{
		"req-global": {ID: "req-ours", GlobalID: "req-global"},
		"req-ours":   {ID: "req-ours"},
		"":           {},
	} {
		var got string
		b := newBed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("X-Openstack-Request-Id")
			w.WriteHeader(http.StatusNoContent)
		}), nil, nil)
		if err := b.Image.AsService().Delete(nova.WithRequest(t.Context(), r), "i1"); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

// The network service may have a user of its own.
func TestNetworkLogin(t *testing.T) {
	t.Parallel()
	clock := newFrozen()
	other := newKeystone(clock)
	other.password = "other"
	neutron := &script{answers: map[string]scripted{"GET /v2.0/ports/port1": {http.StatusOK, object{"port": neutronPort}}}}
	b := newBed(t, nil, nil, func(o *cloud.Options) {
		o.Network.Login = o.Login
		o.Network.Login.URL, o.Network.Login.Password = "http://other", "other"
		o.Transport, _ = cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{
			"http://other": other, "http://neutron": neutron,
		}})
	})
	if _, err := b.Network.AsService().Port(t.Context(), "port1"); err != nil {
		t.Fatal(err)
	}
	if !other.knows("service-1") || b.keystone.signIns.Load() != 0 {
		t.Error("the wrong user signed in")
	}
}

func TestNew_Faults(t *testing.T) {
	t.Parallel()
	if _, err := cloud.New(cloud.Options{}); err == nil {
		t.Error("clients without a transport")
	}
	transport, err := cloud.NewTransport(cloud.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.New(cloud.Options{Transport: transport, Login: cloud.Login{URL: "http://%zz"}}); err == nil {
		t.Error("clients of an address that is none")
	}
}

// While the old token is good, it doesn't matter that there is no new one.
func TestRenewalFails(t *testing.T) {
	t.Parallel()
	glance := &script{answers: map[string]scripted{"DELETE /v2/images/i1": {http.StatusNoContent, ""}}}
	b := newBed(t, glance, nil, nil)
	for _, step := range []struct {
		at      time.Duration
		broken  int64
		signIns int64
		kind    nova.Kind
	}{
		{0, 0, 1, nova.Internal},
		{59*time.Minute + 30*time.Second, http.StatusServiceUnavailable, 1, nova.Internal},
		{time.Hour, http.StatusServiceUnavailable, 1, nova.Unavailable},
		{time.Hour, 0, 2, nova.Internal},
	} {
		b.clock.at.Store(start.Add(step.at).UnixNano())
		b.keystone.broken.Store(step.broken)
		err := b.Image.AsService().Delete(t.Context(), "i1")
		if (err == nil) != (step.kind == nova.Internal) || nova.KindOf(err) != step.kind {
			t.Errorf("%v: %v", step.at, err)
		}
		if n := b.keystone.signIns.Load(); n != step.signIns {
			t.Errorf("%v: signed in %d times, want %d", step.at, n, step.signIns)
		}
	}
}
