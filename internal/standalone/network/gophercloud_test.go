package network_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/portsbinding"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/standalone/network"
)

// client is a gophercloud client of the service, mounted where it belongs and
// without a public URL, so that links lead to where the client came from.
func client(t *testing.T, s *networkdb.Store, as string) *gophercloud.ServiceClient {
	t.Helper()
	service := network.New(network.Options{Store: s, Log: zerolog.Nop(), Validate: validate, AuthURL: func(*http.Request) string { return "" }})
	mux := http.NewServeMux()
	mux.Handle(network.Path+"/", http.StripPrefix(network.Path, service))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	endpoint := server.URL + network.Path + "/"
	return &gophercloud.ServiceClient{
		ProviderClient: &gophercloud.ProviderClient{TokenID: as}, Endpoint: endpoint, ResourceBase: endpoint + "v2.0/", Type: "network",
	}
}

func TestGophercloud(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := networkdb.New(d.DB)
		newCloud(t, s)
		ctx, demo, admin := t.Context(), client(t, s, "demo"), client(t, s, "admin")
		for range 3 {
			if _, err := networks.Create(ctx, demo, networks.CreateOpts{Name: "n"}).Extract(); err != nil {
				t.Fatal(err)
			}
		}
		pages, err := networks.List(demo, networks.ListOpts{Limit: 2}).AllPages(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all, err := networks.ExtractNetworks(pages)
		if err != nil || len(all) != 5 || all[0].CreatedAt.IsZero() {
			t.Errorf("networks: %+v, %v", all, err)
		}
		made, err := subnets.Create(ctx, demo, subnets.CreateOpts{NetworkID: all[len(all)-1].ID, CIDR: "10.5.0.0/24", IPVersion: gophercloud.IPv4}).Extract()
		if err != nil || made.GatewayIP != "10.5.0.1" || len(made.AllocationPools) != 1 {
			t.Errorf("subnet: %+v, %v", made, err)
		}
		var port struct {
			ports.Port
			portsbinding.PortsBindingExt
		}
		err = ports.Create(ctx, admin, portsbinding.CreateOptsExt{
			HostID: "fake-1",
			CreateOptsBuilder: ports.CreateOpts{
				NetworkID: privateID, TenantID: "p-demo", DeviceID: "server", DeviceOwner: "compute:nova",
			},
		}).ExtractInto(&port)
		if err != nil || port.HostID != "fake-1" || port.Status != "ACTIVE" || len(port.FixedIPs) != 1 || port.MACAddress == "" {
			t.Errorf("port: %+v, %v", port, err)
		}
		found, err := ports.List(demo, ports.ListOpts{DeviceID: "server", FixedIPs: []ports.FixedIPOpts{{IPAddress: port.FixedIPs[0].IPAddress}}}).AllPages(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := ports.ExtractPorts(found); len(list) != 1 || err != nil || list[0].ID != port.ID {
			t.Errorf("ports: %+v, %v", list, err)
		}
		found, err = groups.List(demo, groups.ListOpts{TenantID: "p-demo"}).AllPages(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := groups.ExtractGroups(found); len(list) != 1 || err != nil || len(list[0].Rules) != 4 || list[0].ID != port.SecurityGroups[0] {
			t.Errorf("security groups: %+v, %v", list, err)
		}
		if err := ports.Delete(ctx, admin, port.ID).ExtractErr(); err != nil {
			t.Error(err)
		}
	})
}
