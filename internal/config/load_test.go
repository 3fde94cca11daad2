package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write makes a file of the text and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load demands that all is well, without a warning.
func load(t *testing.T, in Inputs) *Config {
	t.Helper()
	c, warnings, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Fatalf("warnings: %q", warnings)
	}
	return c
}

func TestLoad_defaults(t *testing.T) {
	t.Parallel()
	c := load(t, Inputs{})
	got := map[string]any{
		"listen": c.Listen(), "state": c.StateDir, "database": c.Database.Connection, "conns": c.Database.MaxConns(),
		"limit": c.API.MaxLimit, "password": c.API.InstancePassword, "quota": c.Quota, "cache": c.Keystone.TokenCacheTime,
		"body": c.Middleware.MaxBodySize, "cpu": c.Hosts.CPURatio, "hosts": c.NovaAPI.FakeHosts, "public": c.NovaAPI.PublicURL,
		"places": []string{c.NovaAPI.Identity, c.NovaAPI.Image, c.NovaAPI.Network, c.NovaAPI.Volume}, "policy": c.Policy,
	}
	want := map[string]any{
		"listen": "127.0.0.1:8774", "state": "./state", "database": "sqlite:///state/nova.sqlite", "conns": 32,
		"limit": 1000, "password": true, "cache": 300 * time.Second, "body": int64(114688), "cpu": 16.0,
		"quota": Quota{
			Instances: 10, Cores: 20, RAM: 51200, MetadataItems: 128, InjectedFiles: 5, InjectedFileContentBytes: 10240,
			InjectedFilePathLength: 255, KeyPairs: 100, ServerGroups: 10, ServerGroupMembers: 10,
		},
		"hosts": []string{"fake-1", "fake-2"}, "public": "",
		"places": []string{Bundled, Bundled, Bundled, Bundled}, "policy": Policy{EnforceScope: true, EnforceNewDefaults: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Host == "" {
		t.Error("the host has no name")
	}
}

// TestLoad_values reads one option in all the ways in which it may be written.
func TestLoad_values(t *testing.T) {
	t.Parallel()
	user := func(c *Config) any { return c.Keystone.Username }
	password := func(c *Config) any { return c.Keystone.Password }
	interfaces := func(c *Config) any { return c.Glance.ValidInterfaces }
	limit := func(c *Config) any { return c.API.MaxLimit }
	for _, tt := range []struct {
		name string
		file string
		get  func(*Config) any
		want any
	}{
		{"plain", "[api]\nmax_limit = 5", limit, 5},
		{"no spaces", "[api]\nmax_limit=5", limit, 5},
		{"colon", "[api]\nmax_limit: 5", limit, 5},
		{"carriage return", "[api]\r\nmax_limit = 5\r\n", limit, 5},
		{"byte order mark", "\xef\xbb\xbf[api]\nmax_limit = 5", limit, 5},
		{"section in capitals", "[API]\nmax_limit = 5", limit, 5},
		{"section twice", "[api]\nmax_limit = 5\n[quota]\n[api]\nmax_limit = 6", limit, 6},
		{"last wins", "[api]\nmax_limit = 5\nmax_limit = 6\nmax_limit = 5", limit, 5},
		{"before any section", "debug = on", func(c *Config) any { return c.Debug }, true},
		{"empty", "[keystone_authtoken]\nusername =", user, ""},
		{"quoted", "[keystone_authtoken]\nusername = \"nova\"", user, "nova"},
		{"comment signs", "[keystone_authtoken]\npassword = a#b ; c", password, "a#b ; c"},
		{"python's percent", "[keystone_authtoken]\npassword = 100%(x)s", password, "100%(x)s"},
		{"backslash at the end", "[keystone_authtoken]\npassword = a\\\nusername = u", password, `a\`},
		{"dollar sign", "[keystone_authtoken]\npassword = a$$b\\$c$5", password, "a$b$c$5"},
		{"list", "[glance]\nvalid_interfaces = public , internal", interfaces, []string{"public", "internal"}},
		{"list over lines", "[glance]\nvalid_interfaces = public,\n    internal\n[api]", interfaces, []string{"public", "internal"}},
		{"list below", "[glance]\nvalid_interfaces =\n  public,\n\tinternal,\n", interfaces, []string{"public", "internal"}},
		{"seconds", "[keystone_authtoken]\ntoken_cache_time = 10", func(c *Config) any { return c.Keystone.TokenCacheTime }, 10 * time.Second},
		{"unlimited", "[quota]\ncores = -1", func(c *Config) any { return c.Quota.Cores }, Unlimited},
		{"number", "[DEFAULT]\nram_allocation_ratio = 2.5", func(c *Config) any { return c.Hosts.RAMRatio }, 2.5},
		{"negative weight", "[filter_scheduler]\nram_weight_multiplier = -1", func(c *Config) any { return c.FilterScheduler.Weights.RAM }, -1.0},
		{"refers", "[DEFAULT]\nstate_path = /srv\n[keystone_authtoken]\nusername = $state_path/${state_path}", user, "/srv//srv"},
		{"refers to a section", "[glance]\nregion_name = North\n[keystone_authtoken]\nusername = x$glance.region_name", user, "xNorth"},
		{"refers to what comes later", "[api]\nmax_limit = $password_length\n[DEFAULT]\npassword_length = 7", limit, 7},
		{"refers in a row", "[keystone_authtoken]\nusername = $keystone_authtoken.project_name\nproject_name = $host\n[DEFAULT]\nhost = h", user, "h"},
		{"older name", "[glance]\napi_servers = http://g:9292", func(c *Config) any { return c.Glance.Override }, "http://g:9292"},
		{"not the older name", "[glance]\napi_servers = http://g:9292\nendpoint_override = http://e", func(c *Config) any { return c.Glance.Override }, "http://e"},
		{"region of the others", "[keystone_authtoken]\nregion_name = North\n[neutron]\nregion_name = South", func(c *Config) any { return c.Glance.RegionName + c.Neutron.RegionName }, "NorthSouth"},
		{"every address", "[DEFAULT]\nosapi_compute_listen = ::\nosapi_compute_listen_port = 80", func(c *Config) any { return c.Listen() + " " + c.NovaAPI.PublicURL }, "[::]:80 "},
		{"TLS", "[ssl]\ncert_file = load_test.go\nkey_file = load.go", func(c *Config) any { return c.Scheme() }, "https"},
		{"parts", "[nova_api]\nroles = scheduler, compute\n[database]\nconnection = postgresql://db/nova", func(c *Config) any { return []bool{c.Plays(RoleAPI), c.Plays(RoleScheduler), c.Plays(RoleCompute)} }, []bool{false, true, true}},
		{"several brokers", "[DEFAULT]\ntransport_url = rabbit://u:p@a:5673,b,v:q@c/nova?x=1", func(c *Config) any { return c.Notifications.Brokers() }, []string{"amqp://u:p@a:5673/nova", "amqp://u:p@b/nova", "amqp://v:q@c/nova"}},
		{"a bus of its own, with TLS", "[DEFAULT]\ntransport_url = kafka://a\n[oslo_messaging_notifications]\ntransport_url = rabbit://u:p@b//\n[oslo_messaging_rabbit]\nssl = true", func(c *Config) any { return c.Notifications.Brokers() }, []string{"amqps://u:p@b//"}},
		{"notifications are off", "[oslo_messaging_notifications]\ndriver = messagingv2", func(c *Config) any { return c.Notifications.Enabled() }, false},
		{"headers of the collector", "[otel]\nheaders = Authorization=Bearer a=b, X-Key = k", func(c *Config) any { h, _ := c.OTel.HeaderMap(); return h }, map[string]string{"Authorization": "Bearer a=b", "X-Key": "k"}},
		{"public address", "[nova_api]\npublic_url = https://nova.example/", func(c *Config) any { return c.NovaAPI.PublicURL }, "https://nova.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, Inputs{Files: []string{write(t, "nova.conf", tt.file)}})
			if diff := cmp.Diff(tt.want, tt.get(c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoad_precedence(t *testing.T) {
	t.Parallel()
	first := write(t, "first.conf", "[quota]\ninstances = 1\ncores = 1\nram = 1\nkey_pairs = 1")
	second := write(t, "second.conf", "[quota]\ncores = 2\nram = 2\nkey_pairs = 2")
	c := load(t, Inputs{
		Files:   []string{first, second},
		Environ: []string{"NOVA_QUOTA_RAM=3", "NOVA_QUOTA_KEY_PAIRS=3", "NOVA_QUOTA_CORES=", "NOVA_VERSION=x", "NOVA_BOOTSTRAP_PASSWORD=p$w"},
		Flags:   []Setting{Flag("--set", "quota", "key_pairs", "4"), Flag("--state-dir", "DEFAULT", "state_path", "/a$b")},
	})
	got := []int{c.Quota.ServerGroups, c.Quota.Instances, c.Quota.Cores, c.Quota.RAM, c.Quota.KeyPairs}
	if diff := cmp.Diff([]int{10, 1, 2, 3, 4}, got); diff != "" {
		t.Error(diff)
	}
	if c.BootstrapPassword != "p$w" || c.StateDir != "/a$b" {
		t.Errorf("a dollar sign isn't itself outside of files: %q, %q", c.BootstrapPassword, c.StateDir)
	}
}

// TestLoad_pace: a time that is set is the one that counts, whatever the pace.
func TestLoad_pace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]time.Duration{
		"":                                       {"boot_time": 0, "pause_time": 0, "upload_time": 0},
		"[fake]\npace = instant\nboot_time = 5":  {"boot_time": 5 * time.Second, "pause_time": 0, "upload_time": 0},
		"[fake]\npace = lifelike":                {"boot_time": 2 * time.Second, "pause_time": time.Second, "upload_time": time.Second},
		"[fake]\npace = lifelike\nboot_time = 0": {"boot_time": 0, "pause_time": time.Second, "upload_time": time.Second},
		"[fake]\nboot_time = 3600\npace = lifelike\n\n": {"boot_time": time.Hour, "pause_time": time.Second, "upload_time": time.Second},
	} {
		got := load(t, Inputs{Files: []string{write(t, "nova.conf", text)}}).Fake.TimesByName()
		for name, time := range want {
			if got[name] != time {
				t.Errorf("%q: %s = %v, want %v", text, name, got[name], time)
			}
		}
		if len(got) != len(fakeTimes) {
			t.Errorf("%q: %d times", text, len(got))
		}
	}
}

func TestLoad_unknown(t *testing.T) {
	t.Parallel()
	path := write(t, "nova.conf", "[DEFAULT]\nmy_ip = 10.0.0.1\nmax_limit = 1\n[api]\nmax_limit = 7\n[vnc]\nenabled = $my_ip\nenabled = 2")
	c, warnings, err := Load(Inputs{
		Files:   []string{path, write(t, "good.conf", "[api]")},
		Environ: []string{"NOVA_API_MAX_LIMITS=3", "NOVA_URL=x", "NOVA_TEST_POSTGRES=y"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		path + ": not used: [DEFAULT] my_ip, [DEFAULT] max_limit, [vnc] enabled",
		"environment: not used: NOVA_API_MAX_LIMITS",
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Error(diff)
	}
	if c.API.MaxLimit != 7 {
		t.Errorf("max_limit = %d", c.API.MaxLimit)
	}
}

func TestLoad_faults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		file string
		want string // without the path, which begins each
	}{
		{"not an integer", "[api]\nmax_limit = many", `[api] max_limit = "many": not an integer`},
		{"integer too large", "[api]\nmax_limit = 99999999999999999999", `[api] max_limit = "99999999999999999999": out of range`},
		{"nothing for an integer", "[api]\nmax_limit =", `[api] max_limit = "": not an integer`},
		{"below bounds", "[api]\nmax_limit = 0", `[api] max_limit = "0": not within bounds: want 1 to 100000`},
		{"below the least", "[quota]\nram = -2", `[quota] ram = "-2": not within bounds: want at least -1`},
		{"not a boolean", "debug = maybe", `[DEFAULT] debug = "maybe": not a boolean: want true or false`},
		{"not a number", "cpu_allocation_ratio = a", `[DEFAULT] cpu_allocation_ratio = "a": not a number`},
		{"not even comparable", "cpu_allocation_ratio = NaN", `[DEFAULT] cpu_allocation_ratio = "NaN": not within bounds: want 0.0001 to 1000000`},
		{"infinite", "[filter_scheduler]\nram_weight_multiplier = inf", `[filter_scheduler] ram_weight_multiplier = "inf": not a finite number`},
		{"not seconds", "[nova_api]\nlease_time = 6s", `[nova_api] lease_time = "6s": not a whole number of seconds`},
		{"seconds below zero", "graceful_shutdown_timeout = -1", `[DEFAULT] graceful_shutdown_timeout = "-1": out of range`},
		{"not a choice", "[nova_api]\nlog_format = xml", `[nova_api] log_format = "xml": want one of auto, console, json`},
		{"not a choice in a list", "[glance]\nvalid_interfaces = public,inner", `[glance] valid_interfaces = "public,inner": "inner": want one of internal, public, admin`},
		{"empty list", "[nova_api]\nfake_hosts = ,", `[nova_api] fake_hosts = ",": must not be empty`},
		{"twice in a list", "[nova_api]\nfake_hosts = a,b,a", `[nova_api] fake_hosts = "a,b,a": "a" is there twice`},
		{"not a host name", "[nova_api]\nfake_hosts = a b", `[nova_api] fake_hosts = "a b": "a b": not a host name`},
		{"not a cycle", "instance_usage_audit_period = month@31", `[DEFAULT] instance_usage_audit_period = "month@31": a cycle of one month can't begin at 31`},
		{"not a URL", "[neutron]\nendpoint_override = neutron:9696", `[neutron] endpoint_override = "neutron:9696": not a URL: want http://… or https://…`},
		{"no directory", "state_path =", `[DEFAULT] state_path = "": must not be empty`},
		{"refers to nothing", "state_path = $pybasedir/x", `[DEFAULT] state_path = "$pybasedir/x": refers to an option that isn't known here, or has a dollar sign that should be $$`},
		{"refers to itself", "state_path = $host\nhost = ${state_path}", `[DEFAULT] state_path = "$host": refers to itself` + "\n" + `[DEFAULT] host = "${state_path}": refers to itself`},
		{"other database", "[database]\nconnection = mysql+pymysql://nova:secret@h/nova", `[database] connection: can't use a database of kind "mysql": want sqlite or postgresql`},
		{"no database", "[database]\nconnection = nova:secret@h/nova", `[database] connection: not a database URL: want sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME`},
		{"database in memory", "[database]\nconnection = sqlite://", `[database] connection: no file: want sqlite:///RELATIVE or sqlite:////ABSOLUTE; a database in memory isn't enough`},
		{"neither section nor option", "secret words", `there is a line that is neither a [section], nor option = value, nor a # comment`},
		{"half a section", "[api", `unclosed section`},
		{"open quote", "password = `secret\nx = 1", `missing closing key quote`},
		{"half a service user", "[keystone_authtoken]\nauth_url = http://k\nuser_domain_name =", `[keystone_authtoken] username: must be set: there is an auth_url
[keystone_authtoken] password: must be set: there is an auth_url
[keystone_authtoken] project_name: must be set: there is an auth_url
[keystone_authtoken] user_domain_name: must be set, or user_domain_id: there is an auth_url`},
		{"neutron's own service user", "[neutron]\nauth_url = http://k\nusername = u\npassword = secret\nproject_name = p\nuser_domain_id = d", `[neutron] project_domain_name: must be set, or project_domain_id: there is an auth_url`},
		{"external without address", "[nova_api]\nidentity = external", `[keystone_authtoken] auth_url: must be set: the identity service isn't the bundled one`},
		{"external with a bundled catalog", "[nova_api]\nimage = external\nnetwork = external", `[glance] endpoint_override: must be set: the service isn't the bundled one, but the identity service is
[neutron] endpoint_override: must be set: the service isn't the bundled one, but the identity service is`},
		{"several image services", "[glance]\napi_servers = http://a,http://b", `[glance] api_servers: want one address: of a load balancer, if there are several services`},
		{"down before the next word", "service_down_time = 10", `[DEFAULT] service_down_time: must be more than report_interval`},
		{"a header of no name", "[otel]\nheaders = secret", `[otel] headers: want NAME=VALUE`},
		{"a certificate without a key", "[ssl]\ncert_file = load.go", `[ssl] key_file: must be set: a certificate needs its key`},
		{"a key without a certificate", "[ssl]\nkey_file = load.go", `[ssl] cert_file: must be set: a certificate needs its key`},
		{"no certificate", "[ssl]\ncert_file = /nowhere/c\nkey_file = load.go", `[ssl] cert_file: can't read /nowhere/c`},
		{"notifications without a bus", "[oslo_messaging_notifications]\ndriver = messagingv2\n[notifications]\nnotification_format = versioned", `[oslo_messaging_notifications] transport_url: must be set, or [DEFAULT] transport_url: there are notifications`},
		{"notifications on another bus", "transport_url = kafka://u:secret@h\n[oslo_messaging_notifications]\ndriver = messagingv2\n[notifications]\nnotification_format = both", `[DEFAULT] transport_url: want rabbit://USER:PASSWORD@HOST:PORT/VHOST`},
		{"a broker without a host", "[oslo_messaging_notifications]\ndriver = messagingv2\ntransport_url = rabbit://u:secret@h,u:secret@\n[notifications]\nnotification_format = both", `[oslo_messaging_notifications] transport_url: a broker's address can't be read: want rabbit://USER:PASSWORD@HOST:PORT/VHOST`},
		{"not a topic", "[notifications]\nversioned_notifications_topics = a b", `[notifications] versioned_notifications_topics = "a b": "a b": not a topic: want letters, digits, dots, dashes and underscores`},
		{"no policy file", "[oslo_policy]\npolicy_file = /nowhere/p.yaml", `[oslo_policy] policy_file: can't read /nowhere/p.yaml`},
		{"all at once", "[api]\nmax_limit = x\n[quota]\nram = y\n[glance]\napi_servers = http://a,http://b", `[api] max_limit = "x": not an integer
[quota] ram = "y": not an integer
[glance] api_servers: want one address: of a load balancer, if there are several services`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "nova.conf", tt.file)
			c, _, err := Load(Inputs{Files: []string{path}})
			if c != nil || err == nil {
				t.Fatalf("got %v, %v", c, err)
			}
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(err.Error(), path+": ", "")); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("tells a secret: %v", err)
			}
		})
	}
}

