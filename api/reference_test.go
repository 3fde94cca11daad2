package api_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/internal/samples"
)

// A row is an operation as Nova's tables have it, in one span of versions.
type row struct {
	key          string // method, path, and the key of the body for member actions
	since, until int
	statuses     []int
	rule         string // the default of the rule that decides; empty if everybody may
	gone         bool
}

// referenceRows reads the operations from Nova's two tables: routes, and the member
// actions behind those of them that end in /action.
func referenceRows(t *testing.T) (rows []row, ok bool) {
	t.Helper()
	routes, ok := samples.Table(t, "routes.tsv")
	if !ok {
		return nil, false
	}
	for _, r := range routes {
		if r["action"] != "action" {
			rows = append(rows, rowOf(t, r["method"]+" "+r["path"], r))
		}
	}
	actions, ok := samples.Table(t, "actions.tsv")
	for _, r := range actions {
		if strings.HasSuffix(r["path"], "/action") {
			rows = append(rows, rowOf(t, "POST "+r["path"]+" "+r["key"], r))
		}
	}
	return rows, ok
}

func rowOf(t *testing.T, key string, cells map[string]string) row {
	t.Helper()
	r := row{key: key, since: minorOf(t, cells["min_version"]), until: int(microversion.Max), gone: cells["state"] == "gone-410"}
	if last := cells["max_version"]; last != "" {
		r.until = minorOf(t, last)
	}
	// A row that never succeeds has only the status of its error.
	statuses, _, _ := strings.Cut(cmp.Or(cells["success"], cells["errors"]), " ")
	for status := range strings.SplitSeq(statuses, "|") {
		number, err := strconv.Atoi(status)
		must(t, err)
		r.statuses = append(r.statuses, number)
	}
	defaults := strings.Split(cells["default_policy"], ";")
	for i, rule := range strings.Split(cells["policy"], ";") {
		if rule = strings.TrimSpace(rule); rule != "-" && !strings.HasSuffix(rule, "[soft]") {
			r.rule = strings.TrimSpace(defaults[i])
			break
		}
	}
	if strings.HasSuffix(cells["errors"], " always") { // and that before policy is asked
		r.rule = "any"
	}
	return r
}

func minorOf(t *testing.T, version string) int {
	t.Helper()
	minor, err := strconv.Atoi(strings.TrimPrefix(version, "2."))
	must(t, err)
	return minor
}

// everybody are the defaults that let everybody pass, some without a token.
var everybody = []string{"", "any", "none (unauthenticated)", ownKeyPair}

// personas are the callers of the table of rules, with the defaults that let them
// pass in their own project. The last one's is another project than the others'.
var personas = map[string][]string{
	"admin": append([]string{
		"admin", "project_manager_or_admin", "project_member_or_admin", "project_reader_or_admin", "service_or_admin",
	}, everybody...),
	"manager": append([]string{"project_manager_or_admin", "project_member_or_admin", "project_reader_or_admin"}, everybody...),
	"demo":    append([]string{"project_member_or_admin", "project_reader_or_admin"}, everybody...),
	"reader":  append([]string{"project_reader_or_admin"}, everybody...),
	"alt":     append([]string{"project_member_or_admin", "project_reader_or_admin"}, everybody...),
}

// ownKeyPair is the default for key pairs: examples are about those of their caller.
const ownKeyPair = "admin_or_user_id(owner of keypair)"

// refusal is what a persona is answered that may not do what a row does: 0 if it
// may. A server or a server group of another project does not exist for others,
// unless it is its tags or shares that they ask for: then Nova finds it, and policy
// refuses.
func (r row) refusal(persona string) int {
	_, path, _ := strings.Cut(r.key, " ")
	r.rule = cmp.Or(examples[r.key].rule, r.rule)
	owned := strings.Contains(path, "{") && strings.HasPrefix(r.rule, "project_") && !strings.HasPrefix(path, "/flavors/") && !proxied(path)
	switch {
	case !slices.Contains(personas["admin"], r.rule):
		panic(r.key + " has a default that no persona knows: " + r.rule)
	case persona == "alt" && hidden(path) && !open(r.rule):
		return http.StatusNotFound
	case persona == "alt" && owned, !slices.Contains(personas[persona], r.rule):
		return http.StatusForbidden
	}
	return 0
}

