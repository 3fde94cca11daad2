// Package schema says what a request may hold. Each body and each query is
// written once, for all versions, in words such as Object, Prop, Since and
// Until; the words are turned into one plain JSON Schema document (draft
// 2020-12) per span of versions, on first use, and requests are checked
// against that.
//
// A file of the package holds the bodies of one resource and the Go types
// that they are decoded into. A failure is a nova.Invalid error whose text is
// the one that Nova's clients know.
//
// Where this differs from Nova on purpose:
//
//   - `$` in a pattern is the end of the text, not also the place before a
//     final newline.
//   - A client learns of the first failure in the order of the schema. Keys
//     inside a value that is quoted back come sorted, not as they were sent.
//   - Numbers that no double can hold are malformed.
package schema