// TestLoad_faultSources: whatever is wrong anywhere is reported with its
// source, but is no error where another source has won.
func TestLoad_faultSources(t *testing.T) {
	t.Parallel()
	path := write(t, "nova.conf", "[api]\nmax_limit = x\n[keystone_authtoken]\nauth_url = http://k")
	_, warnings, err := Load(Inputs{
		Files:   []string{path, "/nowhere/nova.conf"},
		Environ: []string{"NOVA_API_MAX_LIMIT=y", "NOVA_QUOTA_RAM=y"},
		Flags:   []Setting{Flag("--set", "api", "max_limit", "5"), Flag("--set", "api", "no_such", "5"), Flag("--listen", "DEFAULT", "osapi_compute_listen_port", "z")},
	})
	want := `/nowhere/nova.conf: no such file or directory
--set: [api] no_such: there is no such option
environment NOVA_QUOTA_RAM: [quota] ram = "y": not an integer
--listen: [DEFAULT] osapi_compute_listen_port = "z": not an integer`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	overridden := []string{
		"overridden: " + path + `: [api] max_limit = "x": not an integer`,
		`overridden: environment NOVA_API_MAX_LIMIT: [api] max_limit = "y": not an integer`,
	}
	if diff := cmp.Diff(overridden, warnings); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_connection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ connection, env, want string }{
		{"", "", "sqlite:///srv/nova/nova.sqlite"},
		{"sqlite:///nova.db", "", "sqlite:///nova.db"},
		{"sqlite:////srv/nova.db", "", "sqlite:////srv/nova.db"},
		{"postgresql://u:p@h/nova", "", "postgresql://u:p@h/nova?sslmode=prefer"},
		{"postgresql+psycopg2://u:p@h:5432/nova?", "", "postgresql+psycopg2://u:p@h:5432/nova?sslmode=prefer"},
		{"postgres://h1:1,h2:2/nova?target_session_attrs=read-write", "", "postgres://h1:1,h2:2/nova?target_session_attrs=read-write&sslmode=prefer"},
		{"postgres://h/nova?sslmode=verify-full", "", "postgres://h/nova?sslmode=verify-full"},
		{"postgres://h/nova?sslrootcert=system", "", "postgres://h/nova?sslrootcert=system"},
		{"postgres://h/nova", "verify-full", "postgres://h/nova"},
	} {
		t.Run(tt.connection+tt.env, func(t *testing.T) {
			t.Parallel()
			c := load(t, Inputs{
				Environ: []string{"PGSSLMODE=" + tt.env},
				Flags:   []Setting{Flag("", "database", "connection", tt.connection), Flag("", "DEFAULT", "state_path", "srv/nova")},
			})
			if c.Database.Connection != tt.want {
				t.Errorf("got %s, want %s", c.Database.Connection, tt.want)
			}
		})
	}
}

