package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFileSize bounds a policy file, in bytes. The sample with all rules is a
// thirtieth of that.
const maxFileSize = 1 << 20

// A File is a policy file in YAML or JSON, which maps names of rules to checks.
type File struct {
	Name string // for messages
	Text []byte
}

// read reads a policy file, up to a byte beyond the limit.
func read(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("policy file: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return File{}, fmt.Errorf("policy file: %w", err)
	}
	return File{path, text}, nil
}

// An override is the check of a rule in a file.
type override struct {
	where string // "file:line"
	text  string // the check as written; empty if it is of lists
	check *node
}

// parseFile returns the overrides of a file. The error holds all faults of the
// file.
func parseFile(f File) (map[Rule]override, error) {
	if len(f.Text) > maxFileSize {
		return nil, fmt.Errorf("%s: is larger than %d bytes", f.Name, maxFileSize)
	}
	top, err := mapping(f)
	if err != nil || top == nil {
		return nil, err
	}
	overrides := map[Rule]override{}
	var faults []error
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		where := fmt.Sprintf("%s:%d", f.Name, key.Line)
		rule := Rule(key.Value)
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			faults = append(faults, fmt.Errorf("%s: the name of a rule must be a string", where))
			continue
		}
		if _, ok := overrides[rule]; ok {
			faults = append(faults, fmt.Errorf("%s: rule %q is there twice", where, rule))
			continue
		}
		check, err := parseValue(value)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: rule %q: %w", where, rule, err))
			continue
		}
		overrides[rule] = override{where, value.Value, check}
	}
	return overrides, errors.Join(faults...)
}

// mapping returns the mapping at the top of a file. It is nil for a file that
// holds nothing but comments.
func mapping(f File) (*yaml.Node, error) {
	// JSON may be indented with tabs, which YAML forbids.
	text := f.Text
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if len(document.Content) == 0 {
		return nil, nil // an empty file is as good as none
	}
	top := document.Content[0]
	if top.Tag == "!!null" {
		return nil, nil // the same
	}
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: must map the names of rules to checks", f.Name, top.Line)
	}
	return top, nil
}

// parseValue reads a check: a text, or the lists of lists of old policy files,
// in which one of the outer lists must hold with all its items.
func parseValue(v *yaml.Node) (*node, error) {
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	switch {
	case v.Kind == yaml.ScalarNode && v.Tag == "!!str":
		return parse(v.Value)
	case v.Kind == yaml.SequenceNode:
		return parseLists(v.Content)
	}
	return nil, errors.New(`must be a string in quotes: "@" for everybody, "!" for nobody`)
}

// parseLists reads lists of lists. An empty outer list allows everybody; one
// that holds nothing but empty lists allows nobody. _parse_list_rule in
// oslo_policy/_parser.py does the same.
func parseLists(lists []*yaml.Node) (*node, error) {
	if len(lists) == 0 {
		return &node{op: opTrue}, nil
	}
	anyOf := &node{op: opOr}
	for _, inner := range lists {
		checks := inner.Content
		if inner.Kind == yaml.ScalarNode {
			checks = []*yaml.Node{inner}
		}
		allOf := &node{op: opAnd}
		for _, check := range checks {
			if check.Kind != yaml.ScalarNode || check.Tag != "!!str" {
				return nil, errors.New("a list of checks may hold lists of strings only")
			}
			kid, err := parseOne(strings.TrimSpace(check.Value))
			if err != nil {
				return nil, err
			}
			allOf.kids = append(allOf.kids, kid)
		}
		if len(allOf.kids) > 0 {
			anyOf.kids = append(anyOf.kids, allOf)
		}
	}
	return anyOf, nil
}
