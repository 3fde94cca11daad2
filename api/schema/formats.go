package schema

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/pattern"
	"github.com/nova-api/nova-api/internal/python"
)

// formats are the demands on a string that have a name. Where a pattern of
// Nova's can't be written for Go's engine, it is a format too.
var formats = map[string]func(string) bool{
	"name":        func(s string) bool { return s != "\n" && ofLine(isName)(s) },
	"az_name":     func(s string) bool { return s != "\n" && ofLine(isName)(s) && !strings.Contains(s, ":") },
	"padded_name": ofLine(func(s string) bool { return printable(s) && strings.ContainsFunc(s, notSpace) }),
	"uuid":        IsUUID,
	"date-time":   func(s string) bool { _, err := ParseTime(s); return err == nil },
	"base64":      isBase64,
	"ipv4":        func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is4() },
	"ipv6":        func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is6() && ip.Zone() == "" },
	"cidr":        isCIDR,
	"regex":       isPattern,
}

// reasons are what a client is told of a name that doesn't fit, after "The
// name must be: ".
var reasons = map[string]string{
	"name":        "printable characters. Can not start or end with whitespace.",
	"az_name":     "printable characters except :.Can not start or end with whitespace.",
	"padded_name": "printable characters with at least one non space character",
}

const digitsAndLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// printable reports whether a text has only letters, marks, numbers,
// punctuation, symbols and spaces, of the basic plane alone.
func printable(s string) bool {
	for _, r := range s {
		if r >= 0xFFFF || !unicode.IsGraphic(r) {
			return false
		}
	}
	return true
}

func isName(s string) bool { return printable(s) && trimmed(s) }

func trimmed(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return notSpace(first) && notSpace(last)
}

func notSpace(r rune) bool { return !unicode.Is(unicode.Zs, r) }

func onlyOf(s, more string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune(digitsAndLetters, r) && !strings.ContainsRune(more, r)
	})
}

// IsUUID reports whether a text is a UUID in any of the ways of writing one: with
// or without hyphens, in braces, as a URN.
func IsUUID(s string) bool {
	s = strings.NewReplacer("urn:", "", "uuid:", "", "-", "").Replace(s)
	s = strings.Trim(s, "{}")
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isBase64 reports whether a text can be decoded, in the forgiving way: ASCII
// that is not of the alphabet is passed over, but the padding must be right.
func isBase64(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return false
	}
	position, padding := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '=':
			padding++
			if position >= 2 && position+padding >= 4 {
				return true // what follows the padding is not read
			}
		case isBase64Digit(c):
			position, padding = (position+1)%4, 0
		}
	}
	return position == 0
}

func isBase64Digit(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func isCIDR(s string) bool {
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return false
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// NotRegexp is what a client is told of a query parameter that isn't a regular
// expression.
func NotRegexp(name, text string) string {
	return fmt.Sprintf("Invalid input for query parameters %s. Value: %s. %s is not a 'regex'", name, text, python.Repr(text))
}

// isPattern reports whether a text is a regular expression that lists can be
// filtered with.
func isPattern(s string) bool {
	if s == "" {
		return false
	}
	_, err := pattern.Parse(s)
	return err == nil
}
