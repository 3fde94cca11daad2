package fake

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// console tells the machine's events as a serial console shows them.
func (m machine) console() []byte {
	var b bytes.Buffer
	var booted time.Time
	for i, e := range m.Events {
		if i == 0 {
			booted = e.At
		}
		story[e.Verb](&b, m, e, int64(e.At.Sub(booted).Seconds()))
		if slices.Contains(boots, e.Verb) {
			booted = e.At
		}
	}
	return b.Bytes()
}

// boots are the verbs that start the machine, and its clock.
var boots = []string{powerOn, softReboot, hardReboot, rescue, unrescue, crashDump}

// story says what the console shows of each verb, so many seconds after the
// machine was started.
var story = map[string]func(b *bytes.Buffer, m machine, e event, uptime int64){
	powerOn:    boot,
	powerOff:   shutDown,
	softReboot: restart,
	hardReboot: boot,
	unrescue:   boot,
	rescue:     bootRescue,
	setPassword: func(b *bytes.Buffer, _ machine, _ event, uptime int64) {
		fmt.Fprintf(b, "[%5d.%06d] qemu-ga[402]: the administrator's password was changed\n", uptime, 0)
	},
	crashDump: func(b *bytes.Buffer, m machine, e event, uptime int64) {
		printk(b, uptime, "Kernel panic - not syncing: NMI: Not continuing", "kdump: saving vmcore", "kdump: saving vmcore complete")
		boot(b, m, e, 0)
	},
	pause:   func(*bytes.Buffer, machine, event, int64) {}, // a stopped processor notices nothing
	unpause: func(*bytes.Buffer, machine, event, int64) {},
	suspend: func(b *bytes.Buffer, _ machine, _ event, uptime int64) {
		printk(b, uptime, "PM: suspend entry (s2idle)", "Freezing user space processes ... done.")
	},
	resume: func(b *bytes.Buffer, _ machine, _ event, uptime int64) {
		printk(b, uptime, "PM: suspend exit", "Restarting tasks ... done.")
	},
}

// boot writes what a small Linux does: a fixed tale with the machine's own
// names and numbers in it.
func boot(b *bytes.Buffer, m machine, e event, _ int64) {
	printk(b, 0,
		"Linux version 6.1.0-fake-amd64 (nova@fake) #1 SMP PREEMPT_DYNAMIC",
		"Command line: root=/dev/vda1 ro console=tty1 console=ttyS0",
		"DMI: OpenStack Foundation OpenStack Nova, UUID "+m.ID,
		"Hypervisor detected: fake ("+m.Instance+")",
		fmt.Sprintf("Memory: %dK/%dK available", m.RAM*1024*15/16, m.RAM*1024),
		fmt.Sprintf("smp: Brought up 1 node, %d CPUs", m.VCPUs),
		"rtc_cmos 00:05: setting system clock to "+e.At.Format("2006-01-02T15:04:05 UTC"),
		fmt.Sprintf("virtio_blk virtio1: [vda] %d 512-byte logical blocks (%d GiB)", m.Disk<<21, m.Disk),
	)
	for i, nic := range m.NICs {
		printk(b, 1, fmt.Sprintf("virtio_net virtio%d eth%d: %s", i+2, i, nic.MAC))
	}
	printk(b, 2, "EXT4-fs (vda1): mounted filesystem with ordered data mode", "Run /sbin/init as init process")
	for i, nic := range m.NICs {
		fmt.Fprintf(b, "ci-info: | eth%d | True | %s | %s |\n", i, strings.Join(nic.IPs, ", "), nic.MAC)
	}
	fmt.Fprintf(b, "cloud-init: instance %s (%s) is up, %s\n", m.ID, m.Name, e.At.Format("Mon, 02 Jan 2006 15:04:05 +0000"))
	fmt.Fprintf(b, "\nFake GNU/Linux 1 %s ttyS0\n\n%s login: \n", m.Hostname, m.Hostname)
}

// bootRescue tells what the machine boots from, and where its own disk is.
func bootRescue(b *bytes.Buffer, m machine, e event, _ int64) {
	own := "vdb"
	if e.Rescue.Device != "" && e.Rescue.Bus != "" { // the other disks stay where they were
		fmt.Fprintf(b, "Booting from %s on %s.\n", e.Rescue.Device, e.Rescue.Bus)
		own = "vda"
	}
	fmt.Fprintf(b, "Rescue image %s; the server's own disk is /dev/%s.\n", e.Rescue.ImageID, own)
	boot(b, m, e, 0)
}

// shutDown is what a guest says that is turned off.
func shutDown(b *bytes.Buffer, _ machine, _ event, uptime int64) {
	halt(b, uptime, "reboot: Power down")
}

// restart is what a guest says that is told to reboot: the end of one life and the
// beginning of the next.
func restart(b *bytes.Buffer, m machine, e event, uptime int64) {
	halt(b, uptime, "reboot: Restarting system")
	boot(b, m, e, 0)
}

// halt writes the last words before a guest stops.
func halt(b *bytes.Buffer, uptime int64, last string) {
	b.WriteString("[  OK  ] Stopped target Multi-User System.\n[  OK  ] Reached target System Shutdown.\n")
	printk(b, uptime, "systemd-shutdown[1]: Syncing filesystems and block devices.", last)
}

// printk writes lines of the kernel, which begin with the seconds since the
// machine was started.
func printk(b *bytes.Buffer, second int64, lines ...string) {
	const step = 41807 // µs: a kernel is never done with anything at once
	for i, line := range lines {
		fmt.Fprintf(b, "[%5d.%06d] %s\n", second, i*step, line)
	}
}

// tail is the end of a text, cut between characters.
func tail(text []byte, most int) []byte {
	if most <= 0 {
		return nil
	}
	if len(text) > most {
		text = text[len(text)-most:]
		for len(text) > 0 && !utf8.RuneStart(text[0]) {
			text = text[1:]
		}
	}
	return text
}
