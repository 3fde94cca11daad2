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

// maxFileSize bounds a policy file, in bytes: the sample of all rules has
// about a thirtieth of it.
const maxFileSize = 1 << 20

// A File is a policy file: YAML, or JSON, that maps the names of rules to
// checks.
type File struct {
	Name string // for messages
	Text []byte
}

// read reads a policy file, but not more of it than the limit.
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

// An override is what a file says of a rule.
type override struct {
	where string // "file:line"
	text  string // the check as written; empty if it is of lists
	check *node
}

// parseFile gives the overrides of a file. It tells all the faults at once.
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

// mapping finds the mapping that a file is: nil if nothing is in it but
// comments.
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

// parseValue reads a check: text, or the lists of lists of old, of which any
// of the outer must hold, and all of the inner.
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

// parseLists reads the old form. No lists permit everybody, and only empty
// ones nobody.
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