// hidden reports whether what is at a path is found only in the caller's project.
func hidden(path string) bool {
	return (strings.HasPrefix(path, "/servers/{") || strings.HasPrefix(path, "/os-volumes_boot/{")) && !strings.Contains(path, "/tags") && !strings.Contains(path, "/shares") || strings.HasPrefix(path, "/os-server-groups/{")
}

// proxied reports whether a path is about what another service has: policy is asked
// about the caller's own project, and the service knows whose it is.
func proxied(path string) bool {
	return slices.ContainsFunc([]string{"/os-networks", "/os-tenant-networks", "/os-floating-ip", "/os-security-group", "/os-volumes", "/os-snapshots"}, func(prefix string) bool {
		return strings.HasPrefix(path, prefix)
	})
}

// open reports whether a default lets everybody pass.
func open(rule string) bool { return slices.Contains(everybody, rule) }

// TestReference holds the API to Nova's tables: every row is served or on the list
// of those that are not yet, and each that is served succeeds with the row's status
// at the ends of its span of versions, does not exist beyond, and lets those pass
// whom the row lets pass.
func TestReference(t *testing.T) {
	t.Parallel()
	rows, ok := referenceRows(t)
	if !ok {
		return
	}
	served := servedRows(t, rows)
	eachReference(t, func(t *testing.T, s *referenceSite) {
		for _, key := range slices.Sorted(maps.Keys(served)) {
			s.inSpan(served[key])
			s.beyondSpan(served[key])
			s.forPersonas(served[key][0])
			if examples[key].first != "" { // and nobody asked for what it brought the server into
				s.restore("")
			}
		}
	})
}

// servedRows finds the rows that are served, by their keys: a key has a row for each
// of its spans. It fails for rows that are neither served nor listed, or both.
func servedRows(t *testing.T, rows []row) map[string][]row {
	t.Helper()
	routes := map[string]rest.Route{}
	for _, r := range api.ServedRoutes(&rest.Site{Policy: defaultRules(t)}) {
		routes[strings.TrimSuffix(r.Method+" "+r.Path+" "+r.Action, " ")] = r
	}
	later := map[string]string{}
	for about, keys := range notServed {
		for _, key := range keys {
			later[key] = about
		}
	}
	served, counts, known := map[string][]row{}, newRowCounts(), map[string]bool{}
	for _, r := range rows {
		route, mapped := routes[r.key]
		isServed := mapped || ofVersions(r.key)
		about, isLater := later[r.key]
		known[r.key] = true
		switch {
		case isServed && isLater:
			t.Errorf("%s is served: take it off notServed, and give examples a request", r.key)
		case !isServed && !isLater:
			t.Errorf("%s is neither served nor in notServed", r.key)
		case isLater:
			counts.later[about]++
		case r.gone != route.Gone:
			t.Errorf("%s: gone is %v, in Nova %v", r.key, route.Gone, r.gone)
		case r.gone:
			counts.gone++
		default:
			counts.served[resourceOf(r.key)]++
			served[r.key] = append(served[r.key], r)
		}
	}
	checkKeys(t, known, later)
	t.Logf("rows of Nova's tables: %s", counts)
	counted.setRows(counts)
	return served
}

// checkKeys finds keys in this package's tables that are no row's.
func checkKeys(t *testing.T, known map[string]bool, later map[string]string) {
	t.Helper()
	for key := range later {
		if !known[key] {
			t.Errorf("notServed has %s, which is no row of Nova's", key)
		}
	}
	for key := range examples {
		if !known[key] {
			t.Errorf("examples has %s, which is no row of Nova's", key)
		}
	}
}

