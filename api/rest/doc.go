// Package rest is the kit that controllers are written in. A request passes
// chain.go (request ID, log, limits, token), mapper.go (which binds operations
// to URLs), serve.go (version, query and body), operation.go (member and
// policy) and the controller's handler; reply.go or faults.go answers it.
package rest
