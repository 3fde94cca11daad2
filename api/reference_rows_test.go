package api_test

// An example is a request that succeeds for a row of Nova's tables. Names in braces
// stand for what the site gives: see (*referenceSite).value.
type example struct {
	path   string // below /v2.1, or whole if it begins with http
	body   string
	until  int    // the last version that takes old as the body, or was as the path
	old    string // the body for versions up to until
	was    string // the path for versions up to until; empty if it is the same
	first  string // the action that brings the server into the state that the request needs
	waits  bool   // the answer comes when a worker has done what is asked for
	status int    // what we answer instead of the table's status
	why    string // the reason for status, or that the table has none

	oldStatus int    // status for versions up to until
	behind    bool   // another service refuses readers, whatever the table says
	rule      string // the default of another rule, which a request like this needs as well
}

// examples has a request for each row that is served. The key is the method and the
// path, and the key of the body for member actions.
var examples = map[string]example{
	"GET /  [server root]":      {path: "http://nova.example/"},
	"GET /v2  [server root]":    {path: "http://nova.example/v2"},
	"GET /v2/  [server root]":   {path: "http://nova.example/v2/"},
	"GET /v2.1  [server root]":  {path: "http://nova.example/v2.1"},
	"GET /v2.1/  [server root]": {path: "http://nova.example/v2.1/"},
	"GET /":                     {path: "http://nova.example/v2.1/{own project}/"},
	"GET /versions/{id}":        {path: "/versions/v2.1"},
	"GET /extensions":           {path: "/extensions"},
	"GET /extensions/{id}":      {path: "/extensions/os-agents"},

	"ANY /{anything not under /v2 or /v2.1}  [server root]": {path: "http://nova.example/v1.1/servers"},

	"GET /flavors":         {path: "/flavors"},
	"POST /flavors":        {path: "/flavors", body: `{"flavor": {"name": "{new}", "ram": 64, "vcpus": 1, "disk": 0}}`},
	"GET /flavors/detail":  {path: "/flavors/detail"},
	"GET /flavors/{id}":    {path: "/flavors/1"},
	"PUT /flavors/{id}":    {path: "/flavors/1", body: `{"flavor": {"description": "d"}}`},
	"DELETE /flavors/{id}": {path: "/flavors/{new flavor}"},

	"GET /flavors/{flavor_id}/os-extra_specs":         {path: "/flavors/2/os-extra_specs"},
	"POST /flavors/{flavor_id}/os-extra_specs":        {path: "/flavors/2/os-extra_specs", body: `{"extra_specs": {"hw:cpu_policy": "shared"}}`},
	"GET /flavors/{flavor_id}/os-extra_specs/{id}":    {path: "/flavors/{specified flavor}/os-extra_specs/hw:cpu_policy"},
	"PUT /flavors/{flavor_id}/os-extra_specs/{id}":    {path: "/flavors/2/os-extra_specs/hw:cpu_policy", body: `{"hw:cpu_policy": "shared"}`},
	"DELETE /flavors/{flavor_id}/os-extra_specs/{id}": {path: "/flavors/{specified flavor}/os-extra_specs/hw:cpu_policy"},
	"GET /flavors/{flavor_id}/os-flavor-access":       {path: "/flavors/private/os-flavor-access"},
	"POST /flavors/{id}/action addTenantAccess":       {path: "/flavors/{new private flavor}/action", body: `{"addTenantAccess": {"tenant": "{project}"}}`},
	"POST /flavors/{id}/action removeTenantAccess":    {path: "/flavors/{opened flavor}/action", body: `{"removeTenantAccess": {"tenant": "{project}"}}`},

	"GET /images":                             {path: "/images"},
	"GET /images/detail":                      {path: "/images/detail"},
	"GET /images/{id}":                        {path: "/images/" + cirros},
	"DELETE /images/{id}":                     {path: "/images/{own image}", behind: true},
	"GET /images/{image_id}/metadata":         {path: "/images/{own image}/metadata"},
	"POST /images/{image_id}/metadata":        {path: "/images/{own image}/metadata", body: `{"metadata": {"k": "v"}}`, behind: true},
	"PUT /images/{image_id}/metadata":         {path: "/images/{own image}/metadata", body: `{"metadata": {"k": "v"}}`, behind: true},
	"GET /images/{image_id}/metadata/{id}":    {path: "/images/{own image}/metadata/x"},
	"PUT /images/{image_id}/metadata/{id}":    {path: "/images/{own image}/metadata/k", body: `{"meta": {"k": "v"}}`, behind: true},
	"DELETE /images/{image_id}/metadata/{id}": {path: "/images/{own image}/metadata/x", behind: true},

	"GET /limits":                      {path: "/limits"},
	"GET /os-availability-zone":        {path: "/os-availability-zone"},
	"GET /os-availability-zone/detail": {path: "/os-availability-zone/detail"},
	"GET /os-console-auth-tokens/{id}": {path: "/os-console-auth-tokens/{token}"},
	"GET /os-keypairs":                 {path: "/os-keypairs"},
	"POST /os-keypairs":                {path: "/os-keypairs", body: `{"keypair": {"name": "{new}", "public_key": "` + edKey + `"}}`},
	"GET /os-keypairs/{id}":            {path: "/os-keypairs/{own key pair}"},
	"DELETE /os-keypairs/{id}":         {path: "/os-keypairs/{own key pair}"},
	"GET /os-migrations":               {path: "/os-migrations", rule: "admin"},
	"GET /os-quota-class-sets/{id}":    {path: "/os-quota-class-sets/default"},
	"PUT /os-quota-class-sets/{id}":    {path: "/os-quota-class-sets/other", body: `{"quota_class_set": {"cores": 1}}`},
	"GET /os-quota-sets/{id}":          {path: "/os-quota-sets/{project}"},
	"PUT /os-quota-sets/{id}":          {path: "/os-quota-sets/{project}", body: `{"quota_set": {"key_pairs": 99}}`},
	"DELETE /os-quota-sets/{id}":       {path: "/os-quota-sets/{project}"},
	"GET /os-quota-sets/{id}/detail":   {path: "/os-quota-sets/{project}/detail"},
	"GET /os-quota-sets/{id}/defaults": {path: "/os-quota-sets/{project}/defaults"},
	"GET /os-networks":                 {path: "/os-networks"},
	"GET /os-networks/{id}":            {path: "/os-networks/" + private},
	"GET /os-tenant-networks":          {path: "/os-tenant-networks"},
	"GET /os-tenant-networks/{id}":     {path: "/os-tenant-networks/" + private},
	"GET /os-floating-ip-pools":        {path: "/os-floating-ip-pools"},
	"GET /os-floating-ips":             {path: "/os-floating-ips"},
	"POST /os-floating-ips":            {path: "/os-floating-ips", body: `{"pool": "public"}`},
	"GET /os-floating-ips/{id}":        {path: "/os-floating-ips/{own floating address}"},
	"DELETE /os-floating-ips/{id}":     {path: "/os-floating-ips/{own floating address}"},
	"GET /os-security-groups":          {path: "/os-security-groups"},
	"POST /os-security-groups":         {path: "/os-security-groups", body: `{"security_group": {"name": "g", "description": "d"}}`},
	"GET /os-security-groups/{id}":     {path: "/os-security-groups/{own security group}"},
	"PUT /os-security-groups/{id}":     {path: "/os-security-groups/{own security group}", body: `{"security_group": {"name": "g", "description": "d"}}`},
	"DELETE /os-security-groups/{id}":  {path: "/os-security-groups/{own security group}"},
	"POST /os-security-group-rules": {
		path: "/os-security-group-rules", body: `{"security_group_rule": {"parent_group_id": "{own security group}", "ip_protocol": "tcp", "from_port": 22, "to_port": 22}}`,
	},
	"DELETE /os-security-group-rules/{id}": {path: "/os-security-group-rules/{own security rule}"},
	"POST /os-server-external-events": {
		path: "/os-server-external-events", body: `{"events": [{"name": "network-changed", "server_uuid": "{server}"}]}`,
	},
	"GET /os-volumes":           {path: "/os-volumes"},
	"GET /os-volumes/detail":    {path: "/os-volumes/detail"},
	"POST /os-volumes":          {path: "/os-volumes", body: `{"volume": {"size": 1}}`},
	"GET /os-volumes/{id}":      {path: "/os-volumes/{own volume}"},
	"DELETE /os-volumes/{id}":   {path: "/os-volumes/{own volume}"},
	"GET /os-snapshots":         {path: "/os-snapshots"},
	"GET /os-snapshots/detail":  {path: "/os-snapshots/detail"},
	"POST /os-snapshots":        {path: "/os-snapshots", body: `{"snapshot": {"volume_id": "{own volume}"}}`},
	"GET /os-snapshots/{id}":    {path: "/os-snapshots/{own snapshot}"},
	"DELETE /os-snapshots/{id}": {path: "/os-snapshots/{own snapshot}"},
	"POST /os-assisted-volume-snapshots": {
		path: "/os-assisted-volume-snapshots", body: `{"snapshot": {"volume_id": "v", "create_info": {"snapshot_id": "s", "type": "qcow2", "new_file": "f"}}}`,
		status: 400, why: "no server has a volume that is a file on a share",
	},
	"DELETE /os-assisted-volume-snapshots/{id}": {
		path: `/os-assisted-volume-snapshots/s?delete_info=%7B"volume_id":"v"%7D`, status: 400, why: "no server has a volume that is a file on a share",
	},
	"GET /os-server-groups": {path: "/os-server-groups"},
	"POST /os-server-groups": {
		path: "/os-server-groups", body: `{"server_group": {"name": "g", "policy": "affinity"}}`,
		until: 63, old: `{"server_group": {"name": "g", "policies": ["affinity"]}}`,
	},
	"GET /os-server-groups/{id}":                   {path: "/os-server-groups/{new group}"},
	"DELETE /os-server-groups/{id}":                {path: "/os-server-groups/{new group}"},
	"GET /os-aggregates":                           {path: "/os-aggregates"},
	"POST /os-aggregates":                          {path: "/os-aggregates", body: `{"aggregate": {"name": "{new}"}}`},
	"GET /os-aggregates/{id}":                      {path: "/os-aggregates/{new aggregate}"},
	"PUT /os-aggregates/{id}":                      {path: "/os-aggregates/{new aggregate}", body: `{"aggregate": {"name": "{new}"}}`},
	"DELETE /os-aggregates/{id}":                   {path: "/os-aggregates/{new aggregate}"},
	"POST /os-aggregates/{id}/images":              {path: "/os-aggregates/{new aggregate}/images", body: `{"cache": [{"id": "` + cirros + `"}]}`},
	"POST /os-aggregates/{id}/action add_host":     {path: "/os-aggregates/{new aggregate}/action", body: `{"add_host": {"host": "fake-1"}}`},
	"POST /os-aggregates/{id}/action remove_host":  {path: "/os-aggregates/{aggregate of fake-1}/action", body: `{"remove_host": {"host": "fake-1"}}`},
	"POST /os-aggregates/{id}/action set_metadata": {path: "/os-aggregates/{new aggregate}/action", body: `{"set_metadata": {"metadata": {"k": "v"}}}`},
	"GET /os-hosts":                                {path: "/os-hosts"},
	"GET /os-hosts/{id}":                           {path: "/os-hosts/fake-1"},
	"PUT /os-hosts/{id}":                           {path: "/os-hosts/fake-1", body: `{"status": "enable"}`},
	"GET /os-hosts/{id}/reboot":                    {path: "/os-hosts/fake-1/reboot", status: 501, why: "no hypervisor here turns its machine off"},
	"GET /os-hosts/{id}/shutdown":                  {path: "/os-hosts/fake-1/shutdown", status: 501, why: "no hypervisor here turns its machine off"},
	"GET /os-hosts/{id}/startup":                   {path: "/os-hosts/fake-1/startup", status: 501, why: "no hypervisor here turns its machine on"},
	"GET /os-hypervisors":                          {path: "/os-hypervisors"},
	"GET /os-hypervisors/detail":                   {path: "/os-hypervisors/detail"},
	"GET /os-hypervisors/statistics":               {path: "/os-hypervisors/statistics"},
	"GET /os-hypervisors/{id}":                     {path: "/os-hypervisors/{hypervisor}", until: 52, was: "/os-hypervisors/1"},
	"GET /os-hypervisors/{id}/search":              {path: "/os-hypervisors/fake/search"},
	"GET /os-hypervisors/{id}/servers":             {path: "/os-hypervisors/fake/servers"},
	"GET /os-hypervisors/{id}/uptime": {
		path: "/os-hypervisors/{hypervisor}/uptime", until: 52, was: "/os-hypervisors/1/uptime", status: 501, why: "no hypervisor here tells",
	},
	"GET /os-services": {path: "/os-services"},
	"PUT /os-services/{id}": {
		path: "/os-services/{service}", body: `{"status": "enabled"}`,
		until: 52, was: "/os-services/enable", old: `{"host": "fake-2", "binary": "nova-compute"}`,
	},
	"DELETE /os-services/{id}":        {path: "/os-services/{new service}", until: 52, was: "/os-services/{new service number}"},
	"GET /os-baremetal-nodes":         {path: "/os-baremetal-nodes", status: 501, why: "there is no bare metal service"},
	"GET /os-baremetal-nodes/{id}":    {path: "/os-baremetal-nodes/n", status: 501, why: "there is no bare metal service"},
	"POST /os-baremetal-nodes":        {path: "/os-baremetal-nodes", body: "{}", status: 400, why: "it is refused for everybody, and the table has no status"},
	"DELETE /os-baremetal-nodes/{id}": {path: "/os-baremetal-nodes/n", status: 400, why: "it is refused for everybody, and the table has no status"},
	"POST /os-baremetal-nodes/{id}/action add_interface": {
		path: "/os-baremetal-nodes/n/action", body: `{"add_interface": {}}`, status: 400, why: "it is refused for everybody, and the table has no status",
	},
	"POST /os-baremetal-nodes/{id}/action remove_interface": {
		path: "/os-baremetal-nodes/n/action", body: `{"remove_interface": {}}`, status: 400, why: "it is refused for everybody, and the table has no status",
	},
	"GET /os-instance_usage_audit_log":      {path: "/os-instance_usage_audit_log"},
	"GET /os-instance_usage_audit_log/{id}": {path: "/os-instance_usage_audit_log/2026-11-27%2010:00:00"},
	"GET /os-simple-tenant-usage":           {path: "/os-simple-tenant-usage"},
	"GET /os-simple-tenant-usage/{id}":      {path: "/os-simple-tenant-usage/{project}"},

	"GET /servers":         {path: "/servers"},
	"GET /servers/detail":  {path: "/servers/detail"},
	"GET /servers/{id}":    {path: "/servers/{server}"},
	"PUT /servers/{id}":    {path: "/servers/{server}", body: `{"server": {"name": "renamed"}}`},
	"DELETE /servers/{id}": {path: "/servers/{new server}"},
	"POST /servers": {
		path: "/servers", body: `{"server": {"name": "n", "imageRef": "` + cirros + `", "flavorRef": "1", "networks": "none"}}`,
		until: 36, old: `{"server": {"name": "n", "imageRef": "` + cirros + `", "flavorRef": "1", "networks": [{"uuid": "` + private + `"}]}}`,
	},

	"GET /servers/{server_id}/ips":                   {path: "/servers/{server}/ips"},
	"GET /servers/{server_id}/ips/{id}":              {path: "/servers/{server}/ips/private"},
	"GET /servers/{server_id}/metadata":              {path: "/servers/{server}/metadata"},
	"POST /servers/{server_id}/metadata":             {path: "/servers/{server}/metadata", body: `{"metadata": {"k": "v"}}`},
	"PUT /servers/{server_id}/metadata":              {path: "/servers/{server}/metadata", body: `{"metadata": {"k": "v"}}`},
	"GET /servers/{server_id}/metadata/{id}":         {path: "/servers/{server}/metadata/{key}"},
	"PUT /servers/{server_id}/metadata/{id}":         {path: "/servers/{server}/metadata/k", body: `{"meta": {"k": "v"}}`},
	"DELETE /servers/{server_id}/metadata/{id}":      {path: "/servers/{server}/metadata/{key}"},
	"GET /servers/{server_id}/os-instance-actions":   {path: "/servers/{server}/os-instance-actions"},
	"GET /servers/{server_id}/os-volume_attachments": {path: "/servers/{server}/os-volume_attachments"},
	"POST /servers/{server_id}/os-volume_attachments": {
		path: "/servers/{server}/os-volume_attachments", body: `{"volumeAttachment": {"volumeId": "{demo volume}"}}`, waits: true,
	},
	"GET /servers/{server_id}/os-volume_attachments/{id}": {path: "/servers/{server}/os-volume_attachments/{attached volume}"},
	"PUT /servers/{server_id}/os-volume_attachments/{id}": {
		path: "/servers/{server}/os-volume_attachments/{attached volume}", body: `{"volumeAttachment": {"volumeId": "{attached volume}"}}`,
		until: 84, old: `{"volumeAttachment": {"volumeId": "{attached volume}"}}`, oldStatus: 409, why: "until 2.84 only a volume that is being migrated can be swapped",
	},
	"DELETE /servers/{server_id}/os-volume_attachments/{id}": {path: "/servers/{server}/os-volume_attachments/{volume to detach}", waits: true},
	"GET /servers/{server_id}/os-instance-actions/{id}":      {path: "/servers/{server}/os-instance-actions/{create action}"},
	"GET /servers/{server_id}/diagnostics":                   {path: "/servers/{server}/diagnostics"},
	"GET /servers/{server_id}/topology":                      {path: "/servers/{server}/topology"},
	"GET /servers/{server_id}/os-server-password":            {path: "/servers/{server}/os-server-password"},
	"DELETE /servers/{server_id}/os-server-password":         {path: "/servers/{server}/os-server-password"},
	"GET /servers/{server_id}/os-interface":                  {path: "/servers/{server}/os-interface"},
	"POST /servers/{server_id}/os-interface":                 {path: "/servers/{server}/os-interface", body: `{"interfaceAttachment": {"net_id": "` + private + `"}}`, waits: true},
	"GET /servers/{server_id}/os-interface/{id}":             {path: "/servers/{server}/os-interface/{port}"},
	"DELETE /servers/{server_id}/os-interface/{id}":          {path: "/servers/{server}/os-interface/{attached port}"},
	"POST /servers/{server_id}/remote-consoles":              {path: "/servers/{server}/remote-consoles", body: `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`},
	"GET /servers/{server_id}/migrations":                    {path: "/servers/{server}/migrations"},
	"GET /servers/{server_id}/migrations/{id}":               {path: "/servers/{server}/migrations/{migration}"},
	"GET /servers/{server_id}/shares":                        {path: "/servers/{server}/shares"},
	"POST /servers/{server_id}/shares":                       {path: "/servers/{server}/shares", body: `{"share": {"share_id": "` + nobodyID + `"}}`, status: 409, why: "no hypervisor here mounts shares"},
	"GET /servers/{server_id}/shares/{id}":                   {path: "/servers/{server}/shares/" + nobodyID, status: 404, why: "no server has a share"},
	"DELETE /servers/{server_id}/shares/{id}":                {path: "/servers/{server}/shares/" + nobodyID, status: 409, why: "the server runs, and no stopped one has a share"},
	"GET /servers/{server_id}/tags":                          {path: "/servers/{server}/tags"},
	"PUT /servers/{server_id}/tags":                          {path: "/servers/{server}/tags", body: `{"tags": ["t"]}`},
	"DELETE /servers/{server_id}/tags":                       {path: "/servers/{server}/tags"},
	"GET /servers/{server_id}/tags/{id}":                     {path: "/servers/{server}/tags/{tag}"},
	"PUT /servers/{server_id}/tags/{id}":                     {path: "/servers/{server}/tags/t"},
	"DELETE /servers/{server_id}/tags/{id}":                  {path: "/servers/{server}/tags/{tag}"},

	"GET /os-volumes_boot":         {path: "/os-volumes_boot"},
	"GET /os-volumes_boot/detail":  {path: "/os-volumes_boot/detail"},
	"GET /os-volumes_boot/{id}":    {path: "/os-volumes_boot/{server}"},
	"PUT /os-volumes_boot/{id}":    {path: "/os-volumes_boot/{server}", body: `{"server": {"name": "renamed"}}`},
	"DELETE /os-volumes_boot/{id}": {path: "/os-volumes_boot/{new server}"},
	"POST /os-volumes_boot": {
		path: "/os-volumes_boot", body: `{"server": {"name": "n", "imageRef": "` + cirros + `", "flavorRef": "1", "networks": "none"}}`,
		until: 36, old: `{"server": {"name": "n", "imageRef": "` + cirros + `", "flavorRef": "1", "networks": [{"uuid": "` + private + `"}]}}`,
	},
	"POST /os-volumes_boot/{id}/action confirmResize":      {path: "/os-volumes_boot/{resized server}/action", body: `{"confirmResize": null}`},
	"POST /os-volumes_boot/{id}/action revertResize":       {path: "/os-volumes_boot/{resized server}/action", body: `{"revertResize": null}`},
	"POST /os-volumes_boot/{id}/action resize":             {path: "/os-volumes_boot/{new server}/action", body: `{"resize": {"flavorRef": "2"}}`},
	"POST /os-volumes_boot/{id}/action createImage":        onVolumesBoot(`{"createImage": {"name": "i"}}`, ""),
	"POST /os-volumes_boot/{id}/action os-start":           onVolumesBoot(`{"os-start": null}`, `{"os-stop": null}`),
	"POST /os-volumes_boot/{id}/action os-stop":            onVolumesBoot(`{"os-stop": null}`, ""),
	"POST /os-volumes_boot/{id}/action reboot":             onVolumesBoot(`{"reboot": {"type": "SOFT"}}`, ""),
	"POST /os-volumes_boot/{id}/action rebuild":            onVolumesBoot(`{"rebuild": {"imageRef": "`+cirros+`"}}`, ""),
	"POST /os-volumes_boot/{id}/action trigger_crash_dump": onVolumesBoot(`{"trigger_crash_dump": null}`, ""),

	"GET /servers/{server_id}/os-security-groups":   {path: "/servers/{server}/os-security-groups"},
	"POST /servers/{id}/action addSecurityGroup":    {path: serverAction, body: `{"addSecurityGroup": {"name": "{group to add}"}}`},
	"POST /servers/{id}/action removeSecurityGroup": {path: serverAction, body: `{"removeSecurityGroup": {"name": "{added group}"}}`},
	"POST /servers/{id}/action addFixedIp":          onServer(`{"addFixedIp": {"networkId": "`+private+`"}}`, ""),
	"POST /servers/{id}/action removeFixedIp":       {path: serverAction, body: `{"removeFixedIp": {"address": "{added address}"}}`},
	"POST /servers/{id}/action addFloatingIp":       {path: serverAction, body: `{"addFloatingIp": {"address": "{floating address}"}}`},
	"POST /servers/{id}/action removeFloatingIp":    {path: serverAction, body: `{"removeFloatingIp": {"address": "{added floating address}"}}`},
	"POST /servers/{id}/action changePassword":      {path: serverAction, body: `{"changePassword": {"adminPass": "s3cret"}}`, waits: true},
	"POST /servers/{id}/action trigger_crash_dump":  onServer(`{"trigger_crash_dump": null}`, ""),
	"POST /servers/{id}/action injectNetworkInfo":   onServer(`{"injectNetworkInfo": null}`, ""),
	"POST /servers/{id}/action createBackup":        onServer(`{"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}}`, ""),
	"POST /servers/{id}/action createImage":         onServer(`{"createImage": {"name": "i"}}`, ""),
	"POST /servers/{id}/action forceDelete":         {path: "/servers/{deleted server}/action", body: `{"forceDelete": null}`},
	"POST /servers/{id}/action restore":             {path: "/servers/{deleted server}/action", body: `{"restore": null}`},
	"POST /servers/{id}/action resize":              {path: "/servers/{new server}/action", body: `{"resize": {"flavorRef": "2"}}`},
	"POST /servers/{id}/action confirmResize":       {path: "/servers/{resized server}/action", body: `{"confirmResize": null}`},
	"POST /servers/{id}/action revertResize":        {path: "/servers/{resized server}/action", body: `{"revertResize": null}`},
	"POST /servers/{id}/action evacuate":            {path: "/servers/{stranded server}/action", body: `{"evacuate": {}}`, until: 13, old: `{"evacuate": {"onSharedStorage": false}}`},
	"POST /servers/{id}/action migrate":             {path: "/servers/{new server}/action", body: `{"migrate": null}`, rule: "project_manager_or_admin"},
	"POST /servers/{id}/action os-migrateLive": {
		path: "/servers/{new server}/action", body: `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, waits: true, rule: "project_manager_or_admin",
		until: 24, old: `{"os-migrateLive": {"host": null, "block_migration": false, "disk_over_commit": false}}`,
	},
	"DELETE /servers/{server_id}/migrations/{id}":                     {path: "/servers/{live migration}"},
	"POST /servers/{server_id}/migrations/{id}/action force_complete": {path: "/servers/{live migration}/action", body: `{"force_complete": null}`},

	"POST /servers/{id}/action shelve":              {path: "/servers/{new server}/action", body: `{"shelve": null}`},
	"POST /servers/{id}/action shelveOffload":       {path: "/servers/{shelved server}/action", body: `{"shelveOffload": null}`},
	"POST /servers/{id}/action unshelve":            {path: "/servers/{shelved server}/action", body: `{"unshelve": null}`},
	"POST /servers/{id}/action lock":                onServer(`{"lock": null}`, ""),
	"POST /servers/{id}/action os-getConsoleOutput": onServer(`{"os-getConsoleOutput": {}}`, ""),
	"POST /servers/{id}/action os-getRDPConsole": {
		path: serverAction, body: `{"os-getRDPConsole": {"type": "rdp-html5"}}`, status: 400, why: "it is refused for everybody, and the table has no status",
	},
	"POST /servers/{id}/action os-getSerialConsole": onServer(`{"os-getSerialConsole": {"type": "serial"}}`, ""),
	"POST /servers/{id}/action os-getSPICEConsole": {
		path: serverAction, body: `{"os-getSPICEConsole": {"type": "spice-html5"}}`, status: 400, why: "there are no SPICE consoles",
	},
	"POST /servers/{id}/action os-getVNCConsole": onServer(`{"os-getVNCConsole": {"type": "novnc"}}`, ""),
	"POST /servers/{id}/action os-resetState":    onServer(`{"os-resetState": {"state": "active"}}`, ""),
	"POST /servers/{id}/action os-start":         onServer(`{"os-start": null}`, `{"os-stop": null}`),
	"POST /servers/{id}/action os-stop":          onServer(`{"os-stop": null}`, ""),
	"POST /servers/{id}/action pause":            onServer(`{"pause": null}`, ""),
	"POST /servers/{id}/action reboot":           onServer(`{"reboot": {"type": "SOFT"}}`, ""),
	"POST /servers/{id}/action rebuild":          onServer(`{"rebuild": {"imageRef": "`+cirros+`"}}`, ""),
	"POST /servers/{id}/action rescue":           onServer(`{"rescue": null}`, ""),
	"POST /servers/{id}/action resume":           onServer(`{"resume": null}`, `{"suspend": null}`),
	"POST /servers/{id}/action suspend":          onServer(`{"suspend": null}`, ""),
	"POST /servers/{id}/action unrescue":         onServer(`{"unrescue": null}`, `{"rescue": null}`),
	"POST /servers/{id}/action unlock":           onServer(`{"unlock": null}`, ""),
	"POST /servers/{id}/action unpause":          onServer(`{"unpause": null}`, `{"pause": null}`),
}

const serverAction = "/servers/{server}/action"

// onServer is the example of an action on a server that runs, after another
// action if it needs one.
func onServer(body, first string) example {
	return example{path: serverAction, body: body, first: first}
}

// onVolumesBoot is onServer under the servers' other name.
func onVolumesBoot(body, first string) example {
	return example{path: "/os-volumes_boot/{server}/action", body: body, first: first}
}

// notServed are the rows of Nova's tables that are not served yet, by what they
// are about.
var notServed = map[string][]string{}
