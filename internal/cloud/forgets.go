package cloud

import "sync"

// maxForgotten bounds the users whose revocations are remembered one by one.
const maxForgotten = 10_000

// forgets tells answers about tokens from before a revocation from answers from
// after it. It counts revocations: an answer is from before one if the question
// was asked when the count was lower. So an answer that is on its way while the
// revocation comes is known for what it is whenever it arrives.
type forgets struct {
	mu        sync.RWMutex
	count     int64
	everybody int64            // the count at the last revocation of all users' tokens
	users     map[string]int64 // the count at the last revocation of a user's tokens
}

func newForgets() *forgets { return &forgets{users: map[string]int64{}} }

// now is the count for a question that is about to be asked.
func (f *forgets) now() int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.count
}

// forget counts a revocation: of a user's tokens, or of all if userID is empty.
func (f *forgets) forget(userID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if userID == "" || len(f.users) >= maxForgotten {
		f.everybody = f.count
		clear(f.users)
		return
	}
	f.users[userID] = f.count
}

// cover reports whether a verdict is from before a revocation that concerns it.
func (f *forgets) cover(v *verdict) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return v.askedAt < f.everybody || v.askedAt < f.users[v.caller.UserID]
}
