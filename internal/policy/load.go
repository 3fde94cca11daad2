package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options are the settings of an Enforcer. Start from Defaults.
type Options struct {
	// EnforceScope refuses tokens of a system's or a domain's scope, which
	// belong to no project.
	EnforceScope bool
	// EnforceNewDefaults tells readers, members and managers apart. Without
	// it, a rule that has no override allows besides what it allowed before
	// there were such roles.
	EnforceNewDefaults bool
	// Files override the defaults; the later ones override the earlier.
	Files []File
}

// Defaults are the options of an operator who has set none: those of Nova.
func Defaults() Options {
	return Options{EnforceScope: true, EnforceNewDefaults: true}
}

// Load makes an Enforcer as New does, with the files at paths after those in
// the options. The error is an fs.ErrNotExist for a file that is not there.
func Load(o Options, paths ...string) (e *Enforcer, warnings []string, err error) {
	o.Files = slices.Clone(o.Files)
	var faults []error
	for _, path := range paths {
		f, err := read(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		o.Files = append(o.Files, f)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, nil, err
	}
	return New(o)
}

// New makes an Enforcer from the table of rules and the overrides in the files.
// The warnings are about lines that have no effect, and are meant for the log.
// The error holds all faults of all files, each with its file, line and rule.
func New(o Options) (e *Enforcer, warnings []string, err error) {
	b := builder{rules: map[Rule]*definition{}, overrides: map[Rule]override{}}
	b.readFiles(o.Files)
	b.readTable()
	b.applyOverrides()
	b.applyRetirements(!o.EnforceNewDefaults)
	b.link()
	b.findCycles()
	if len(b.faults) > 0 {
		return nil, nil, errors.Join(b.faults...)
	}
	b.warn()
	e = &Enforcer{rules: make(map[Rule]verdict, len(b.rules)), enforceScope: o.EnforceScope}
	for rule, d := range b.rules {
		e.rules[rule] = verdict{check: d.check, scoped: d.scoped}
	}
	e.admin = e.rules[ContextIsAdmin].check
	return e, b.warnings, nil
}

// A builder makes an Enforcer in the steps of New. It goes on after a fault, so
// that an operator reads all of them at once.
type builder struct {
	rules     map[Rule]*definition
	overrides map[Rule]override
	warnings  []string
	faults    []error
}

// A definition is a rule on its way into the Enforcer.
type definition struct {
	check  *node
	where  string // the override's file and line; empty for a default
	scoped bool   // whether the rule stands for operations
	ours   bool   // whether the rule is in the table
	used   bool   // whether another rule refers to it
	mark   mark
}

// A mark says how far the search for cycles has come with a rule.
type mark uint8

const (
	notVisited mark = iota
	onPath
	visited
)

// readFiles collects the overrides. Later files win.
func (b *builder) readFiles(files []File) {
	for _, f := range files {
		overrides, err := parseFile(f)
		if err != nil {
			b.faults = append(b.faults, err)
		}
		maps.Copy(b.overrides, overrides)
	}
}

// readTable defines the rules of the table by their defaults.
func (b *builder) readTable() {
	for _, entry := range base {
		b.define(entry, false)
	}
	for _, entry := range scoped() {
		b.define(entry, true)
	}
}

// define adds a rule by its default. A default that can't be read is a mistake
// in the table, which a test finds.
func (b *builder) define(entry Entry, scoped bool) {
	check, err := parse(entry.Check)
	if err != nil {
		b.faults = append(b.faults, fmt.Errorf("default of rule %q: %w", entry.Rule, err))
		return
	}
	b.rules[entry.Rule] = &definition{check: check, scoped: scoped, ours: true}
}

// applyOverrides replaces defaults by overrides. A name that the table does not
// have becomes a rule, too, since other rules of the file may refer to it.
func (b *builder) applyOverrides() {
	for rule, o := range b.overrides {
		d, ok := b.rules[rule]
		if !ok {
			d = &definition{}
			b.rules[rule] = d
		}
		d.check, d.where = o.check, o.where
	}
}

// applyRetirements lets the override of a retired rule stand for the rules that
// replaced it. With keepOld, these rules also allow what the old default
// allowed.
func (b *builder) applyRetirements(keepOld bool) {
	for _, r := range retirements {
		o, overridden := b.overrides[r.was]
		overridden = overridden && !sameText(o.text, r.old)
		for _, rule := range r.now {
			if _, ok := b.overrides[rule]; ok {
				continue
			}
			d := b.rules[rule]
			switch {
			case overridden && !sameText(o.text, "rule:"+string(rule)):
				d.check, d.where = &node{op: opRule, rule: r.was}, o.where
			case keepOld:
				d.check = &node{op: opOr, kids: []*node{d.check, b.parseOld(r)}}
			}
		}
	}
}

// parseOld reads the old default of a retirement.
func (b *builder) parseOld(r retirement) *node {
	check, err := parse(r.old)
	if err != nil {
		b.faults = append(b.faults, fmt.Errorf("old default of rule %q: %w", r.was, err))
		return &node{}
	}
	return check
}

// sameText compares two checks as text, without their white space.
func sameText(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

// link gives references to rules the checks of those rules, so that no name is
// looked up while a request is decided.
func (b *builder) link() {
	for _, rule := range b.names() {
		d := b.rules[rule]
		d.check.walk(func(n *node) {
			if n.op != opRule {
				return
			}
			to, ok := b.rules[n.rule]
			if !ok {
				b.fault(rule, fmt.Sprintf("refers to rule %q, which is not there", n.rule))
				return
			}
			to.used = true
			n.kids = []*node{to.check}
		})
	}
}

// findCycles finds rules that refer to themselves, over however many others.
// Such a rule would never come to an answer.
func (b *builder) findCycles() {
	for _, rule := range b.names() {
		b.visit(rule, nil)
	}
}

// visit follows the references of a rule, depth first. A rule that is met again
// on the way to itself closes a cycle; one that was left behind can be in none. The path holds the rules on the way
// to it.
func (b *builder) visit(rule Rule, path []string) {
	d, ok := b.rules[rule]
	if !ok || d.mark == visited {
		return
	}
	path = append(path, string(rule))
	if d.mark == onPath {
		b.fault(rule, "refers to itself: "+strings.Join(path[slices.Index(path, string(rule)):], " → "))
		return
	}
	d.mark = onPath
	d.check.walk(func(n *node) {
		if n.op == opRule {
			b.visit(n.rule, path)
		}
	})
	d.mark = visited
}

// fault notes a fault with the place where an operator can mend it.
func (b *builder) fault(rule Rule, what string) {
	where := b.rules[rule].where
	if where == "" {
		where = "defaults"
	}
	b.faults = append(b.faults, fmt.Errorf("%s: rule %q: %s", where, rule, what))
}

// warn notes overrides that have no effect, and those that compare properties
// that nothing has.
func (b *builder) warn() {
	for _, rule := range slices.Sorted(maps.Keys(b.overrides)) {
		o := b.overrides[rule]
		if d := b.rules[rule]; !d.ours && !d.used {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: there is no rule %q, and none refers to it", o.where, rule))
		}
		for _, name := range unknown(o.check) {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: rule %q: nothing is known as %q, so it matches nothing", o.where, rule, name))
		}
	}
}

// unknown lists the properties in a check that neither callers nor targets
// have.
func unknown(check *node) []string {
	var names []string
	check.walk(func(n *node) {
		if n.op == opMatch && n.left.cred == credUnknown {
			names = append(names, n.left.text)
		}
		for _, p := range n.right {
			if p.field == fieldUnknown {
				names = append(names, "%("+p.text+")s")
			}
		}
	})
	return names
}

// names returns the rules in a fixed order, which gives messages one.
func (b *builder) names() []Rule { return slices.Sorted(maps.Keys(b.rules)) }
