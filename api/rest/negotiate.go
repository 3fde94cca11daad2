package rest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// The headers that ask for a microversion and say which one was used.
const (
	headerVersion       = "OpenStack-API-Version"
	headerLegacyVersion = "X-OpenStack-Nova-API-Version"
	serviceType         = "compute"
)

var versionFormat = regexp.MustCompile(`^[1-9]\d*\.([1-9]\d*|0)$`)

// asked finds the version that the headers ask for: "" if none.
func asked(header http.Header) string {
	version := ""
	for entry := range strings.SplitSeq(header.Get(headerVersion), ",") {
		if fields := strings.Fields(entry); len(fields) == 2 && strings.EqualFold(fields[0], serviceType) {
			version = fields[1]
		}
	}
	if version != "" {
		return version
	}
	versions := strings.Split(header.Get(headerLegacyVersion), ",")
	return strings.TrimSpace(versions[len(versions)-1])
}

// negotiate settles the version of a request, and says so in the reply's
// headers: not if the version can't be read, and for one that we don't have,
// that one.
func negotiate(reply, request http.Header) (microversion.Version, error) {
	text := asked(request)
	switch text {
	case "":
		text = microversion.Min.String()
	case "latest":
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
