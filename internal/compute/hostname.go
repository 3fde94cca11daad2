package compute

import "strings"

const maxHostname = 63

// hostname makes a host's name of a server's: what can't stand in one is
// replaced or dropped, and if nothing is left, the server's ID has to do.
func hostname(name, id string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == ' ' || r == '_' || r == '.':
			b.WriteByte('-')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r - 'A' + 'a')
		}
	}
	host := b.String()
	if len(host) > maxHostname {
		host = host[:maxHostname]
	}
	if host = strings.Trim(host, ".-"); host == "" {
		return "Server-" + id
	}
	return host
}
