package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A fuzzed is a request that nobody in his right mind would send.
type fuzzed struct {
	Method string            `json:"method"`
	Target string            `json:"target"` // path and query, as they stand in the first line of a request
	Header map[string]string `json:"header,omitempty"`
	Body   []byte            `json:"body,omitempty"` // base64 in the corpus, since it may be anything
}

// fuzzCorpus holds requests that are always sent: such as once did harm, or might
// have. {server} stands for a server that there is.
var fuzzCorpus = filepath.Join("testdata", "fuzz_requests.jsonl")

// TestFuzz sends broken variants of a request for each row that is served, made
// from a seed, and those of the corpus: none may be answered with a 500, or with
// JSON that is none, and in the end nothing is stuck. NOVA_FUZZ_TIME makes it go
// on with other seeds for so long, beginning with NOVA_FUZZ_SEED; what it finds is
// added to the corpus then.
func TestFuzz(t *testing.T) {
	t.Parallel()
	seed, _ := strconv.ParseUint(os.Getenv("NOVA_FUZZ_SEED"), 10, 64)
	long, _ := time.ParseDuration(os.Getenv("NOVA_FUZZ_TIME"))
	eachReference(t, func(t *testing.T, s *referenceSite) {
		f := &fuzzer{referenceSite: s, values: map[string]string{}, answered: map[int]int{}, keep: long > 0}
		for _, project := range []string{adminProject, demoProject, altProject} {
			s.Network("PUT /quotas/"+project+` {"quota": {"network": -1, "subnet": -1, "port": -1, "security_group": -1, "floatingip": -1}}`).Want(t, 200)
		}
		for _, request := range readCorpus(t) {
			f.send(request)
		}
		until := time.Now().Add(long)
		for round := seed; round == seed || time.Now().Before(until) && !t.Failed(); round++ {
			f.random = rand.New(rand.NewPCG(round, 1)) // so a run can be repeated
			f.round()
			if t.Failed() {
				t.Logf("NOVA_FUZZ_SEED=%d", round)
			}
		}
		f.settled()
		t.Logf("answers by status: %v", f.answered)
		for _, status := range []int{200, 202, 204, 400, 404} {
			if f.answered[status] == 0 {
				t.Errorf("nothing was answered with %d: the requests are broken too much, or too little", status)
			}
		}
	})
}

func readCorpus(t *testing.T) (requests []fuzzed) {
	t.Helper()
	file, err := os.Open(fuzzCorpus)
	must(t, err)
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var request fuzzed
		must(t, json.Unmarshal(lines.Bytes(), &request))
		requests = append(requests, request)
	}
	must(t, lines.Err())
	return requests
}

// A fuzzer makes requests of the examples for the rows that are served.
type fuzzer struct {
	*referenceSite

	random *rand.Rand
	values map[string]string // what names in braces stand for; made anew from time to time
	keep   bool              // whether what is found is added to the corpus

	answered map[int]int // by status
}

const variants = 6 // of each row, in a round

// round sends some variants of each row, and does the work that comes of them.
func (f *fuzzer) round() {
	f.t.Helper()
	clear(f.values)
	keys := slices.Sorted(maps.Keys(examples))
	for _, key := range keys { // what they name is made before anything is broken
		f.filled(examples[key].path + examples[key].body + examples[key].old)
		f.work()
	}
	for _, key := range keys {
		f.variantsOf(key)
		f.work()
	}
	f.restore("")
	f.Do("DELETE /v2.1/os-quota-sets/"+demoProject).Want(f.t, 202)
	f.deleteOthers()
}

// variantsOf sends some variants of a row's example. Where the answer comes when
// the work is done, somebody does it meanwhile.
func (f *fuzzer) variantsOf(key string) {
	f.t.Helper()
	requests := make([]fuzzed, variants)
	for i := range requests {
		requests[i] = f.variant(key)
	}
	if examples[key].waits {
		defer f.working()()
	}
	for _, request := range requests {
		f.send(request)
	}
}

// deleteOthers makes room on the hosts: of all servers, one stays.
func (f *fuzzer) deleteOthers() {
	f.t.Helper()
	servers := f.Do("GET /v2.1/servers?all_tenants=1&soft_deleted=1").Want(f.t, 200)
	for i := range servers.Len("servers") {
		if id := servers.String(fmt.Sprintf("servers/%d/id", i)); id != f.server {
			f.act(id, `{"forceDelete": null}`) // or the work has removed it meanwhile
		}
	}
	f.work()
}

