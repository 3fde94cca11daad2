package compute

import (
	"strconv"
	"strings"
	"unicode"
)

const maxHostname = 63

// hostname derives a host's name from a server's, as sanitize_hostname in
// nova/utils.py does: it keeps letters and digits of Latin 1, turns spaces,
// underscores and dots into hyphens, and drops the rest. If nothing is left, the
// name is made of the server's ID. The suffix numbers servers that are made
// together.
func hostname(name, id, suffix string) string {
	latin := make([]rune, 0, maxHostname)
	for _, r := range name {
		if r <= unicode.MaxLatin1 && len(latin) < maxHostname {
			latin = append(latin, r)
		}
	}
	host := strings.Trim(strings.Map(hostnameRune, string(latin)), "-")
	if host == "" {
		return "Server-" + id
	}
	return host + suffix
}

func hostnameRune(r rune) rune {
	switch {
	case r == ' ', r == '_', r == '.':
		return '-'
	case r == '-', unicode.IsLetter(r), unicode.IsNumber(r):
		return unicode.ToLower(r)
	}
	return -1
}

// suffix numbers one of several servers, from 1 on: empty if it is the only one.
// Names and hostnames of servers that are made together differ in it.
func suffix(index, of int) string {
	if of == 1 {
		return ""
	}
	return "-" + strconv.Itoa(index+1)
}
