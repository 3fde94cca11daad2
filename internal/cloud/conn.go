package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
)

// A service is one of the others: how the catalog and people call it.
type service struct {
	name    string
	types   []string // in the catalog; the first is today's
	version string   // of its API, added to an address that has none
	// perProject says that the project stands in the addresses, as Cinder had it
	// until 3.67 and most catalogs still do.
	perProject bool
	// vouched says that the service user's token goes along with every request, as a
	// second one: so the other service knows that it isn't a caller alone who asks.
	// Cinder looks for it even if the first is the service user's own.
	vouched bool
	// down is what a client is told while the service can't be reached; empty for
	// the words that all services have in common.
	down string
	Endpoint
}

var (
	identityService = service{name: "identity", types: []string{"identity"}, version: "v3"}
	imageService    = service{name: "image", types: []string{"image"}, version: "v2"}
	networkService  = service{name: "network", types: []string{"network", "networking"}, version: "v2.0"}
	volumeService   = service{
		name: "volume", types: []string{"block-storage", "volumev3"}, version: "v3", perProject: true, vouched: true,
		down: "Connection to cinder host failed: the volume service is temporarily unavailable.",
	}
)

// Nova's own preference.
var interfaces = []string{"internal", "public"}

func (s service) at(e Endpoint) service {
	s.Endpoint = e
	if e.Type != "" {
		s.types = []string{e.Type}
	}
	return s
}

// unavailable is what a client is told while the service can't be reached.
func (s service) unavailable() string {
	return cmp.Or(s.down, fmt.Sprintf("The %s service is temporarily unavailable.", s.name))
}

// A conn sends requests to a service, in somebody's name.
type conn struct {
	session *session
	service service
	caller  *nova.Caller // whose token is used; nil for the service user's
}

// as is the same service in a caller's name.
func (c conn) as(caller nova.Caller) conn {
	c.caller = &caller
	return c
}

// get asks for a document.
func (c conn) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, path, query, http.MethodGet, &gophercloud.RequestOpts{JSONResponse: out})
}

// send posts or puts a document; the answer goes to out, which may be nil.
func (c conn) send(ctx context.Context, method, path string, in, out any) error {
	return c.sendIf(ctx, method, path, in, out, nil)
}

// sendIf is send with headers, such as a condition.
func (c conn) sendIf(ctx context.Context, method, path string, in, out any, headers map[string]string) error {
	return c.call(ctx, path, nil, method, &gophercloud.RequestOpts{JSONBody: in, JSONResponse: out, MoreHeaders: headers})
}

// remove deletes a thing, on the condition that the headers hold, if any. If
// there is no such thing, that is as good.
func (c conn) remove(ctx context.Context, path string, headers map[string]string) error {
	err := c.call(ctx, path, nil, http.MethodDelete, &gophercloud.RequestOpts{MoreHeaders: headers})
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

// call sends a request that is answered at once. It renews the service user's
// token if it is refused, and repeats what found no connection.
func (c conn) call(ctx context.Context, path string, query url.Values, method string, o *gophercloud.RequestOpts) error {
	ctx, cancel := context.WithTimeout(ctx, c.session.timeout)
	defer cancel()
	renewed := false
	for attempt := 0; ; attempt++ {
		vouching := c.session.provider.Token()
		_, err := c.request(ctx, c.provider(), path, query, method, o)
		if c.service.vouched && !renewed && isStatus(err, http.StatusUnauthorized) {
			renewed = true // which of the two tokens was refused isn't said
			if c.session.provider.Reauthenticate(ctx, vouching) == nil {
				continue
			}
		}
		if attempt == c.service.Retries || !unconnected(err) || !pause(ctx, attempt) {
			return err
		}
	}
}

// unconnected reports whether a request was never sent, for want of a connection:
// it can be repeated, whatever it is.
func unconnected(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// pause waits before another attempt, twice as long each time. It reports whether
// somebody still wants the answer.
func pause(ctx context.Context, attempt int) bool {
	wait := time.NewTimer(firstPause << attempt)
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const firstPause = 500 * time.Millisecond

// stream sends a request with a body that can be sent only once, or with an
// answer that takes as long as it takes. A refused token is renewed for the
// next request only.
func (c conn) stream(ctx context.Context, path, method string, o *gophercloud.RequestOpts) (io.ReadCloser, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	provider := c.provider()
	if c.caller == nil { // or gophercloud would send the rest of the body as if it were all
		provider = c.session.onBehalf(provider.Token())
	}
	body, err := c.request(ctx, provider, path, nil, method, o)
	if c.caller == nil && isStatus(err, http.StatusUnauthorized) {
		_ = c.session.provider.Reauthenticate(ctx, provider.Token()) // the next request will tell
	}
	return body, err
}

func (c conn) provider() *gophercloud.ProviderClient {
	if c.caller != nil {
		return c.session.onBehalf(c.caller.Token)
	}
	return c.session.provider
}

// request sends a request. Its errors are failures, or that it was cancelled.
func (c conn) request(
	ctx context.Context, provider *gophercloud.ProviderClient, path string, query url.Values, method string, o *gophercloud.RequestOpts,
) (io.ReadCloser, error) {
	if hasHole(path) {
		return nil, &failure{service: c.service, status: http.StatusNotFound}
	}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	ctx, span := startCall(ctx, c.service, method, path)
	client := &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: base, MoreHeaders: c.headers(ctx)}
	address := client.ServiceURL(path)
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	o.OkCodes = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}
	response, err := client.Request(ctx, method, address, o)
	endCall(span, response, err)
	if err != nil {
		return nil, c.failed(ctx, err, provider.Token(), client.MoreHeaders[serviceTokenHeader], o.MoreHeaders[subjectHeader])
	}
	return response.Body, nil // closed by gophercloud, unless it was asked to keep it
}

// failed says why a request failed: it may be that nobody wants it any longer.
func (c conn) failed(ctx context.Context, err error, secrets ...string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s service: %w", c.service.name, context.Canceled)
	}
	return newFailure(c.service, err, secrets...)
}

