package config

import (
	"fmt"
	"io"
	"strings"
)

// hidden stands for a secret.
const hidden = "****"

// width is how long a line of help may be.
const width = 78

// WriteReference prints every option with type, default, environment variable
// and meaning, for a terminal.
func WriteReference(w io.Writer) error {
	var b strings.Builder
	for i, s := range Sections() {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintf(&b, "[%s]\n", s.Name)
		wrap(&b, "  ", s.About)
		for _, o := range s.Options {
			fmt.Fprintf(&b, "\n  %s (%s)\n", o.Name, o.kind())
			fmt.Fprintf(&b, "      default: %s\n", orNone(o.Default))
			fmt.Fprintf(&b, "      environment: %s\n", key{s.Name, o.Name}.env())
			wrap(&b, "      ", o.Help)
		}
	}
	return flush(w, &b)
}

// WriteSample writes a configuration file in which all options stand, with
// their defaults, commented out.
func WriteSample(w io.Writer) error {
	var b strings.Builder
	wrap(&b, "# ", "Configuration of nova-api, in nova.conf's form. What is commented out shows the default. A value may refer to another option as $name or ${section.name}; a dollar sign is $$.")
	for _, s := range Sections() {
		fmt.Fprintf(&b, "\n[%s]\n", s.Name)
		wrap(&b, "# ", s.About)
		for _, o := range s.Options {
			fmt.Fprintln(&b)
			wrap(&b, "# ", o.Help+" ("+o.kind()+")")
			fmt.Fprintln(&b, strings.TrimRight("#"+o.Name+" = "+o.Default, " "))
		}
	}
	return flush(w, &b)
}

// WriteMarkdown writes docs/configuration.md.
func WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprint(&b, markdownHead)
	for _, s := range Sections() {
		fmt.Fprintf(&b, "\n## [%s]\n\n%s\n\n", s.Name, s.About)
		fmt.Fprint(&b, "| option | type | default | meaning |\n|---|---|---|---|\n")
		for _, o := range s.Options {
			value := ""
			if o.Default != "" {
				value = "`" + o.Default + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, o.kind(), value, o.Help)
		}
	}
	return flush(w, &b)
}

const markdownHead = `# Configuration

<!-- Generated from the tables in internal/config: go test ./internal/config -update -->

Options are written in nova.conf's own form, with Nova's sections and names
wherever Nova has the option. They are taken, each overriding the one before,
from

1. the defaults below;
2. files: ` + "`--config FILE`" + `, which may be given several times;
3. the environment: ` + "`NOVA_<SECTION>_<OPTION>`" + ` in capitals, such as ` + "`NOVA_DATABASE_CONNECTION`" + `,
   ` + "`NOVA_DEFAULT_DEBUG`" + `, ` + "`NOVA_NOVA_API_WORKERS`" + `; an empty variable counts as not set;
4. flags: ` + "`--listen`, `--state-dir`, `--debug`, `--set section.option=value`" + `.

In a file, a value may refer to another option as ` + "`$name` or `${section.name}`" + `; a
dollar sign is ` + "`$$`" + `. An option that isn't known is a warning, so that Nova's own
files can be used; a bad value is an error unless it is overridden. ` + "`nova-api config --show`" + ` prints what is
in effect and where it came from, ` + "`nova-api config --sample FILE`" + ` writes a file to
start from.

` + "`NOVA_BOOTSTRAP_PASSWORD`" + ` isn't an option of a file: it is the password of the
users that the first start creates. Without it a random one is made.
`

// Show prints the effective values, in the form of a file, with their sources
// if it isn't a default. Secrets are hidden.
func (c *Config) Show(w io.Writer) error {
	var b strings.Builder
	for i, s := range Sections() {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintf(&b, "[%s]\n", s.Name)
		for _, o := range s.Options {
			if from, ok := c.from[key{s.Name, o.Name}]; ok {
				fmt.Fprintf(&b, "# from %s\n", from)
			}
			fmt.Fprintln(&b, strings.TrimRight(o.show(c), " "))
		}
	}
	return flush(w, &b)
}

// show writes the option as a file has it, or as a comment if it is a secret.
func (o Option) show(c *Config) string {
	text := format(o.at(c))
	if o.Secret && text != "" {
		return "# " + o.Name + " = " + hidden
	}
	return o.Name + " = " + strings.NewReplacer("\n", "\n  ", "$", "$$").Replace(text)
}

// flush writes what was put together, so that a failure is met once, at the end.
func flush(w io.Writer, b *strings.Builder) error {
	_, err := io.WriteString(w, b.String())
	return err
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// wrap writes text in lines that begin with a prefix.
func wrap(w *strings.Builder, prefix, text string) {
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width && line != prefix {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = prefix
		}
		line += word + " "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}
