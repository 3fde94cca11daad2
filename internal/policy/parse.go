package policy

import (
	"errors"
	"fmt"
	"strings"
)

// Limits on one check. They are far beyond what anybody writes, and keep the
// tree's depth, and so the evaluator's stack, small.
const (
	maxCheckLength = 64 << 10
	maxCheckDepth  = 100
)

// parse reads a check in oslo.policy's language. An empty one permits
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

// tokenize splits a check at white space, and parentheses off the ends of its
// words: those inside belong to %(name)s.
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

// A parser descends recursively: or binds weakest, then and, then not.
type parser struct {
	tokens []string
	next   int
}

func (p *parser) done() bool { return p.next == len(p.tokens) }

// took steps over the next token if it is word, in any case.
func (p *parser) took(word string) bool {
	if p.done() || !strings.EqualFold(p.tokens[p.next], word) {
		return false
	}
	p.next++
	return true
}

func (p *parser) or(depth int) (*node, error) {
	return p.join(opOr, "or", depth, p.and)
}

func (p *parser) and(depth int) (*node, error) {
	return p.join(opAnd, "and", depth, p.unary)
}

// join reads parts with a word between them.
func (p *parser) join(o op, word string, depth int, part func(int) (*node, error)) (*node, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	kids := []*node{first}
	for p.took(word) {
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

func (p *parser) unary(depth int) (*node, error) {
	if depth > maxCheckDepth {
		return nil, fmt.Errorf("the check is nested more than %d deep", maxCheckDepth)
	}
	if p.took("not") {
		kid, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{kid}}, nil
	}
	if p.took("(") {
		kid, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.took(")") {
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

// parseOne reads a check without and, or, not and parentheses around it.
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
// name of a property of the caller.
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

// parseTemplate reads the right side of a check.
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

// parseProperty reads what follows a percent sign, and gives what is left.
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
