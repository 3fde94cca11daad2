package api_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// aggregate makes one, in a zone unless that is empty, and gives its number.
func (s *site) aggregate(name, zone string) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"aggregate": {"name": %q}}`, name)
	if zone != "" {
		body = fmt.Sprintf(`{"aggregate": {"name": %q, "availability_zone": %q}}`, name, zone)
	}
	return fmt.Sprint(s.Do("POST /v2.1/os-aggregates "+body).Want(s.t, 200).At("aggregate/id"))
}

// inAggregate does an action on an aggregate.
func (s *site) inAggregate(id, body string) *reply {
	s.t.Helper()
	return s.Do("POST /v2.1/os-aggregates/" + id + "/action " + body)
}

func addHost(host string) string    { return `{"add_host": {"host": "` + host + `"}}` }
func removeHost(host string) string { return `{"remove_host": {"host": "` + host + `"}}` }
func setZone(zone string) string {
	return `{"set_metadata": {"metadata": {"availability_zone": "` + zone + `"}}}`
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		s.service("fake-2", "nova-compute")
		s.service("here", "nova-scheduler")
		const url = "/v2.1/os-aggregates"
		first := s.aggregate("first", "north")
		second := s.aggregate("second", "")
		s.Do(`POST `+url+` {"aggregate": {"name": "first"}}`).Want(t, 409, fault("conflictingRequest", "Aggregate first already exists."))
		s.Do(`POST /v2/os-aggregates {"aggregate": {"name": " padded ", "availability_zone": " z ", "more": 1}}`, at(0)).
			Want(t, 200, has("aggregate/name", "padded"), has("aggregate/availability_zone", "z"), lacks("aggregate/uuid", "aggregate/hosts", "aggregate/metadata"))
		s.Do(`POST `+url+` {"aggregate": {"name": "third", "availability_zone": "a:b"}}`).Want(t, 400)
		s.Do(`POST `+url+` {"aggregate": {"name": "third"}}`, as("demo")).Want(t, 403)

		s.inAggregate(first, addHost("fake-1")).Want(t, 200, has("aggregate/hosts", []string{"fake-1"}), has("aggregate/availability_zone", "north"))
		s.inAggregate(first, addHost("fake-1")).Want(t, 409, fault("conflictingRequest", "Aggregate "+first+" already has host fake-1."))
		s.inAggregate(first, addHost("fake-9")).Want(t, 404, fault("itemNotFound", "Compute host fake-9 could not be found."))
		s.inAggregate(first, addHost("here")).Want(t, 404)
		s.inAggregate("99", addHost("fake-1")).Want(t, 404, fault("itemNotFound", "Aggregate 99 could not be found."))
		s.inAggregate("x", addHost("fake-1")).Want(t, 400, fault("badRequest", "Invalid input received: id must be an integer"))
		s.inAggregate(first, removeHost("fake-2")).Want(t, 404, fault("itemNotFound", "Cannot remove host fake-2 in aggregate "+first))
		s.inAggregate("99", removeHost("fake-2")).Want(t, 404, fault("itemNotFound", "Cannot remove host fake-2 in aggregate 99"))
		s.inAggregate(first, removeHost("fake-9")).Want(t, 404, fault("itemNotFound", "Cannot remove host fake-9 in aggregate "+first))

		s.inAggregate(second, `{"set_metadata": {"metadata": {"a": "1", "b": "2"}}}`).Want(t, 200, has("aggregate/metadata", map[string]string{"a": "1", "b": "2"}))
		s.inAggregate(second, `{"set_metadata": {"metadata": {"a": null, "b": "3", "c": null}}}`).Want(t, 200, has("aggregate/metadata", map[string]string{"b": "3"}))
		s.inAggregate(second, `{"set_metadata": {"metadata": {"a": 1}}}`).Want(t, 400)

		list := s.Do("GET "+url, at(41)).Want(t, 200, listed("aggregates", "name", "first", "second", "padded"), has("aggregates/0/metadata", map[string]string{"availability_zone": "north"}))
		s.Do("GET "+url+"/"+first, at(41)).Want(t, 200, has("aggregate/uuid", list.At("aggregates/0/uuid")), has("aggregate/deleted", false), has("aggregate/deleted_at", nil))
		s.Do("GET "+url+"/"+first, at(40)).Want(t, 200, lacks("aggregate/uuid"))
		s.Do("GET "+url+"?x=1", at(101)).Want(t, 200)
		s.Do("GET "+url+"?x=1", at(102)).Want(t, 400)
		s.Do("GET "+url+"/99999999999999999999").Want(t, 404, fault("itemNotFound", "Aggregate 99999999999999999999 could not be found."))
		s.Do("GET "+url+"/first").Want(t, 400)
		s.Do("GET "+url, as("demo")).Want(t, 403)

		s.Do("DELETE "+url+"/"+first).Want(t, 400, fault("badRequest", "Cannot remove host from aggregate "+first+". Reason: Host aggregate is not empty."))
		s.inAggregate(first, removeHost("fake-1")).Want(t, 200, has("aggregate/hosts", []string{}))
		s.Do("DELETE "+url+"/"+first).Want(t, 200, empty)
		s.Do("DELETE "+url+"/"+first).Want(t, 404)
	})
}

func TestAggregates_Update(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		id, other := s.aggregate("one", ""), s.aggregate("two", "south")
		put := func(body string) *reply {
			return s.Do("PUT /v2.1/os-aggregates/" + id + ` {"aggregate": ` + body + `}`)
		}
		put(`{"name": " uno ", "availability_zone": "north"}`).Want(t, 200, has("aggregate/name", "uno"), has("aggregate/metadata", map[string]string{"availability_zone": "north"}))
		put(`{"name": "two", "availability_zone": "west"}`).Want(t, 409, fault("conflictingRequest", "Aggregate two already exists."))
		put(`{}`).Want(t, 400, fault("badRequest", "Invalid input for field/attribute aggregate. Value: {}. {} is not valid under any of the given schemas"))
		put(`{"name": "dos", "availability_zone": null}`).Want(t, 400, fault("badRequest",
			"Cannot update aggregate "+id+". Reason: Aggregate uno does not support empty named availability zone."))
		s.inAggregate(id, `{"set_metadata": {"metadata": {"availability_zone": null}}}`).Want(t, 400, fault("badRequest",
			"Cannot update metadata of aggregate "+id+". Reason: Aggregate uno does not support empty named availability zone."))
		s.Do("GET /v2.1/os-aggregates/"+id).Want(t, 200, has("aggregate/name", "uno"), has("aggregate/availability_zone", "north"))

		s.inAggregate(id, addHost("fake-1")).Want(t, 200)
		s.inAggregate(other, addHost("fake-1")).Want(t, 409, fault("conflictingRequest",
			"Cannot add host to aggregate "+other+". Reason: One or more hosts already in availability zone(s) ['north']."))
		third := s.aggregate("three", "north")
		s.inAggregate(third, addHost("fake-1")).Want(t, 200)
		s.inAggregate(third, setZone("east")).Want(t, 400, fault("badRequest",
			"Cannot update metadata of aggregate "+third+". Reason: One or more hosts already in availability zone(s) ['north']."))
		s.Do("PUT /v2.1/os-aggregates/"+third+` {"aggregate": {"availability_zone": "east"}}`).Want(t, 400, fault("badRequest",
			"Cannot update aggregate "+third+". Reason: One or more hosts already in availability zone(s) ['north']."))
		s.inAggregate(third, setZone("north")).Want(t, 200)
	})
}

// Any number of operators at once put a host into one zone.
func TestAggregates_OneZone(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		ids := make([]string, 6)
		for i := range ids {
			ids[i] = s.aggregate(fmt.Sprint("a", i), fmt.Sprint("zone", i))
		}
		statuses := make([]int, len(ids))
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() { statuses[i] = s.inAggregate(id, addHost("fake-1")).status })
		}
		all.Wait()
		counts := map[int]int{}
		for _, status := range statuses {
			counts[status]++
		}
		if counts[http.StatusOK] != 1 || counts[http.StatusConflict] != len(ids)-1 {
			t.Errorf("statuses %v", statuses)
		}
	})
}

// Zones are where aggregates put hosts: in lists, for new servers, and for good where
// there are servers.
func TestAggregates_Zones(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		north := s.aggregate("north", "north")
		s.inAggregate(north, addHost("fake-2")).Want(t, 200)
		s.Do("GET /v2.1/os-availability-zone").Want(t, 200, listed("availabilityZoneInfo", "zoneName", "north", "nova"))
		s.Do("GET /v2.1/os-availability-zone/detail").Want(t, 200, listed("availabilityZoneInfo", "zoneName", "internal", "north", "nova"),
			has("availabilityZoneInfo/1/hosts/fake-2/nova-compute/available", true), lacks("availabilityZoneInfo/2/hosts/fake-2"))
		s.Do("GET /v2.1/os-services?binary=nova-compute").Want(t, 200, listed("services", "zone", "nova", "north"))

		for range 3 {
			s.Do("GET /v2.1/servers/"+s.boot("web", `, "availability_zone": "north"`)).Want(t, 200,
				has("server/OS-EXT-SRV-ATTR:host", "fake-2"), has("server/OS-EXT-AZ:availability_zone", "north"))
		}
		s.Do("GET /v2.1/servers/"+s.boot("web", `, "availability_zone": "nova"`)).Want(t, 200, has("server/OS-EXT-SRV-ATTR:host", "fake-1"))
		s.Do(`POST /v2.1/servers {"server": {"name": "n", "imageRef": "`+cirros+`", "flavorRef": "1", "networks": "none", "availability_zone": "south"}}`, at(37)).
			Want(t, 400, fault("badRequest", "The requested availability zone is not available"))

		const stays = " instance(s). Changing the AZ of an existing instance is not supported by this action. " +
			"Move the instances away from this host then try again. If you need to move the instances between AZs then you can use " +
			"shelve_offload and unshelve to achieve this.."
		s.inAggregate(north, removeHost("fake-2")).Want(t, 409, fault("conflictingRequest", "Cannot remove host from aggregate "+north+". Reason: "+
			"The host cannot be removed from the aggregate as the availability zone of the host would change from 'north' to 'None' but the host already has 3"+stays))
		south := s.aggregate("south", "south")
		s.inAggregate(south, addHost("fake-1")).Want(t, 409, fault("conflictingRequest", "Cannot add host to aggregate "+south+". Reason: "+
			"The host cannot be added to the aggregate as the availability zone of the host would change from 'None' to 'south' but the host already has 1"+stays))
		s.inAggregate(north, setZone("east")).Want(t, 400, fault("badRequest",
			"Cannot update metadata of aggregate "+north+". Reason: One or more hosts contain instances in this zone."))
		s.inAggregate(north, `{"set_metadata": {"metadata": {"availability_zone": "north", "ssd": "true"}}}`).Want(t, 200)

		again, plain := s.aggregate("north again", "north"), s.aggregate("plain", "")
		s.inAggregate(again, addHost("fake-2")).Want(t, 200)
		s.inAggregate(plain, addHost("fake-1")).Want(t, 200)
		s.inAggregate(plain, removeHost("fake-1")).Want(t, 200)
		s.inAggregate(north, removeHost("fake-2")).Want(t, 200) // it stays in its zone
		s.Do("GET /v2.1/os-services?host=fake-2").Want(t, 200, has("services/0/zone", "north"))
	})
}

// A host whose service is deleted leaves its aggregates.
func TestAggregates_ServiceDeleted(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.aggregate("a", "north")
		s.inAggregate(id, addHost("fake-2")).Want(t, 200)
		s.Do("DELETE /v2.1/os-services/"+s.serviceOn("fake-2"), at(53)).Want(t, 204)
		s.Do("GET /v2.1/os-aggregates/"+id).Want(t, 200, has("aggregate/hosts", []string{}))
		s.Do("GET /v2.1/os-availability-zone").Want(t, 200, listed("availabilityZoneInfo", "zoneName", "nova"))
	})
}

func TestAggregates_Images(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.aggregate("a", "")
		cache := func(id, body string, options ...option) *reply {
			return s.Do("POST /v2.1/os-aggregates/"+id+"/images "+body, append([]option{at(81)}, options...)...)
		}
		cache(id, `{"cache": [{"id": "`+cirros+`"}]}`).Want(t, 202, empty)
		cache(id, `{"cache": [{"id": "`+cirros+`"}]}`, at(80)).Want(t, 404)
		cache(id, `{"cache": [{"id": "`+cirros+`"}]}`, as("demo")).Want(t, 403)
		cache(id, `{"cache": [{"id": "`+cirros+`"}, {"id": "`+cirros+`"}]}`).Want(t, 400, fault("badRequest", "Duplicate images in request"))
		cache(id, `{"cache": [{"id": "`+cirros+`"}, {"id": "`+nobodyID+`"}]}`).Want(t, 400, fault("badRequest", "Image "+nobodyID+" could not be found."))
		cache("99", `{"cache": [{"id": "`+nobodyID+`"}]}`).Want(t, 404)
		cache(id, `{"cache": []}`).Want(t, 400)
		cache(id, `{"cache": [{"id": "cirros"}]}`).Want(t, 400)
		cache("99", `{"cache": [{"id": "`+cirros+`"}]}`).Want(t, 404)
		cache("x", `{"cache": [{"id": "`+cirros+`"}]}`).Want(t, 400)
	})
}

func TestSamples_Aggregates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		id := s.aggregate("name", "london")
		url, free := "/v2.1/os-aggregates", []string{"metadata"}
		var samples []sample
		for folder, minor := range map[string]int{"os-aggregates/": 1, "os-aggregates/v2.41/": 41, "os-aggregates/v2.81/": 81} {
			samples = append(samples,
				sample{folder + "aggregate-post-resp.json", fmt.Sprintf(`POST %s {"aggregate": {"name": "of %d", "availability_zone": "london"}}`, url, minor), minor, 200, nil},
				sample{folder + "aggregate-update-post-resp.json", "PUT " + url + "/" + id + ` {"aggregate": {"name": "newname", "availability_zone": "nova2"}}`, minor, 200, free},
				sample{folder + "aggregates-get-resp.json", "GET " + url + "/" + id, minor, 200, free},
				sample{folder + "aggregates-list-get-resp.json", "GET " + url, minor, 200, free},
				sample{folder + "aggregates-add-host-post-resp.json", "POST " + url + "/" + id + "/action " + addHost("fake-1"), minor, 200, free},
				sample{folder + "aggregates-metadata-post-resp.json", "POST " + url + "/" + id + `/action {"set_metadata": {"metadata": {"key": "value"}}}`, minor, 200, free},
				sample{folder + "aggregates-remove-host-post-resp.json", "POST " + url + "/" + id + "/action " + removeHost("fake-1"), minor, 200, free})
		}
		s.conform(t, samples)
	})
}
