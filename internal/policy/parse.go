package policy

import (
	"errors"
	"fmt"
	"strings"
)

// These limits bound one check. They are far beyond any check that is in use,
// and bound the depth of the tree and so the stack of the evaluator.
const (
	maxCheckLength = 64 << 10
	maxCheckDepth  = 100
)

// parse reads a check in oslo.policy's language. An empty check allows
// everybody.
func parse(text string) (*node, error) {
	if len(text) > maxCheckLength {
		return nil, fmt.Errorf("the check is longer than %d bytes", maxCheckLength)
	}
	p := parser{tokens: tokenize(text)}
	if len(p.tokens) == 0 {
		return &node{op: opTrue}, nil
	}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, fmt.Errorf("%q stands where and, or, or the end should", p.tokens[p.next])
	}
	return n, nil
}

// tokenize splits a check at white space, and takes parentheses off both ends
// of each word. Parentheses inside a word belong to %(name)s.
func tokenize(text string) []string {
	var tokens []string
	for word := range strings.FieldsSeq(text) {
		inner := strings.TrimLeft(word, "(")
		for range len(word) - len(inner) {
			tokens = append(tokens, "(")
		}
		bare := strings.TrimRight(inner, ")")
		if bare != "" {
			tokens = append(tokens, bare)
		}
		for range len(inner) - len(bare) {
			tokens = append(tokens, ")")
		}
	}
	return tokens
}

// A parser reads tokens by recursive descent: or binds weakest, then and, then
// not.
type parser struct {
	tokens []string
	next   int
}

// done reports whether all tokens have been read.
func (p *parser) done() bool { return p.next == len(p.tokens) }

// accept steps over the next token if it is the word, in any case, and reports
// whether it did.
func (p *parser) accept(word string) bool {
	if p.done() || !strings.EqualFold(p.tokens[p.next], word) {
		return false
	}
	p.next++
	return true
}

// or reads checks of which one must hold.
func (p *parser) or(depth int) (*node, error) {
	return p.join(opOr, "or", depth, p.and)
}

// and reads checks that must all hold.
func (p *parser) and(depth int) (*node, error) {
	return p.join(opAnd, "and", depth, p.unary)
}

// join reads one or more parts with a word between them.
func (p *parser) join(o op, word string, depth int, part func(int) (*node, error)) (*node, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	kids := []*node{first}
	for p.accept(word) {
		kid, err := part(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &node{op: o, kids: kids}, nil
}

// unary reads a check with a not in front, a check in parentheses, or a single
// check.
func (p *parser) unary(depth int) (*node, error) {
	if depth > maxCheckDepth {
		return nil, fmt.Errorf("the check is nested more than %d deep", maxCheckDepth)
	}
	if p.accept("not") {
		kid, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{kid}}, nil
	}
	if p.accept("(") {
		kid, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, errors.New("a parenthesis is not closed")
		}
		return kid, nil
	}
	if p.done() {
		return nil, errors.New("the check ends where a role, a rule or the like should follow")
	}
	p.next++
	return parseOne(p.tokens[p.next-1])
}

// parseOne reads a single check. Checks that ask a remote server are refused:
// such a server could stop or slow down every request.
func parseOne(text string) (*node, error) {
	switch text {
	case "@":
		return &node{op: opTrue}, nil
	case "!":
		return &node{op: opFalse}, nil
	}
	kind, match, ok := strings.Cut(text, ":")
	if !ok {
		return nil, fmt.Errorf("%q is not of the form kind:value", text)
	}
	switch kind {
	case "http", "https":
		return nil, fmt.Errorf("%q asks a remote server, which is not supported", text)
	case "rule":
		if match == "" {
			return nil, fmt.Errorf("%q names no rule", text)
		}
		return &node{op: opRule, rule: Rule(match)}, nil
	}
	right, err := parseTemplate(match)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	if kind == "role" {
		return &node{op: opRole, right: right}, nil
	}
	left, err := parseOperand(kind)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return &node{op: opMatch, left: left, right: right}, nil
}

// parseOperand reads the left side of a match: a literal as in Python, or the
// name of a property of the caller. An unknown name is not an error, as in
// oslo.policy, but equals nothing.
func parseOperand(text string) (operand, error) {
	if text == "" || strings.ContainsAny(text, "()%") {
		return operand{}, fmt.Errorf("%q names nothing of the caller's", text)
	}
	if text[0] == '\'' || text[0] == '"' {
		inner, closed := strings.CutSuffix(text[1:], text[:1])
		if !closed || strings.Contains(inner, text[:1]) {
			return operand{}, fmt.Errorf("%s is not a quotation", text)
		}
		return operand{credLiteral, inner}, nil
	}
	if text == "True" || text == "False" || text == "None" || strings.Trim(text, "0123456789") == "" {
		return operand{credLiteral, text}, nil
	}
	return operand{credentials[text], text}, nil
}

// parseTemplate reads the right side of a check, such as "admin" in role:admin or
// "%(project_id)s" in project_id:%(project_id)s. Text and properties may follow each
// other. An empty right side is an empty template, which expands to nothing.
func parseTemplate(text string) (template, error) {
	var t template
	for text != "" {
		before, after, found := strings.Cut(text, "%")
		if strings.ContainsAny(before, "()") {
			return nil, errors.New("a parenthesis is neither at an end nor part of %(name)s")
		}
		if before != "" {
			t = append(t, part{fieldText, before})
		}
		if !found {
			break
		}
		p, rest, err := parseProperty(after)
		if err != nil {
			return nil, err
		}
		t, text = append(t, p), rest
	}
	return t, nil
}

// parseProperty reads the text after a percent sign up to the end of the
// property, and returns the rest. Python's other conversions, such as %(name)d,
// are errors, and so is a percent sign alone: oslo.policy would fail at the first
// request that asks the rule.
func parseProperty(text string) (p part, rest string, err error) {
	if rest, ok := strings.CutPrefix(text, "%"); ok {
		return part{fieldText, "%"}, rest, nil
	}
	name, rest, ok := strings.Cut(text, ")s")
	name, opened := strings.CutPrefix(name, "(")
	if !ok || !opened || name == "" || strings.ContainsAny(name, "()") {
		return part{}, "", errors.New("a percent sign must be written %%, or begin %(name)s")
	}
	f, known := fields[name]
	if !known {
		f = fieldUnknown
	}
	return part{f, name}, rest, nil
}
