// Package schema describes the bodies and queries of requests. Each is written
// once, for all versions, in words such as Object, Prop, Since and Until. On
// first use, the words become one plain JSON Schema document (draft 2020-12) for
// each span of versions, and requests are checked against that.
//
// A file of the package holds the bodies of one resource and the Go types that
// they are decoded into. A failure is a nova.Invalid error with the text that
// Nova's clients know. Tests compare with the answers of Nova 34's own schemas
// and validators, fill every property and decode it, and find schemas that no
// controller uses.
//
// The package differs from Nova on purpose in these points:
//
//   - `$` in a pattern is the end of the text, and not also the place before a
//     final newline.
//   - The pattern of printable text is quoted in its short form.
//   - A number that no double can hold is malformed unless the schema refuses
//     it first.
//   - Regular expressions in queries are those that PostgreSQL and Go read alike.
package schema
