package rest

import (
	"mime"
	"strconv"
	"strings"
)

// bestOffer returns the offer that an Accept header likes best: the first of
// several that it likes equally, and none if it likes none.
func bestOffer(accept string, offers ...string) string {
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if q := quality(accept, offer); q > bestQuality {
			best, bestQuality = offer, q
		}
	}
	return best
}

// quality returns how much an Accept header likes a media type, or an Accept-Encoding
// header a coding, from 0 to 1.
// The most specific range that fits decides (RFC 9110 §12.5.1). A range with
// parameters fits no offer, since offers have none.
func quality(accept, offer string) float64 {
	family, _, _ := strings.Cut(offer, "/")
	bestRank, result := 0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(part)
		weight := parameters["q"]
		delete(parameters, "q")
		if err != nil || len(parameters) > 0 {
			continue
		}
		rank := 0
		switch kind {
		case "*/*":
			rank = 1
		case family + "/*":
			rank = 2
		case offer:
			rank = 3
		}
		if rank <= bestRank {
			continue
		}
		bestRank, result = rank, 1
		if q, err := strconv.ParseFloat(weight, 64); err == nil {
			result = q
		}
	}
	return result
}