// ofVersions reports whether the kit itself answers a row: with a version document.
func ofVersions(key string) bool {
	return strings.HasSuffix(key, "[server root]") || key == "GET /" || key == "GET /versions/{id}"
}

// resourceOf is the first name in the path of a key.
func resourceOf(key string) string {
	if ofVersions(key) {
		return "versions"
	}
	_, path, _ := strings.Cut(key, " /")
	path, _, _ = strings.Cut(path, " ")
	name, _, _ := strings.Cut(path, "/")
	return name
}

func defaultRules(t *testing.T) *policy.Enforcer {
	t.Helper()
	enforcer, _, err := policy.New(policy.Defaults())
	must(t, err)
	return enforcer
}

// A referenceSite is a cloud with a server of the demo project, which requests of
// examples are about.
type referenceSite struct {
	*cloudSite
	server string
	made   int    // how many names it has made up
	volume string // which the server has; empty until it is asked for
}

// eachReference runs a test on every database, with room for any number of servers.
func eachReference(t *testing.T, test func(t *testing.T, s *referenceSite)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		unlimited := func(_ *api.Options, o *compute.Options) {
			o.Quota, o.ReclaimAfter, o.OffloadAfter, o.Patience = nova.Quota{}, time.Hour, -1, 10*time.Second
		}
		s := &referenceSite{cloudSite: newCloud(t, connection, unlimited)}
		s.server = s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		test(t, s)
	})
}

// inSpan asks at the first and the last version of each of an operation's spans.
func (s *referenceSite) inSpan(rows []row) {
	s.t.Helper()
	for _, r := range rows {
		for _, minor := range []int{r.since, r.until} {
			if got := s.ask(r, "admin", minor); !slices.Contains(s.wanted(r, minor), got.status) {
				s.t.Errorf("%s at 2.%d: %d, want %v: %s", r.key, minor, got.status, s.wanted(r, minor), got.text)
			}
		}
	}
}

// beyondSpan asks right before the first version and right after the last one.
func (s *referenceSite) beyondSpan(rows []row) {
	s.t.Helper()
	first, last := rows[0].since, rows[0].until
	for _, r := range rows[1:] {
		first, last = min(first, r.since), max(last, r.until)
	}
	for _, minor := range []int{first - 1, last + 1} {
		if minor < int(microversion.Min) || minor > int(microversion.Max) {
			continue
		}
		if got := s.ask(rows[0], "admin", minor); got.status != http.StatusNotFound {
			s.t.Errorf("%s at 2.%d, which doesn't have it: %d, want 404: %s", rows[0].key, minor, got.status, got.text)
		}
	}
}

// forPersonas asks as everybody at the last version of a row.
func (s *referenceSite) forPersonas(r row) {
	s.t.Helper()
	for persona := range personas {
		want := s.wanted(r, r.until)
		if refusal := r.refusal(persona); refusal != 0 {
			want = []int{refusal}
		} else if examples[r.key].behind && persona == "reader" {
			want = []int{http.StatusForbidden}
		}
		if got := s.ask(r, persona, r.until); !slices.Contains(want, got.status) {
			s.t.Errorf("%s as %s: %d, want %v: %s", r.key, persona, got.status, want, got.text)
		}
	}
}

// wanted are the statuses of success at a version.
func (s *referenceSite) wanted(r row, minor int) []int {
	e, ok := examples[r.key]
	switch {
	case !ok:
		s.t.Fatalf("%s is served, but examples has no request", r.key)
	case e.status+e.oldStatus != 0 && e.why == "":
		s.t.Fatalf("%s has another status than in Nova, and no reason", r.key)
	case e.oldStatus != 0 && minor <= e.until:
		return []int{e.oldStatus}
	case e.status != 0:
		return []int{e.status}
	}
	return r.statuses
}

