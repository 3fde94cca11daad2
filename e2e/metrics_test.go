package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
)

// TestMetrics reads what operators are told while a server is made: requests by
// route, actions by verb, queues, connections, notifications that wait for a bus that is
// away; and a profile.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		p := newProcess(t, connection, "nova_api.admin_listen=127.0.0.1:0",
			"oslo_messaging_notifications.driver=messagingv2", "notifications.notification_format=versioned", "DEFAULT.transport_url=rabbit://u:p@127.0.0.1:1/")
		p.start()
		address := regexp.MustCompile(`"address":"([^"]+)","time":"[^"]+","message":"serving metrics"`)
		var base string
		eventually(t, func() error {
			p.log.mu.Lock()
			defer p.log.mu.Unlock()
			if found := address.FindStringSubmatch(strings.Join(p.log.last, "")); found != nil {
				base = "http://" + found[1]
				return nil
			}
			return errors.New("no address in the log")
		})
		demo := p.login("demo")
		create := object{"name": "s", "imageRef": demo.images()[0].ID, "flavorRef": "42", "networks": "none"}
		demo.must("POST", "/v2.1/servers", object{"server": create}, http.StatusAccepted)
		eventually(t, func() error {
			told := read(t, base+"/metrics")
			for _, want := range []string{
				`nova_api_request_duration_seconds_count{method="POST",route="/v2.1/servers",status="202"} 1`,
				`nova_api_action_duration_seconds_count{result="done",verb="create"} `,
				`nova_api_queues_up 1`,
				`nova_api_outbox_up 1`,
				`nova_api_outbox_notifications `,
				`nova_api_outbox_oldest_seconds `,
				`nova_api_notifications_total{result="failed"} `,
				`nova_api_database_connections{pool="write"} `,
				`nova_api_info{version=`,
				`go_goroutines `,
			} {
				if !strings.Contains(told, want) {
					return fmt.Errorf("%s is missing in\n%s", want, told)
				}
			}
			return nil
		})
		if profile := read(t, base+"/debug/pprof/goroutine?debug=1"); !strings.Contains(profile, "goroutine profile") {
			t.Errorf("profile: %.100s", profile)
		}
		if r := demo.must("GET", "/metrics", nil, http.StatusMultipleChoices); strings.Contains(string(r.body), "nova_api_") {
			t.Error("clients are shown metrics")
		}
	})
}

// read gets a page that anybody may see.
func read(t *testing.T, address string) string {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, r.StatusCode, err)
	}
	return string(body)
}
