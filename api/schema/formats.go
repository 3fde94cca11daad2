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

// formats are demands on a string that have a name. Patterns of Nova's that Go
// can't compile are formats, too.
var formats = map[string]func(string) bool{
	"name":           func(s string) bool { return s != "\n" && ofLine(isName)(s) },
	"az_name":        func(s string) bool { return s != "\n" && ofLine(isName)(s) && !strings.Contains(s, ":") },
	"padded_name":    ofLine(isPaddedName),
	"padded_az_name": func(s string) bool { return ofLine(isPaddedName)(s) && !strings.Contains(s, ":") },
	"uuid":           IsUUID,
	"date-time":      func(s string) bool { _, err := ParseTime(s); return err == nil },
	"base64":         isBase64,
	"ipv4":           func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is4() },
	"ipv6":           func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is6() && ip.Zone() == "" },
	"cidr":           isCIDR,
	"regex":          isPattern,
}

// reasons say what a name may be, after "The name must be: ".
var reasons = map[string]string{
	"name":           "printable characters. Can not start or end with whitespace.",
	"az_name":        "printable characters except :.Can not start or end with whitespace.",
	"padded_name":    "printable characters with at least one non space character",
	"padded_az_name": "printable characters except :, with at least one non space character",
}

const digitsAndLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// printable reports whether a text holds only letters, marks, numbers,
// punctuation, symbols and spaces of the basic plane.
func printable(s string) bool {
	for _, r := range s {
		if r >= 0xFFFF || !unicode.IsGraphic(r) {
			return false
		}
	}
	return true
}

func isPaddedName(s string) bool { return printable(s) && strings.ContainsFunc(s, notSpace) }

func isName(s string) bool { return printable(s) && trimmed(s) }

// trimmed reports whether a text neither begins nor ends with a space of any
// kind.
func trimmed(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return notSpace(first) && notSpace(last)
}

// notSpace reports whether a character is no space of any kind. Control
// characters are not spaces.
func notSpace(r rune) bool { return !unicode.Is(unicode.Zs, r) }

// onlyOf reports whether a text holds only ASCII letters, digits and the
// characters of more.
func onlyOf(s, more string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune(digitsAndLetters, r) && !strings.ContainsRune(more, r)
	})
}

// IsUUID reports whether a text is a UUID in any of its forms: with or without
// hyphens, in braces, as a URN. is_uuid_like in oslo_utils/uuidutils.py accepts
// the same.
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

// isBase64 reports whether Python decodes a text: it skips ASCII characters
// that are not of the alphabet, and demands the right padding.
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

// isCIDR reports whether a text is an address with the length of a prefix.
func isCIDR(s string) bool {
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return false
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// NotRegexp is the message for a query parameter that is not a regular
// expression.
func NotRegexp(name, text string) string {
	return fmt.Sprintf("Invalid input for query parameters %s. Value: %s. %s is not a 'regex'", name, text, python.Repr(text))
}

// isPattern reports whether lists can be filtered by a regular expression.
func isPattern(s string) bool {
	if s == "" {
		return false
	}
	_, err := pattern.Parse(s)
	return err == nil
}
