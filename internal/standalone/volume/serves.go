package volume

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// errNoBackend is why a volume isn't made whose type asks for another backend.
var errNoBackend = nova.Errorf(nova.Invalid, "No valid backend was found.")

// checkBackend is errNoBackend for a volume whose type wants what the one backend isn't
// or hasn't.
func (s *Service) checkBackend(ctx context.Context, v volumedb.Volume) error {
	t, err := s.Store.Types.Get(ctx, v.TypeID)
	if err == nil && !s.serves(ctx, t) {
		err = errNoBackend
	}
	return err
}

// serves reports whether the backend is what the extra specs of a type ask for:
// CapabilitiesFilter of Cinder's scheduler. Those with another scope mean something to
// backends of one kind only.
func (s *Service) serves(ctx context.Context, t volumedb.Type) bool {
	if len(t.Specs) == 0 {
		return true
	}
	capabilities, err := s.capabilities(ctx)
	if err != nil {
		return false
	}
	for key, wanted := range t.Specs {
		name, scoped := strings.CutPrefix(key, "capabilities:")
		if !scoped && strings.Contains(key, ":") {
			continue
		}
		if value, ok := capabilities[name]; !ok || !meets(value, wanted) {
			return false
		}
	}
	return true
}

// meets reports whether a capability is as an extra spec wants it: the same text, or an
// operator and what follows it (cinder/scheduler/filters/extra_specs_ops.py).
func meets(value any, wanted string) bool {
	op, operand, _ := strings.Cut(strings.TrimSpace(wanted), " ")
	words := strings.Fields(operand)
	if op == "<or>" {
		for i := 0; i < len(words); i += 2 { // with <or> between them
			if words[i] == value {
				return true
			}
		}
		return false
	}
	compare, known := comparers[op]
	if !known {
		return value == wanted
	}
	return len(words) > 0 && value != nil && compare(fmt.Sprint(value), words[0])
}

// comparers compare a capability with the word behind their operator.
var comparers = map[string]func(value, word string) bool{
	"=":    numbers(func(x, y float64) bool { return x >= y }),
	"==":   numbers(func(x, y float64) bool { return x == y }),
	"!=":   numbers(func(x, y float64) bool { return x != y }),
	">=":   numbers(func(x, y float64) bool { return x >= y }),
	"<=":   numbers(func(x, y float64) bool { return x <= y }),
	"s==":  func(value, word string) bool { return value == word },
	"s!=":  func(value, word string) bool { return value != word },
	"s<":   func(value, word string) bool { return value < word },
	"s<=":  func(value, word string) bool { return value <= word },
	"s>":   func(value, word string) bool { return value > word },
	"s>=":  func(value, word string) bool { return value >= word },
	"<in>": strings.Contains,
	"<is>": func(value, word string) bool {
		return boolWords[strings.ToLower(value)] == boolWords[strings.ToLower(word)]
	},
}

// numbers compares numbers; what isn't one meets nothing.
func numbers(compare func(x, y float64) bool) func(value, word string) bool {
	return func(value, word string) bool {
		x, err := strconv.ParseFloat(value, 64)
		y, alsoErr := strconv.ParseFloat(word, 64)
		return err == nil && alsoErr == nil && compare(x, y)
	}
}
