package rows

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// boundUnconfirmed sets on a socket how long what was sent may stay unconfirmed.
func boundUnconfirmed(network, _ string, conn syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unconfirmed.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
