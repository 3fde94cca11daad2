package rest

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
)

// plain is an error that occurs before a controller is known: no route, no
// valid token, a body that is too large. Its words and shapes are those of
// webob, the framework under Nova, which lets the Accept header choose between
// HTML, JSON and text.
type plain struct {
	status      int
	title       string
	explanation string
	detail      string
}

var (
	plainUnauthorized = plain{
		401, "Unauthorized", "This server could not verify that you are authorized to access the document you requested. " +
			"Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.", "",
	}
	plainNotFound    = plain{404, "Not Found", "The resource could not be found.", ""}
	plainUnavailable = plain{
		503, "Service Unavailable", "The server is currently unavailable. Please try again at a later time.",
		"The Keystone service is temporarily unavailable.",
	}
)

// plainTooLarge is the answer of oslo.middleware's sizelimit.
func plainTooLarge(limit int64) plain {
	return plain{
		413, "Request Entity Too Large",
		fmt.Sprintf("Request is too large. Larger than max_request_body_size (%d).", limit), "",
	}
}

// write answers in the shape that the Accept header prefers: text without the
// header or if it accepts none of them, and HTML for */*.
func (p plain) write(w http.ResponseWriter, r *http.Request) {
	status := strconv.Itoa(p.status) + " " + p.title
	accept := r.Header.Get("Accept")
	kind, body := "text/plain; charset=UTF-8", fmt.Sprintf("%s\n\n%s\n\n %s  ", status, p.explanation, p.detail)
	if accept != "" {
		switch bestOffer(accept, "text/html", "application/json") {
		case "application/json":
			kind = "application/json"
			encoded, _ := marshal(struct { // texts can be encoded
				Message string `json:"message"`
				Code    string `json:"code"`
				Title   string `json:"title"`
			}{p.explanation + "<br /><br />\n" + p.detail + "\n\n", status, p.title})
			body = string(encoded)
		case "text/html":
			kind = "text/html; charset=UTF-8"
			body = fmt.Sprintf("<html>\n <head>\n  <title>%[1]s</title>\n </head>\n <body>\n  <h1>%[1]s</h1>\n  %[2]s<br /><br />\n%[3]s\n\n\n </body>\n</html>",
				status, html.EscapeString(p.explanation), html.EscapeString(p.detail))
		}
	}
	if r.Method == http.MethodHead { // of a body that there isn't
		kind = "text/html; charset=UTF-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(body))
}