// send sends a request, and looks at the answer.
func (f *fuzzer) send(request fuzzed) {
	f.t.Helper()
	target := strings.ReplaceAll(request.Target, "{server}", f.server)
	address, err := url.ParseRequestURI(target)
	if err != nil || !strings.HasPrefix(target, "/") {
		return // the server refuses it before we see it
	}
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, "http://nova.example/", strings.NewReader(string(request.Body)))
	r.Method, r.URL, r.RequestURI = request.Method, address, target
	for name, value := range request.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	f.answered[w.Code]++
	text := w.Body.Bytes()
	claimsJSON := strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && len(text) > 0
	if w.Code != http.StatusInternalServerError && (!claimsJSON || json.Valid(text)) {
		return
	}
	line, err := json.Marshal(request)
	must(f.t, err)
	f.t.Errorf("%d %.300s\nto %s", w.Code, text, line)
	if f.keep {
		file, err := os.OpenFile(fuzzCorpus, os.O_APPEND|os.O_WRONLY, 0o600)
		must(f.t, err)
		_, err = fmt.Fprintf(file, "%s\n", strings.ReplaceAll(string(line), f.server, "{server}"))
		must(f.t, err)
		must(f.t, file.Close())
	}
}

// settled demands that what was accepted has come to an end.
func (f *fuzzer) settled() {
	f.t.Helper()
	f.work()
	servers := f.Do("GET /v2.1/servers/detail?all_tenants=1").Want(f.t, 200)
	for i := range servers.Len("servers") {
		at := fmt.Sprintf("servers/%d/", i)
		if task := servers.At(at + "OS-EXT-STS:task_state"); task != nil {
			f.t.Errorf("server %s is left %v", servers.String(at+"id"), task)
		}
	}
}

// variant makes a request of a row's example that is broken in one place or more.
func (f *fuzzer) variant(key string) fuzzed {
	e := examples[key]
	method, _, _ := strings.Cut(key, " ")
	if method == "ANY" {
		method = http.MethodGet
	}
	minor := f.random.IntN(int(microversion.Max) + 1)
	body := e.body
	if minor <= e.until {
		body = e.old
	}
	target, whole := strings.CutPrefix(e.path, "http://nova.example")
	if !whole {
		target = pick(f.random, "/v2.1", "/v2.1", "/v2.1/"+demoProject, "/v2") + target
	}
	request := fuzzed{Method: method, Target: f.filled(target), Body: []byte(f.filled(body)), Header: map[string]string{
		"X-Auth-Token": pick(f.random, "admin", "admin", "demo", "reader", "alt"),
	}}
	if body != "" {
		request.Header["Content-Type"] = "application/json"
	}
	if minor > 0 {
		request.Header["OpenStack-API-Version"] = "compute 2." + strconv.Itoa(minor)
	}
	breaks := []func(*fuzzed){f.breakQuery, f.breakPath, f.breakHeader}
	if body != "" {
		breaks = append(breaks, f.breakBytes)
	}
	for range 1 + f.random.IntN(2) {
		if body != "" && f.random.IntN(2) == 0 { // where most of the code is
			f.breakBody(&request)
			continue
		}
		pick(f.random, breaks...)(&request)
	}
	return request
}

