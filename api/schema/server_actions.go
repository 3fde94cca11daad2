package schema

import "encoding/json"

// The actions of a server that take no arguments. What is sent for one is not
// looked at.
var (
	Start             = argless("os-start")
	Stop              = argless("os-stop")
	Pause             = argless("pause")
	Unpause           = argless("unpause")
	Suspend           = argless("suspend")
	Resume            = argless("resume")
	Unlock            = argless("unlock")
	Unrescue          = argless("unrescue")
	Shelve            = argless("shelve")
	ShelveOffload     = argless("shelveOffload")
	Restore           = argless("restore")
	ForceDelete       = argless("forceDelete")
	ConfirmResize     = argless("confirmResize")
	RevertResize      = argless("revertResize")
	InjectNetworkInfo = argless("injectNetworkInfo")
)

// The actions that must be sent null.
var (
	TriggerCrashDump = action("trigger_crash_dump", None)
	ForceComplete    = action("force_complete", None) // of a migration
)

// The actions that change the power, the lock or the state of a server.
var (
	Reboot           = action("reboot", Object(Prop("type", rebootType).Required()))
	Lock             = NewBody(Object(lockUntil72, lockSince73)).Since(1)
	ResetState       = action("os-resetState", Object(Prop("state", Enum("active", "error")).Required()))
	GetConsoleOutput = action("os-getConsoleOutput", Object(Prop("length", consoleLength)))
	ChangePassword   = action("changePassword", Object(Prop("adminPass", String).Required()))
)

var (
	rebootType    = Enum("HARD", "Hard", "hard", "SOFT", "Soft", "soft")
	consoleLength = IntOrString.OrNull().Pattern(`^-?[0-9]+$`).Minimum(-1)

	lockUntil72 = Prop("lock", Any).Required().Until(72)
	lockSince73 = Prop("lock", Object(Prop("locked_reason", Label)).OrNull()).Required().Since(73)
)

// action is the body of an action that takes these arguments.
func action(name string, arguments Schema) *Body {
	return NewBody(Object(Prop(name, arguments).Required()))
}

// looseAction is an action that other keys may stand beside, as far as its
// schema is concerned.
func looseAction(name string, arguments Schema) *Body {
	return NewBody(OpenObject(Prop(name, arguments).Required()))
}

// argless is the body of an action without arguments. Whatever is sent for them
// passes.
func argless(name string) *Body { return action(name, Any) }

// NoArguments is an action without arguments, decoded.
type NoArguments struct{}

// RebootBody is Reboot, decoded.
type RebootBody struct {
	Reboot struct {
		Type string `json:"type"` // hard or soft, in any case
	} `json:"reboot"`
}

// LockBody is Lock, decoded.
type LockBody struct {
	Lock Loose[struct {
		Reason string `json:"locked_reason"` // "": none
	}] `json:"lock"`
}

// ResetStateBody is ResetState, decoded.
type ResetStateBody struct {
	Reset struct {
		State string `json:"state"` // active or error
	} `json:"os-resetState"`
}

// GetConsoleOutputBody is GetConsoleOutput, decoded.
type GetConsoleOutputBody struct {
	Output struct {
		Length Loose[*Int] `json:"length"` // lines; nil or -1: all, as is a number that nobody could count to
	} `json:"os-getConsoleOutput"`
}

// ChangePasswordBody is ChangePassword, decoded.
type ChangePasswordBody struct {
	Password struct {
		AdminPass string `json:"adminPass"`
	} `json:"changePassword"`
}

// A Loose value is unchecked in some versions. A value that can't be
// read as a T is dropped.
type Loose[T any] struct{ Value T }

// UnmarshalJSON reads the value, if it can.
func (l *Loose[T]) UnmarshalJSON(data []byte) error {
	var value T
	if json.Unmarshal(data, &value) == nil {
		l.Value = value
	}
	return nil
}
