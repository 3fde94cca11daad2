package rest

import (
	"mime"
	"strconv"
	"strings"
)

// preferred finds which of the offers an Accept header likes best: the first
// of those it likes equally, and none if it likes none.
func preferred(accept string, offers ...string) string {
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if q := quality(accept, offer); q > bestQuality {
			best, bestQuality = offer, q
		}
	}
	return best
}

// quality is how much an Accept header likes a media type: that of the most
// specific range that fits (RFC 9110 §12.5.1).
func quality(accept, offer string) float64 {
	family, _, _ := strings.Cut(offer, "/")
	bestRank, result := 0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		rank := map[string]int{"*/*": 1, family + "/*": 2, offer: 3}[kind]
		if rank <= bestRank {
			continue
		}
		bestRank, result = rank, 1
		if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
			result = q
		}
	}
	return result
}
