package main

import "github.com/nova-api/nova-api/internal/policy"

// policyCommand is `nova-api policy`.
type policyCommand struct{}

// Run prints the rules as a sample policy.yaml.
func (policyCommand) Run(p process) error { return policy.Sample(p.stdout) }
