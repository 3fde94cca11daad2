package schema

import "testing"

const someFlavor = `"name": "n", "ram": 1, "vcpus": "2", "disk": 0`

func TestFlavorCreate(t *testing.T) {
	t.Parallel()
	const quoted = `Invalid input for field/attribute flavor. Value: {'name': 'n', 'ram': 1, 'vcpus': '2', 'disk': 0`
	checkBody(t, FlavorCreate, []bodyCase{
		{1, `{"flavor": {` + someFlavor + `}}`, ""},
		{104, `{"flavor": {` + someFlavor + `, "id": null, "swap": "1", "OS-FLV-EXT-DATA:ephemeral": 1}}`, ""},
		{1, `null`, "None is not of type 'object'"},
		{1, `{}`, "'flavor' is a required property"},
		{1, `{"flavor": {}, "b": 1, "a": 2}`, "Invalid input for field/attribute flavor. Value: {}. 'name' is a required property"},
		{1, `{"flavor": {` + someFlavor + `}, "b": 1, "a": 2}`, "Additional properties are not allowed ('a', 'b' were unexpected)"},

		{
			54, `{"flavor": {` + someFlavor + `, "description": "d"}}`,
			`Invalid input for field/attribute flavor. Value: {'name': 'n', 'ram': 1, 'vcpus': '2', 'disk': 0, 'description': 'd'}. ` +
				unexpected + "('description' was unexpected)",
		},
		{55, `{"flavor": {` + someFlavor + `, "description": "d\u00a0\u65e5"}}`, ""},
		{55, `{"flavor": {` + someFlavor + `, "description": null}}`, ""},
		{
			55, `{"flavor": {` + someFlavor + `, "description": "a\tb"}}`,
			`Invalid input for field/attribute description. Value: a` + "\t" + `b. 'a\tb' does not match '^[^\\p{C}\\p{Zl}\\p{Zp}]*$'`,
		},

		{101, `{"flavor": {` + someFlavor + `, "rxtx_factor": "1.5"}}`, ""},
		{101, `{"flavor": {` + someFlavor + `, "rxtx_factor": 0.5}}`, ""},
		{
			101, `{"flavor": {` + someFlavor + `, "rxtx_factor": "0"}}`,
			"Invalid input for field/attribute rxtx_factor. Value: 0. 0 is less than or equal to the minimum of 0",
		},
		{
			101, `{"flavor": {` + someFlavor + `, "rxtx_factor": 3.5e38}}`,
			"Invalid input for field/attribute rxtx_factor. Value: 3.5e+38. " +
				"350000000000000001565567347835409530880 is greater than the maximum of 3.40282e+38",
		},
		{
			102, `{"flavor": {` + someFlavor + `, "rxtx_factor": 1}}`,
			quoted + `, 'rxtx_factor': 1}. Additional properties are not allowed ('rxtx_factor' was unexpected)`,
		},

		{
			1, `{"flavor": {` + someFlavor + `, "rxtx_factor": -1e22}}`,
			"Invalid input for field/attribute rxtx_factor. Value: -1e+22. -1e+22 is less than or equal to the minimum of 0",
		},
		{
			1, `{"flavor": {` + someFlavor + `, "rxtx_factor": -0.0}}`,
			"Invalid input for field/attribute rxtx_factor. Value: -0.0. -0.0 is less than or equal to the minimum of 0",
		},
		{
			1, `{"flavor": {` + someFlavor + `, "swap": 1e15}}`,
			"Invalid input for field/attribute swap. Value: 1000000000000000.0. 1000000000000000 is greater than the maximum of 2147483647",
		},
		{
			1, `{"flavor": {` + someFlavor + `, "swap": -1e22}}`,
			"Invalid input for field/attribute swap. Value: -1e+22. -10000000000000000000000 is less than the minimum of 0",
		},
		{
			1, `{"flavor": {` + someFlavor + `, "swap": 1.5e-7}}`,
			"Invalid input for field/attribute swap. Value: 1.5e-07. 1.5e-07 is not of type 'integer', 'string'",
		},
		{93, `{"flavor": {` + someFlavor + `, "swap": 1.0}}`, ""},
		{
			94, `{"flavor": {` + someFlavor + `, "swap": 1.5}}`,
			"Invalid input for field/attribute swap. Value: 1.5. 1.5 is not of type 'integer', 'string'",
		},

		{
			1, `{"flavor": {"name": " n", "ram": 1, "vcpus": 1, "disk": 1}}`,
			"An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
		},
		{0, `{"flavor": {"name": " n", "ram": 1, "vcpus": 1, "disk": 1, "new": 1}, "new": 1}`, ""},
		{
			0, `{"flavor": {"name": "  ", "ram": 1, "vcpus": 1, "disk": 1}}`,
			"An invalid 'name' value was provided. The name must be: printable characters with at least one non space character",
		},
		{
			0, `{"flavor": {` + someFlavor + `, "id": "a "}}`,
			`Invalid input for field/attribute id. Value: a . 'a ' does not match '^(?! )[a-zA-Z0-9. _-]+(?<! )$'`,
		},
	})
}

