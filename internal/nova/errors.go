package nova

import (
	"errors"
	"fmt"
)

// A Kind says what sort of failure an Error is. The API's edge turns kinds
// into HTTP statuses and fault names; nothing else knows those.
type Kind int

// The kinds of error. Internal is the zero value: an error without a kind is
// a fault of ours, and its text is never shown to a client.
const (
	Internal        Kind = iota // a fault of ours
	Invalid                     // the request can't be understood or carried out as it stands
	Unauthorized                // the caller is not known
	Forbidden                   // the caller may not do this
	NotFound                    // there is no such thing
	Conflict                    // the thing is not in a state that allows this
	OverQuota                   // the project has used up what it may use
	TooLarge                    // the request is larger than we read
	BadMediaType                // the body is of a type that we don't read
	NotAcceptable               // no such version
	Gone                        // the operation existed once
	NotImplemented              // the driver can't do this
	Unavailable                 // a service that we need can't be reached
	Failed                      // the host could not do it
	MultipleChoices             // several answers fit
)

// An Error is a failure with a kind, and a message that a client may see.
type Error struct {
	Kind    Kind
	Message string
	err     error
}

// Error is the message, with the cause behind it where there is one.
func (e *Error) Error() string {
	if e.err != nil {
		return e.Message + ": " + e.err.Error()
	}
	return e.Message
}

// Unwrap gives the cause, which is for logs only.
func (e *Error) Unwrap() error { return e.err }

// Errorf makes an Error. Its text goes to the client as it is.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Because makes an Error whose cause is logged but not shown.
func Because(cause error, kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), err: cause}
}

// KindOf finds the kind of err: Internal if it has none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is of a kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Message is the text of err that a client may see: empty for a fault of ours.
func Message(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Internal {
		return e.Message
	}
	return ""
}
