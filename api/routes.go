package api

import "github.com/nova-api/nova-api/api/rest"

// controllers answer for the resources that routes maps.
type controllers struct {
	extensions        *Extensions
	availabilityZones *AvailabilityZones

	flavors          *Flavors
	flavorExtraSpecs *FlavorExtraSpecs
	flavorAccess     *FlavorAccess
	keyPairs         *KeyPairs
	limits           *Limits
	quotaSets        *QuotaSets
	quotaClassSets   *QuotaClassSets

	servers         *Servers
	serverMetadata  *ServerMetadata
	serverTags      *ServerTags
	serverIPs       *ServerIPs
	instanceActions *InstanceActions
}

func newControllers(o Options) controllers {
	return controllers{
		extensions:        &Extensions{},
		availabilityZones: &AvailabilityZones{compute: o.Compute},

		flavors:          &Flavors{store: o.Store, projects: o.ProjectExists},
		flavorExtraSpecs: &FlavorExtraSpecs{store: o.Store},
		flavorAccess:     &FlavorAccess{store: o.Store},
		keyPairs:         &KeyPairs{store: o.Store, compute: o.Compute},
		limits:           &Limits{store: o.Store, compute: o.Compute},
		quotaSets:        &QuotaSets{store: o.Store, compute: o.Compute, projects: o.ProjectExists},
		quotaClassSets:   &QuotaClassSets{store: o.Store, compute: o.Compute},

		servers:         &Servers{store: o.Store, compute: o.Compute, password: o.ShowPassword, imageURL: o.ImageURL},
		serverMetadata:  &ServerMetadata{store: o.Store, compute: o.Compute},
		serverTags:      &ServerTags{store: o.Store},
		serverIPs:       &ServerIPs{store: o.Store},
		instanceActions: &InstanceActions{store: o.Store},
	}
}

// routes maps the API's URLs to its controllers.
func routes(m rest.Mapper, c controllers) {
	m.Resource("extension", "extensions", c.extensions)
	m.Resource("availability_zone", "os-availability-zone", c.availabilityZones,
		rest.Collection{"detail": "GET"})

	flavor := m.Resource("flavor", "flavors", c.flavors,
		rest.Collection{"detail": "GET"}, rest.Member{"action": "POST"})
	flavor.Resource("extra_spec", "os-extra_specs", c.flavorExtraSpecs)
	flavor.Resource("access", "os-flavor-access", c.flavorAccess)

	m.Resource("keypair", "os-keypairs", c.keyPairs)

	m.Resource("limit", "limits", c.limits)
	m.Resource("quota_set", "os-quota-sets", c.quotaSets,
		rest.Member{"detail": "GET", "defaults": "GET"})
	m.Resource("quota_class", "os-quota-class-sets", c.quotaClassSets)

	server := m.Resource("server", "servers", c.servers,
		rest.Collection{"detail": "GET"}, rest.Member{"action": "POST", "backup_instance": "POST"})
	server.Resource("meta", "metadata", c.serverMetadata, rest.Singular{"update_all": "PUT"})
	server.Resource("tag", "tags", c.serverTags, rest.Singular{"update_all": "PUT", "delete_all": "DELETE"})
	server.Resource("ip", "ips", c.serverIPs)
	server.Resource("instance_action", "os-instance-actions", c.instanceActions)
}