// ask sends the example of a row, after what it needs.
func (s *referenceSite) ask(r row, persona string, minor int) *reply {
	s.t.Helper()
	e := examples[r.key]
	s.forceDown("")
	if strings.Contains(e.path, "/action") && strings.Contains(e.path, "{server}") {
		s.restore(e.first)
	}
	body := e.body
	if minor <= e.until {
		body, e.path = e.old, cmp.Or(e.was, e.path)
	}
	method, _, _ := strings.Cut(r.key, " ")
	if method == "ANY" {
		method = http.MethodGet
	}
	path := "/v2.1" + e.path
	if whole, ok := strings.CutPrefix(e.path, "http://nova.example"); ok {
		path = whole
	}
	request := s.fill(method+" "+path+" "+body, persona)
	if e.waits {
		defer s.working()()
	}
	reply := s.Do(request, as(persona), at(minor))
	if !e.waits {
		s.work()
	}
	return reply
}

// restore brings the server back to where it was, and then does the action that
// the next request needs.
func (s *referenceSite) restore(first string) {
	s.t.Helper()
	for _, body := range []string{`{"unlock": null}`, `{"os-resetState": {"state": "active"}}`, `{"reboot": {"type": "HARD"}}`, first} {
		if body != "" {
			s.bring(s.server, body)
		}
	}
}

// attachedVolume gives the server a volume: always the same one, or another each time.
func (s *referenceSite) attachedVolume(same bool) string {
	s.t.Helper()
	if same && s.volume != "" {
		return s.volume
	}
	id := s.ownVolume("demo", false)
	func() {
		defer s.working()()
		s.Do("POST /v2.1/servers/"+s.server+`/os-volume_attachments {"volumeAttachment": {"volumeId": "`+id+`"}}`, as("demo")).Want(s.t, 200)
	}()
	s.work()
	if same {
		s.volume = id
	}
	return id
}

// fill replaces the names in braces.
func (s *referenceSite) fill(text, persona string) string {
	s.t.Helper()
	for {
		before, rest, found := strings.Cut(text, "{")
		for found && (rest == "" || rest[0] < 'a' || rest[0] > 'z') { // an object of JSON
			more, after, again := strings.Cut(rest, "{")
			before, rest, found = before+"{"+more, after, again
		}
		if !found {
			return text
		}
		name, after, _ := strings.Cut(rest, "}")
		text = before + s.value(name, persona) + after
	}
}

