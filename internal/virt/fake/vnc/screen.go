// Package vnc is the console of a fake server: a small RFB (VNC) server, and a
// serial line, that show the server's name and state and type back what is
// typed. The protocol is RFC 6143.
//
// Nothing here asks who the client is: only the proxy connects, and it has checked
// the token before. A hypervisor's own VNC server is reached in the same way.
package vnc

import (
	"fmt"
	"strings"
	"sync"
)

// The size of the screen: in characters, and in pixels.
const (
	Columns = 80
	Rows    = 25
	Width   = Columns * cellWidth
	Height  = Rows * cellHeight
)

// cellWidth and cellHeight are of a character of basicfont.Face7x13, in pixels.
const cellWidth, cellHeight = 7, 13 // of a character, in pixels

// headerRows is the number of rows that say which server this is.
const headerRows = 3

// A Screen is the terminal of one server. Any number of sessions may show it
// and type on it at the same time.
type Screen struct {
	describe func() (name, state string)

	mu      sync.Mutex
	typed   [][]rune      // one slice a line, the last one being typed
	changed chan struct{} // closed at the next change
}

// NewScreen makes an empty screen. describe is asked for the server's name and
// state each time the screen is drawn, so it must be quick.
func NewScreen(describe func() (name, state string)) *Screen {
	return &Screen{describe: describe, typed: [][]rune{nil}, changed: make(chan struct{})}
}

// The characters that do something instead of being shown.
const (
	enter     = '\r'
	backspace = '\b'
)

// Type takes one character from the keyboard. A full line goes on below, and the
// oldest lines leave at the top.
func (s *Screen) Type(r rune) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.typed) - 1
	switch line := s.typed[last]; {
	case r == enter:
		s.typed = append(s.typed, nil)
	case r == backspace:
		if len(line) > 0 {
			s.typed[last] = line[:len(line)-1]
		}
	case len(line) == Columns:
		s.typed = append(s.typed, []rune{r})
	default:
		s.typed[last] = append(line, r)
	}
	// A copy, since a slice of the old lines would keep all of them in memory.
	if over := len(s.typed) - (Rows - headerRows); over > 0 {
		s.typed = append([][]rune(nil), s.typed[over:]...)
	}
	// Everybody who waits is woken by this one, and waits for the next.
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed gives a channel that is closed when somebody types. Get it before
// reading the screen: a change in between would be missed otherwise.
func (s *Screen) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Name is the server's name, as a session's title.
func (s *Screen) Name() string {
	name, _ := s.describe()
	return name
}

// Lines is what the screen shows: Rows lines of no more than Columns
// characters.
func (s *Screen) Lines() [Rows]string {
	name, state := s.describe()
	var lines [Rows]string
	lines[0] = clip("server: " + name)
	lines[1] = clip("state:  " + state)
	s.mu.Lock()
	defer s.mu.Unlock()
	below := lines[headerRows:]
	for i, line := range s.typed[:min(len(s.typed), len(below))] {
		below[i] = string(line)
	}
	return lines
}

// banner is how a serial line greets.
func (s *Screen) banner() string {
	name, state := s.describe()
	return fmt.Sprintf("server: %s\r\nstate:  %s\r\n\r\n", name, state)
}

// clip keeps a line within the screen, and leaves out what has no shape.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > Columns {
		return string(runes[:Columns])
	}
	return text
}