// ready sees to it that the request can be sent: that there is a token, and
// a catalog if the address is to be found there.
func (c conn) ready(ctx context.Context) error {
	if c.caller != nil && c.caller.Token == "" {
		return unauthorized()
	}
	if c.caller != nil && c.service.Override != "" && !c.service.vouched {
		return nil
	}
	if err := c.session.ready(ctx); err != nil {
		return c.failed(ctx, err)
	}
	return nil
}

// base is the service's address, with the version of its API and a slash.
func (c conn) base() (string, error) {
	if c.service.Override != "" {
		return c.located(c.service.Override), nil
	}
	wanted := c.service.Interfaces
	if len(wanted) == 0 {
		wanted = interfaces
	}
	for _, kind := range wanted {
		if address := c.find(kind); address != "" {
			return c.located(address), nil
		}
	}
	return "", &failure{
		service: c.service, unreachable: true,
		cause: fmt.Errorf("the catalog has none in region %q", c.service.Region),
	}
}

// find looks a service's address up in the catalog: empty if it isn't there.
func (c conn) find(kind string) string {
	region, state := c.service.Region, c.session.state.Load()
	if state == nil { // nobody has logged in yet
		return ""
	}
	for _, entry := range state.catalog {
		if !slices.Contains(c.service.types, entry.Type) || c.service.Name != "" && entry.Name != c.service.Name {
			continue
		}
		for _, e := range entry.Endpoints {
			if e.Interface == kind && (region == "" || e.Region == region || e.RegionID == region) {
				return e.URL
			}
		}
	}
	return ""
}

var versionPattern = regexp.MustCompile(`^v\d+(\.\d+)?$`)

// versioned adds the API's version to an address that has none.
func (s service) versioned(address string) string {
	address = strings.TrimRight(address, "/")
	if versionPattern.MatchString(path.Base(address)) {
		return address + "/"
	}
	return address + "/" + s.version + "/"
}

// located completes a service's address: with the version of its API, and with the
// project of whoever asks where that belongs into it. The catalog that we have is
// the service user's, so that user's project may stand there.
func (c conn) located(address string) string {
	if !c.service.perProject {
		return c.service.versioned(address)
	}
	project := ""
	if c.caller != nil {
		project = c.caller.ProjectID
	} else if state := c.session.state.Load(); state != nil {
		project = state.project
	}
	address = strings.NewReplacer("%(project_id)s", project, "%(tenant_id)s", project).Replace(address)
	address = strings.TrimRight(address, "/")
	if parent, last := path.Split(address); !versionPattern.MatchString(last) && versionPattern.MatchString(path.Base(parent)) {
		address = parent
	}
	address = c.service.versioned(address)
	if project != "" {
		address += url.PathEscape(project) + "/"
	}
	return address
}

const serviceTokenHeader = "X-Service-Token"

// headers are those of every request: which request of ours it is for, and that
// the service vouches for it.
func (c conn) headers(ctx context.Context) map[string]string {
	headers := trail(ctx)
	if !c.service.vouched {
		return headers
	}
	if headers == nil {
		headers = map[string]string{}
	}
	headers[serviceTokenHeader] = c.session.provider.Token()
	return headers
}

// trail tells the other service which request of ours it works for, and in which trace.
func trail(ctx context.Context) map[string]string {
	headers, r := tracing.Headers(ctx), nova.RequestOf(ctx)
	if id := cmp.Or(r.GlobalID, r.ID); id != "" {
		if headers == nil {
			headers = map[string]string{}
		}
		headers["X-Openstack-Request-Id"] = id
	}
	return headers
}

// startCall begins the span of a request to a service. It is named after the collection
// that is asked: what comes after that is a thing's ID or name.
func startCall(ctx context.Context, s service, method, path string) (context.Context, tracing.Span) {
	collection, _, _ := strings.Cut(path, "/")
	return tracing.Call(ctx, method+" "+s.name+"/"+collection, tracing.Text("peer.service", s.name), tracing.Text("http.request.method", method))
}

// endCall ends it: failed if there was no answer, or the service was at fault. That a
// thing isn't there may be what was to be found out.
func endCall(span tracing.Span, response *http.Response, err error) {
	if refused, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		span.Set(tracing.Number("http.response.status_code", refused.Actual))
		if refused.Actual < http.StatusInternalServerError {
			err = nil
		}
	} else if err == nil {
		span.Set(tracing.Number("http.response.status_code", response.StatusCode))
	}
	span.End(err)
}

// below is the path of a thing in a collection, or of a part of it. An ID that
// can't stand in a path leaves a hole, which hasHole finds.
func below(collection, id string, part ...string) string {
	if strings.Trim(id, ".") == "" {
		id = ""
	}
	return strings.Join(append([]string{collection, url.PathEscape(id)}, part...), "/")
}

// hasHole reports whether a path has an empty part, because an ID was empty: it
// would address the whole collection.
func hasHole(path string) bool { return strings.Contains(path+"/", "//") }
