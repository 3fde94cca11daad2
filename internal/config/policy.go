package config

// Policy is the section [oslo_policy]: the file with rules that override the
// built-in ones, and how tokens are held against them.
type Policy struct {
	File               string // empty: no rule is overridden
	EnforceScope       bool
	EnforceNewDefaults bool
}

var policyOptions = []Option{
	// That it may be missing is oslo.policy's habit, too: the default names a file which most
	// operators don't have.
	{
		Name: "policy_file", Default: "policy.yaml", at: func(c *Config) any { return &c.Policy.File },
		Help: "The file with rules that replace the built-in ones. A relative path is looked up beside the last configuration file, or in state_path if there is none. It may be missing unless it is set.",
	},
	// These two defaults have been Nova's since 2023.1.
	{
		Name: "enforce_scope", Default: "true", at: func(c *Config) any { return &c.Policy.EnforceScope },
		Help: "Refuse tokens whose scope isn't that of the rule.",
	},
	{
		Name: "enforce_new_defaults", Default: "true", at: func(c *Config) any { return &c.Policy.EnforceNewDefaults },
		Help: "Leave out the built-in rules that Nova has deprecated, from before there were readers and managers.",
	},
}