func TestLoad_policyFile(t *testing.T) {
	t.Parallel()
	conf := write(t, "nova.conf", "")
	beside := filepath.Join(filepath.Dir(conf), "policy.yaml")
	if c := load(t, Inputs{Files: []string{conf}}); c.Policy.File != "" {
		t.Errorf("a default file that isn't there: %q", c.Policy.File)
	}
	if err := os.WriteFile(beside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := load(t, Inputs{Files: []string{conf}}); c.Policy.File != beside {
		t.Errorf("beside the file: %q", c.Policy.File)
	}
	state := Flag("--state-dir", "DEFAULT", "state_path", filepath.Dir(conf))
	if c := load(t, Inputs{Flags: []Setting{state}}); c.Policy.File != beside {
		t.Errorf("in the state directory: %q", c.Policy.File)
	}
}

func TestLoad_external(t *testing.T) {
	t.Parallel()
	path := write(t, "nova.conf", `
[keystone_authtoken]
auth_url = http://k:5000
username = nova
password = secret
project_name = service
[nova_api]
network = bundled
`)
	c := load(t, Inputs{Files: []string{path}})
	got := []string{c.NovaAPI.Identity, c.NovaAPI.Image, c.NovaAPI.Network, c.Keystone.WWWAuthenticateURI}
	if diff := cmp.Diff([]string{External, External, Bundled, "http://k:5000"}, got); diff != "" {
		t.Error(diff)
	}
	want := Auth{URL: "http://k:5000", Username: "nova", Password: "secret", ProjectName: "service", UserDomainName: "Default", ProjectDomainName: "Default"}
	if diff := cmp.Diff(want, c.Neutron.Auth); diff != "" {
		t.Errorf("neutron's service user isn't that of keystone_authtoken: %s", diff)
	}
}