// filled replaces names in braces. What these stand for is made once a round,
// since most requests never get as far as to it.
func (f *fuzzer) filled(text string) string {
	for name := range strings.SplitSeq(text, "{") {
		name, _, ok := strings.Cut(name, "}")
		if !ok || name == "" || name[0] < 'a' || name[0] > 'z' {
			continue
		}
		if _, made := f.values[name]; !made {
			f.values[name] = f.value(name, "admin")
		}
		text = strings.ReplaceAll(text, "{"+name+"}", f.values[name])
	}
	return text
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// texts are what programs that read texts stumble over.
var texts = []string{
	"", " ", "\x00", "a\x00b", "\xff\xfe", "\u00ad", "\ufeff", "😀", "ünï", "\u202e", "'", `"`, `\`, "%", "%s%n", "${jndi:x}", "../../etc/passwd", "<b>&amp;",
	"null", "None", "true", "0", "-1", "1e309", "NaN", "9223372036854775808", "99999999999999999999999", "٣", "0x10", "1_000",
	"2026-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999+99:99", "(", "[a-", `\1`, "(a*)*b", "a{1000}", "::1", "1.2.3.4/99", "nova:fake-1",
	nobodyID, strings.Repeat("a", 256), strings.Repeat("x", 70000), strings.Repeat("ä", 300), "a,b,,c", ",", "\n", "a\r\nb: c",
}

// values are JSON values of all kinds, as they are written.
var jsonValues = []string{
	"null", "true", "false", "0", "-1", "-0", "1.5", "1e3", "1E309", "-1e-400", "2147483648", "9223372036854775807", "9223372036854775808",
	"123456789012345678901234567890", "{}", "[]", "[null]", "[[]]", `{"": null}`, `{"a": 1, "a": 2}`, `"\ud800"`, `"\u0000"`,
	strings.Repeat("[", 2000) + strings.Repeat("]", 2000), `[` + strings.Repeat(`"a",`, 2000) + `"a"]`,
}

// anyValue is a JSON value, as it is written.
func (f *fuzzer) anyValue() string {
	if f.random.IntN(2) == 0 {
		return pick(f.random, jsonValues...)
	}
	encoded, err := json.Marshal(pick(f.random, texts...))
	must(f.t, err)
	return string(encoded)
}

// breakBody changes a value somewhere in the body, takes a key away, or adds one.
func (f *fuzzer) breakBody(request *fuzzed) {
	var body any
	if json.Unmarshal(request.Body, &body) != nil {
		return
	}
	encoded, err := json.Marshal(f.broken(body, 0))
	must(f.t, err)
	request.Body = encoded
}

// broken is a value with a change in it, somewhere below a depth.
func (f *fuzzer) broken(value any, depth int) any {
	here := depth > 0 && f.random.IntN(4) == 0
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		switch {
		case here || len(keys) == 0:
		case f.random.IntN(6) == 0:
			delete(v, pick(f.random, keys...))
			return v
		case f.random.IntN(5) == 0:
			v[pick(f.random, append(texts, "name", "metadata", "tags", "networks", "user_data", "personality", "min_count", "os:scheduler_hints",
				"block_device_mapping_v2", "description", "hostname", "availability_zone")...)] = json.RawMessage(f.anyValue())
			return v
		default:
			key := pick(f.random, keys...)
			v[key] = f.broken(v[key], depth+1)
			return v
		}
	case []any:
		switch {
		case here || len(v) == 0:
		case f.random.IntN(3) == 0:
			return append(v, v[f.random.IntN(len(v))], json.RawMessage(f.anyValue()))
		default:
			at := f.random.IntN(len(v))
			v[at] = f.broken(v[at], depth+1)
			return v
		}
	}
	return json.RawMessage(f.anyValue())
}

// breakBytes changes the body without heeding that it is JSON.
func (f *fuzzer) breakBytes(request *fuzzed) {
	at := f.random.IntN(len(request.Body) + 1)
	before, after := string(request.Body[:at]), string(request.Body[at:])
	request.Body = []byte(pick(f.random, before, before+pick(f.random, texts...)+after, before+after+before+after, before+"\x00"+after, "\xef\xbb\xbf"+before+after))
}

// breakQuery adds parameters, some of which mean something to lists.
func (f *fuzzer) breakQuery(request *fuzzed) {
	if request.Target == "" {
		return
	}
	var query strings.Builder
	for range 1 + f.random.IntN(3) {
		name := pick(f.random, "limit", "marker", "offset", "sort_key", "sort_dir", "name", "status", "changes-since", "changes-before", "all_tenants",
			"tenant_id", "project_id", "deleted", "ip", "ip6", "tags", "not-tags-any", "locked", "host", "flavor", "image", "user_id", "detailed", "start", "end",
			"is_public", "minRam", "server", "property-a", "page_size", "_x", "created_at", "power_state", "uuid", pick(f.random, texts...))
		value := url.QueryEscape(pick(f.random, texts...))
		if f.random.IntN(4) == 0 {
			value = pick(f.random, "%", "%zz", "%ff%00", "%2", "+", "a=b=c", ";", "&&", "%C0%80")
		}
		query.WriteString("&" + url.QueryEscape(name) + "=" + value)
	}
	request.Target += "?" + query.String()[1:]
}

// breakPath changes a name in the path.
func (f *fuzzer) breakPath(request *fuzzed) {
	path, query, has := strings.Cut(request.Target, "?")
	names := strings.Split(path, "/")
	at := f.random.IntN(len(names))
	names[at] = pick(f.random, url.PathEscape(pick(f.random, texts...)), "%00", "%ff", "%2e%2e", "..", ".", "", "%2F", "%", "a;b", names[at]+".json", names[at]+"/", "%0a"+names[at])
	request.Target = strings.Join(names, "/")
	if has {
		request.Target += "?" + query
	}
}

// breakHeader gives a header that the API reads another value.
func (f *fuzzer) breakHeader(request *fuzzed) {
	name := pick(f.random, "OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Content-Type", "Accept", "X-Auth-Token", "X-OpenStack-Request-ID",
		"X-Forwarded-Proto", "X-Forwarded-Host", "Content-Encoding", "Accept-Language", "Transfer-Encoding", "X-Service-Token")
	request.Header[name] = pick(f.random, append(slices.Clone(texts), "compute latest", "compute 2.9999", "compute 3.0", "compute 2.-1", "latest", "2.1", "compute", "volume 2.1",
		"compute 2.1,compute 2.2", "application/xml", "application/json;charset=utf-7", "*/*;q=x", "text/plain", "gzip", "https", "a,b")...)
}
