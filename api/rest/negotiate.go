package rest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// These headers ask for a microversion, and say in the reply which one was
// used.
const (
	headerVersion       = "OpenStack-API-Version"
	headerLegacyVersion = "X-OpenStack-Nova-API-Version"
	serviceType         = "compute"
)

// versionFormat accepts no leading zeros, as in APIVersionRequest in
// nova/api/openstack/api_version_request.py.
var versionFormat = regexp.MustCompile(`^[1-9]\d*\.([1-9]\d*|0)$`)

// requestedVersion returns the version that the headers ask for: the lowest if they ask
// for none. The last of several versions counts. The older header counts if the
// newer one does not mention the compute service.
func requestedVersion(header http.Header) string {
	version := ""
	for entry := range strings.SplitSeq(strings.Join(header.Values(headerVersion), ","), ",") {
		service, rest := cutSpace(strings.TrimSpace(entry))
		if strings.EqualFold(service, serviceType) && rest != "" {
			version = rest
		}
	}
	if version != "" {
		return version
	}
	given := header.Values(headerLegacyVersion)
	if len(given) == 0 {
		return microversion.Min.String()
	}
	versions := strings.Split(given[len(given)-1], ",")
	return strings.TrimSpace(versions[len(versions)-1])
}

// cutSpace cuts a text at its first space.
func cutSpace(text string) (before, after string) {
	i := strings.IndexFunc(text, unicode.IsSpace)
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// negotiate returns the version of a request, and writes it into the headers of
// the reply: even a version that does not exist, but not a text that is no
// version. The error is Invalid for such a text, and NotAcceptable for a
// version that does not exist.
func negotiate(reply, request http.Header) (microversion.Version, error) {
	text := requestedVersion(request)
	if text == "latest" {
		text = microversion.Max.String()
	}
	if !versionFormat.MatchString(text) {
		return 0, nova.Errorf(nova.Invalid,
			"API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", text)
	}
	reply[headerVersion] = []string{serviceType + " " + text}
	reply["X-OpenStack-Nova-API-Version"] = []string{text} // in Nova's own spelling
	reply["Vary"] = []string{headerVersion, headerLegacyVersion}
	minor, ok := strings.CutPrefix(text, "2.")
	number, err := strconv.Atoi(minor)
	if !ok || err != nil || number < int(microversion.Min) || number > int(microversion.Max) {
		return 0, nova.Errorf(nova.NotAcceptable, "Version %s is not supported by the API. Minimum is %s and maximum is %s.",
			text, microversion.Min, microversion.Max)
	}
	return microversion.Version(number), nil
}