func TestFlavorUpdate(t *testing.T) {
	t.Parallel()
	checkBody(t, FlavorUpdate, []bodyCase{
		{54, `{"anything": true}`, ""},
		{55, `{"flavor": {"description": null}}`, ""},
		{55, `{"flavor": {}}`, "Invalid input for field/attribute flavor. Value: {}. 'description' is a required property"},
		{
			104, `{"flavor": {"description": 1}}`,
			"Invalid input for field/attribute description. Value: 1. 1 is not of type 'string', 'null'",
		},
	})
}

func TestFlavorExtraSpecs(t *testing.T) {
	t.Parallel()
	checkBody(t, FlavorExtraSpecsCreate, []bodyCase{
		{1, `{"extra_specs": {"hw:cpu_policy": "shared", "n": 1.5}}`, ""},
		{1, `{"extra_specs": {"a/b": "1"}}`, "Invalid input for field/attribute extra_specs. Value: {'a/b': '1'}. " +
			"'a/b' does not match any of the regexes: '^[a-zA-Z0-9-_:. ]{1,255}$'"},
		{0, `{"extra_specs": {"a/b": "1"}}`, ""},
		{0, `{"extra_specs": {"a/b": "1", "a": "1"}}`, "Invalid input for field/attribute extra_specs. Value: {'a/b': '1', 'a': '1'}. " +
			"Additional properties are not allowed ('a/b' was unexpected)"},
		{
			1, `{"extra_specs": {"b": true, "a": null}}`,
			"Invalid input for field/attribute b. Value: True. True is not of type 'string', 'number'", // the first that was sent
		},
	})
	checkBody(t, FlavorExtraSpecUpdate, []bodyCase{
		{1, `{"a": "1"}`, ""},
		{1, `{}`, "{} should be non-empty"},
		{1, `{"b": "1", "a": "2"}`, "{'b': '1', 'a': '2'} has too many properties"},
	})
}

func TestFlavorAccess(t *testing.T) {
	t.Parallel()
	checkBody(t, AddTenantAccess, []bodyCase{
		{7, `{"addTenantAccess": {"tenant": "p"}}`, ""},
		{7, `{"addTenantAccess": {"tenant": ""}}`, "Invalid input for field/attribute tenant. Value: . '' should be non-empty"},
		{7, `{"addTenantAccess": null}`, "Invalid input for field/attribute addTenantAccess. Value: None. None is not of type 'object'"},
	})
	checkBody(t, RemoveTenantAccess, []bodyCase{
		{1, `{"removeTenantAccess": {"tenant": "p"}}`, ""},
		{1, `{"removeTenantAccess": {}}`, "Invalid input for field/attribute removeTenantAccess. Value: {}. 'tenant' is a required property"},
	})
}
