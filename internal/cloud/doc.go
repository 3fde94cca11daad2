// Package cloud holds the clients of the other services: identity, image, network
// and block storage. They are always reached over their public APIs, with gophercloud
// signing in, renewing tokens and sending the requests. Where the services
// are bundled, InProcess carries the same requests to their handlers in this
// process; nothing else differs.
//
// A request is sent in one of two names, and every use has to choose: As a
// caller, so that the other service decides what the caller may see, or
// AsService, for work that goes on when the caller's token may be long gone.
//
// Answers are decoded straight into this package's own documents, because
// gophercloud's typed ones refuse an image with a property that is named like
// one of their fields. Every failure is a nova error kind, in Nova's words
// where a client sees it, and holds no token.
package cloud
