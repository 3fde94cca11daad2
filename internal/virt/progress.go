package virt

import "context"

type progressKey struct{}

// WithProgress is a context for a verb that may take long: the driver tells how
// far it is, in percent, between 0 and 100. tell is called by the goroutine that
// called the driver.
func WithProgress(ctx context.Context, tell func(percent int)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// Progress is where a driver tells how far a verb is: nil if nobody wants to
// know.
func Progress(ctx context.Context) (tell func(percent int)) {
	tell, _ = ctx.Value(progressKey{}).(func(percent int))
	return tell
}

type hurryKey struct{}

// WithHurry is a context for a verb that takes long and is to end soon, at the server's
// cost, once the channel is closed.
func WithHurry(ctx context.Context, hurry <-chan struct{}) context.Context {
	return context.WithValue(ctx, hurryKey{}, hurry)
}

// Hurry is closed once a verb is to end soon. It is nil, and so never, if nobody will
// ask for that.
func Hurry(ctx context.Context) <-chan struct{} {
	hurry, _ := ctx.Value(hurryKey{}).(<-chan struct{})
	return hurry
}
