package nova

import (
	"slices"
	"strings"
)

// Truth reports whether a text is a yes, as bool_from_string of oslo.utils has
// it where it isn't strict: any other text is a no.
func Truth(text string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(strings.TrimSpace(text)))
}
