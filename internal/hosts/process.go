package hosts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A Process says which process holds a host, and lets others tell whether it is
// dead: certainly only if they are on the same machine.
type Process struct {
	ID      string // no other process, before or after, has the same
	Machine string // the name of the machine, for people
	PID     int
	Space   string // where the PID counts: the boot of the machine and its namespace of PIDs; empty if unknown
	Started string // when the process was started, in the kernel's count
}

// ThisProcess describes the process that asks.
func ThisProcess(id, machine string) Process {
	p := Process{ID: id, Machine: machine, PID: os.Getpid()}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return p
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return p
	}
	p.Space, p.Started = strings.TrimSpace(string(boot))+"/"+namespace, started(p.PID)
	return p
}

// String is the process as it is written down.
func (p Process) String() string {
	return strings.Join([]string{p.ID, strconv.Itoa(p.PID), p.Space, p.Started, p.Machine}, " ")
}

// HolderInWords tells people which process the holder of a service is: its PID and its
// machine. Empty is nobody.
func HolderInWords(holder string) string {
	p := parseProcess(holder)
	if p.PID == 0 {
		return holder
	}
	return fmt.Sprintf("%d on %s", p.PID, p.Machine)
}

// parseProcess reads what String has written.
func parseProcess(text string) Process {
	const number = 5
	parts := strings.SplitN(text, " ", number)
	if len(parts) != number {
		return Process{ID: text}
	}
	pid, _ := strconv.Atoi(parts[1]) // 0, which is nobody's, if that fails
	return Process{ID: parts[0], PID: pid, Space: parts[2], Started: parts[3], Machine: parts[4]}
}

// isDead reports whether a process is known to have ended. A process whose PID
// belongs to another one now has ended too.
func (p Process) isDead(here Process) bool {
	if p.PID == 0 || p.Space == "" || p.Space != here.Space {
		return false
	}
	return errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH) || started(p.PID) != p.Started
}

// started is when a process was started, in clock ticks since the machine was:
// field 22 of /proc/<pid>/stat. The name of the program, in parentheses, may
// hold spaces.
func started(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	const startTime = 22 - 3 // what follows the name begins with field 3
	if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > startTime {
		return fields[startTime]
	}
	return ""
}
