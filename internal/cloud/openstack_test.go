//go:build openstack

package cloud_test

import (
	"cmp"
	"context"
	"os"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/cloud"
)

// This tries the clients on a real cloud, and leaves nothing there:
//
//	. openrc-of-a-member
//	NOVA_TEST_SERVICE_PASSWORD=… NOVA_TEST_NETWORK=private NOVA_TEST_IMAGE=cirros \
//	go test -tags openstack ./internal/cloud/ -run OpenStack
func TestOpenStack(t *testing.T) {
	t.Parallel()
	transport, err := cloud.NewTransport(cloud.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	exercise(t, site{
		options: cloud.Options{
			Login: cloud.Login{
				URL: os.Getenv("OS_AUTH_URL"), Username: cmp.Or(os.Getenv("NOVA_TEST_SERVICE_USER"), "nova"), Password: os.Getenv("NOVA_TEST_SERVICE_PASSWORD"), ProjectName: "service",
				UserDomainName: "Default", ProjectDomainName: "Default",
			},
			Transport:      transport,
			TokenCacheTime: 300 * time.Second,
		},
		user: cloud.Login{
			URL: os.Getenv("OS_AUTH_URL"), Username: os.Getenv("OS_USERNAME"), Password: os.Getenv("OS_PASSWORD"),
			ProjectName: os.Getenv("OS_PROJECT_NAME"), UserDomainName: os.Getenv("OS_USER_DOMAIN_NAME"),
		},
		network: os.Getenv("NOVA_TEST_NETWORK"),
		image:   os.Getenv("NOVA_TEST_IMAGE"),

		volumeType: os.Getenv("NOVA_TEST_VOLUME_TYPE"),
		work:       func(context.Context) error { time.Sleep(time.Second); return nil }, // it works by itself
	})
}
