// Package rest is the kit that controllers are written in: the mapper that
// binds their operations to URLs, what every operation does before and after its
// handler (versions, bodies, policy, faults), and the pipeline in front of
// all that (request IDs, limits, tokens, the log).
package rest
