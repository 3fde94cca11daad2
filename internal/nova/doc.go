// Package nova holds the nouns of the compute service: servers, flavors,
// hosts, actions, callers, pages and the kinds of error. It imports nothing
// of ours, so that every other package can speak its vocabulary.
package nova
