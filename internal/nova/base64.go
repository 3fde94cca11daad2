package nova

import (
	"encoding/base64"
	"strings"
)

// FromBase64 decodes base64 as Python does where it isn't strict: characters
// that are not of the alphabet are passed over, and what follows the padding is
// not read. A text that the schemas let through is always decoded to its end.
func FromBase64(text string) []byte {
	var digits strings.Builder
	for i := range len(text) {
		c := text[i]
		if c == '=' && digits.Len()%4 > 1 {
			break
		}
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' {
			digits.WriteByte(c)
		}
	}
	data, _ := base64.RawStdEncoding.DecodeString(digits.String())
	return data
}