// value makes what a name in braces stands for.
func (s *referenceSite) value(name, persona string) string {
	s.t.Helper()
	server := "/v2.1/servers/" + s.server
	switch name {
	case "server":
		return s.server
	case "new server":
		return s.boot("more", "")
	case "stranded server":
		id := s.boot("stranded", "")
		s.forceDown(s.Do("GET /v2.1/servers/" + id).String("server/OS-EXT-SRV-ATTR:host"))
		return id
	case "deleted server":
		id := s.boot("gone", "")
		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(s.t, 204)
		s.work()
		return id
	case "resized server", "shelved server":
		id := s.boot("moved", "")
		body := map[string]string{"resized server": `{"resize": {"flavorRef": "2"}}`, "shelved server": `{"shelve": null}`}[name]
		s.act(id, body).Want(s.t, 202)
		return id
	case "project":
		return demoProject
	case "own project":
		return callers[persona].ProjectID
	case "new":
		s.made++
		return fmt.Sprint("new-", s.made)
	case "port":
		return s.Network("GET /ports?device_id=" + s.server).String("ports/0/id")
	case "attached port":
		defer s.working()()
		return s.Do("POST "+server+"/os-interface {}", at(104)).Want(s.t, 200).String("interfaceAttachment/port_id")
	case "own security group", "own security rule", "own floating address":
		return s.ownNetworkThing(name, persona)
	case "own volume", "own snapshot":
		if persona == "reader" { // who can't have any
			persona = "demo"
		}
		return s.ownVolume(persona, name == "own snapshot")
	case "demo volume":
		return s.ownVolume("demo", false)
	case "attached volume", "volume to detach":
		return s.attachedVolume(name == "attached volume")
	case "added group", "group to add", "added address", "floating address", "added floating address":
		return s.networkValue(name, persona)
	case "new flavor", "specified flavor", "new private flavor", "opened flavor":
		return s.newFlavor(name)
	case "own key pair":
		name := s.value("new", persona)
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "`+name+`", "public_key": "`+edKey+`"}}`, as(persona)).Want(s.t, 200)
		return name
	case "own image":
		owner := persona
		if owner == "reader" { // who can't have any
			owner = "demo"
		}
		return s.Image(`POST /images {"name": "of `+persona+`", "x": "y"}`, as(owner)).Want(s.t, 201).String("id")
	case "new aggregate", "aggregate of fake-1":
		id := fmt.Sprint(s.Do(`POST /v2.1/os-aggregates {"aggregate": {"name": "`+s.value("new", persona)+`"}}`).Want(s.t, 200).At("aggregate/id"))
		if name == "aggregate of fake-1" {
			s.Do("POST /v2.1/os-aggregates/"+id+`/action {"add_host": {"host": "fake-1"}}`).Want(s.t, 200)
		}
		return id
	case "hypervisor":
		return s.Do("GET /v2.1/os-hypervisors", at(53)).Want(s.t, 200).String("hypervisors/0/id")
	case "service":
		return s.Do("GET /v2.1/os-services?host=fake-2", at(53)).Want(s.t, 200).String("services/0/id")
	case "new service", "new service number":
		host := s.value("new", persona)
		s.site.service(host, "nova-compute")
		minor := map[string]int{"new service": 53, "new service number": 52}[name]
		return fmt.Sprint(s.Do("GET /v2.1/os-services?host="+host, at(minor)).Want(s.t, 200).At("services/0/id"))
	case "new group":
		return s.Do(group("g", "affinity"), as("demo"), at(64)).Want(s.t, 200).String("server_group/id")
	case "migration":
		return s.migration(s.server, nova.MigrationLive, nova.MigrationRunning)
	case "live migration": // of a server on its way, which nobody works at
		id := s.boot("moving", "")
		s.Do("POST /v2.1/servers/"+id+`/action {"os-migrateLive": {"host": null, "block_migration": "auto"}}`, at(68)).Want(s.t, 202)
		all, err := s.store.MigrationsOf(s.t.Context(), id)
		must(s.t, err)
		must(s.t, s.store.SetMigrationStatus(s.t.Context(), all[0].ID, nova.MigrationRunning))
		return fmt.Sprintf("%s/migrations/%d", id, all[0].Serial)
	case "tag":
		s.Do("PUT "+server+"/tags/x", as("demo"), at(26))
		return "x"
	case "key":
		s.Do("PUT "+server+`/metadata/x {"meta": {"x": "y"}}`, as("demo")).Want(s.t, 200)
		return "x"
	case "create action":
		actions := s.Do("GET " + server + "/os-instance-actions")
		return actions.String(fmt.Sprintf("instanceActions/%d/request_id", actions.Len("instanceActions")-1))
	case "token":
		console := s.Do("POST "+server+`/remote-consoles {"remote_console": {"protocol": "vnc", "type": "novnc"}}`, at(6)).Want(s.t, 200)
		return strings.TrimPrefix(console.String("remote_console/url"), "novnc ")
	}
	s.t.Fatalf("nothing is called {%s}", name)
	return ""
}

// ownNetworkThing makes what the resources are about that the network service has: of the
// persona's project.
func (s *referenceSite) ownNetworkThing(name, persona string) string {
	s.t.Helper()
	if persona == "reader" { // who can't have any
		persona = "demo"
	}
	s.Network("PUT /quotas/"+callers[persona].ProjectID+` {"quota": {"floatingip": -1, "security_group": -1, "security_group_rule": -1}}`).Want(s.t, 200)
	if name == "own floating address" {
		external := s.Network("GET /networks?router:external=true").String("networks/0/id")
		return s.Network(`POST /floatingips {"floatingip": {"floating_network_id": "`+external+`"}}`, as(persona)).Want(s.t, 201).String("floatingip/id")
	}
	group := s.Network(`POST /security-groups {"security_group": {"name": "g"}}`, as(persona)).Want(s.t, 201).String("security_group/id")
	if name == "own security group" {
		return group
	}
	return s.Network(`POST /security-group-rules {"security_group_rule": {"security_group_id": "`+group+`", "direction": "ingress"}}`, as(persona)).
		Want(s.t, 201).String("security_group_rule/id")
}

// networkValue makes what the actions on a server's ports are about.
func (s *referenceSite) networkValue(name, persona string) string {
	s.t.Helper()
	port := s.value("port", persona)
	switch name {
	case "group to add": // to ports that are in none, since a group of another project can't be kept
		ports := s.Network("GET /ports?device_id=" + s.server)
		for i := range ports.Len("ports") {
			s.Network("PUT /ports/"+ports.String(fmt.Sprintf("ports/%d/id", i))+` {"port": {"security_groups": []}}`).Want(s.t, 200)
		}
		return s.value("own security group", persona)
	case "added group":
		owner := map[bool]string{true: "admin", false: "demo"}[persona == "admin"] // groups are found in the caller's project
		group := s.Network(`POST /security-groups {"security_group": {"name": "g"}}`, as(owner)).Want(s.t, 201).String("security_group/id")
		s.Network("PUT /ports/"+port+` {"port": {"security_groups": ["`+group+`"]}}`).Want(s.t, 200)
		return group
	case "added address":
		s.act(s.server, `{"addFixedIp": {"networkId": "`+private+`"}}`, as("admin"), at(43)).Want(s.t, 202) // be it locked
		ips := s.Network("GET /ports/" + port)
		return ips.String(fmt.Sprintf("port/fixed_ips/%d/ip_address", ips.Len("port/fixed_ips")-1))
	}
	external := s.Network("GET /networks?router:external=true").String("networks/0/id")
	if s.Network("GET /routers").Len("routers") == 0 {
		router := s.Network(`POST /routers {"router": {"external_gateway_info": {"network_id": "`+external+`"}}}`).Want(s.t, 201).String("router/id")
		subnet := s.Network("GET /networks/" + private).String("network/subnets/0")
		s.Network("PUT /routers/"+router+`/add_router_interface {"subnet_id": "`+subnet+`"}`).Want(s.t, 200)
	}
	before := s.Network("GET /floatingips")
	for i := range before.Len("floatingips") { // a fixed address has one at the most
		s.Network("DELETE /floatingips/"+before.String(fmt.Sprintf("floatingips/%d/id", i))).Want(s.t, 204)
	}
	floating := s.Network(`POST /floatingips {"floatingip": {"floating_network_id": "`+external+`"}}`, as("demo")).Want(s.t, 201).
		String("floatingip/floating_ip_address")
	s.work()
	if name == "added floating address" {
		s.act(s.server, `{"addFloatingIp": {"address": "`+floating+`"}}`, at(43)).Want(s.t, 202)
	}
	return floating
}

// newFlavor makes a flavor of one of the kinds that examples name.
func (s *referenceSite) newFlavor(kind string) string {
	s.t.Helper()
	id := s.value("new", "admin")
	public := !strings.Contains(kind, "private") && !strings.Contains(kind, "opened")
	s.flavor(fmt.Sprintf(`{"id": %q, "name": %q, "ram": 64, "vcpus": 1, "disk": 0, "os-flavor-access:is_public": %v}`, id, id, public))
	switch kind {
	case "specified flavor":
		s.Do("POST /v2.1/flavors/"+id+`/os-extra_specs {"extra_specs": {"hw:cpu_policy": "shared"}}`).Want(s.t, 200)
	case "opened flavor":
		s.Do("POST /v2.1/flavors/"+id+`/action {"addTenantAccess": {"tenant": "`+demoProject+`"}}`).Want(s.t, 200)
	}
	return id
}
