package policy

import (
	"bytes"
	"fmt"
	"io"
)

// sampleHead explains the language to operators.
const sampleHead = `# Who may do what: each rule of the API with its default.
#
# To change one, take the # off its line and write another check in its place.
# A check is made of
#   role:NAME            the caller has the role
#   rule:NAME            what another rule says
#   KEY:VALUE            a property of the caller (user_id, project_id, domain_id,
#                        system_scope, is_admin) has the value
#   %(project_id)s       the project of what is asked for, in a value
#   %(user_id)s          the user that owns it: key pairs only
#   and, or, not, ( )
#   "@"                  everybody
#   "!"                  nobody
# All rules with operations are of scope type project.

`

// Sample writes a policy file with every rule and its default, in which all
// lines are comments.
func Sample(w io.Writer) error {
	var out bytes.Buffer
	out.WriteString(sampleHead)
	for _, entry := range Table() {
		fmt.Fprintf(&out, "# %s\n", entry.Does)
		for _, operation := range entry.Operations {
			fmt.Fprintf(&out, "# %s\n", operation)
		}
		fmt.Fprintf(&out, "#%q: %q\n\n", entry.Rule, entry.Check)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write the sample policy: %w", err)
	}
	return nil
}
