package db

import "sync"

// wakeups carries word from those who queue work to those who wait for it, in
// this process.
type wakeups struct {
	mu      sync.Mutex
	waiting chan struct{}
}

func newWakeups() *wakeups { return &wakeups{waiting: make(chan struct{})} }

// wait gives a channel that is closed at the next wake.
func (w *wakeups) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}

// wake closes the channel that everybody waits for.
func (w *wakeups) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.waiting)
	w.waiting = make(chan struct{})
}
