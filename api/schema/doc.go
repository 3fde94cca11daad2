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
// Nova judged by JSON Schema draft 4 up to 2.93 and has judged by a newer one
// since; the messages are those of 2.93. Where this package differs on purpose:
//
//   - `$` in a pattern is the end of the text, not also the place before a
//     final newline.
//   - Keys inside a value that is quoted back come sorted, not as they were
//     sent; so do those of "Additional properties are not allowed".
//   - The pattern of printable text is quoted in its short form.
//   - Numbers that no double can hold are malformed.
//   - An rxtx_factor between 0 and 1 is good as a number too, not only as a
//     string.
//   - What Nova began to take or refuse without a new version is as it is
//     now: hyphens in device names, a list as the hint "group", quotas of
//     networks, quota sets that are no object.
package schema
