// Command nova-api serves the OpenStack compute API.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/nova"
)

// program is the command line: a field for each subcommand.
type program struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Serve the compute API. This is what happens without a command, too."`
	DB      dbCommand      `cmd:"" name:"db" help:"Look after the database."`
	Host    hostCommand    `cmd:"" help:"Look at the hosts."`
	Service serviceCommand `cmd:"" help:"Look after the services."`
	Config  configCommand  `cmd:"" help:"Print every option with type, default and meaning; or what is in effect; or write a sample file."`
	Policy  policyCommand  `cmd:"" help:"Print the rules of who may do what, as a sample policy.yaml."`
	Version versionCommand `cmd:"" help:"Print the version of the program, and of the API it speaks."`
	Health  healthCommand  `cmd:"" help:"Ask a running server whether it is ready; the exit code is 0 if it is."`
}

const description = `A compute API that the stock nova and openstack commands drive.

Without a configuration it needs nothing else: it keeps its data in ./state, and identity, image and network services are bundled.

Options come from files (--config), then the environment (NOVA_<SECTION>_<OPTION>), then flags; the last one wins. "nova-api config" prints them all.`

// A process is the operating system's side of a command: arguments, environment
// and output.
type process struct {
	args    []string
	environ []string
	stdout  io.Writer
	stderr  io.Writer
}

// warn prints lines to standard error. If that fails, there is nobody to tell.
func (p process) warn(lines []string) {
	for _, line := range lines {
		_, _ = fmt.Fprintln(p.stderr, line)
	}
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it didn't work
	exitUsage  = 2 // the command line or the configuration is wrong
)

func main() {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	// The first signal ends the process in order. From then on signals have their
	// default effect again, so a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, process{os.Args[1:], os.Environ(), os.Stdout, os.Stderr}))
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, p process) int {
	exited := -1
	parser, err := kong.New(new(program),
		kong.Name("nova-api"), kong.Description(description),
		kong.Writers(p.stdout, p.stderr), kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(p))
	if err != nil {
		panic(err) //nolint:forbidigo // the struct above is wrong
	}
	command, err := parser.Parse(p.args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err == nil {
		err = command.Run()
	} else {
		err = usageError{err}
	}
	return report(p, err)
}

// A usageError says that the command line or the configuration is wrong.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// A hint tells the operator what to do about an error.
type hint struct {
	about func(error) bool
	say   string
}

// hints are tried in order. The first that applies is printed.
var hints = []hint{
	{as[usageError], "See nova-api --help for the flags, and nova-api config for the options and what they accept."},
	{is(syscall.EADDRINUSE), "Something listens there already: choose another address with --listen."},
	{is(rows.ErrInUse), "Stop that process first, or choose another directory with --state-dir or another database with --set database.connection=URL."},
	{anyOf(rows.ErrFull, syscall.ENOSPC), "Make room on the disk, or keep the data on another one with --state-dir. Nothing that was acknowledged is lost."},
	{is(rows.ErrDamaged), "Restore the file from a backup; or move it away, with the files of the same name that end in -wal and -shm, to begin with an empty one."},
	{is(rows.ErrForeign), "Choose another file or database with --state-dir or --set database.connection=URL: this one is left as it is."},
	{is(rows.ErrNewer), "Run the version of nova-api that the database belongs to, or a later one; or restore a backup from before that version."},
	{anyOf(rows.ErrReadOnly, rows.ErrDisk, syscall.EROFS), "Is the file system mounted read-only, or its disk broken? --state-dir keeps the data elsewhere."},
	{is(fs.ErrPermission), "Run as a user who may do that, or choose another directory with --state-dir or another address with --listen."},
	{is(fs.ErrExist), "Choose another name, or remove the file first."},
	{unavailable, "Is the service up, and its address right? nova-api config --show prints the addresses in use."},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func anyOf(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func unavailable(err error) bool { return nova.Is(err, nova.Unavailable) }

// report prints an error with its hint, and returns the exit code. A wrong command
// line has a code of its own, so that scripts can tell it from a failure.
func report(p process, err error) int {
	if err == nil {
		return exitOK
	}
	lines := []string{"nova-api: " + err.Error()}
	if i := slices.IndexFunc(hints, func(h hint) bool { return h.about(err) }); i >= 0 {
		lines = append(lines, hints[i].say)
	}
	p.warn(lines)
	if as[usageError](err) {
		return exitUsage
	}
	return exitFailed
}

// serveCommand is `nova-api serve`.
type serveCommand struct {
	settings
	running
	Role []string `placeholder:"ROLE" help:"A part that this process plays: api, scheduler or compute. May be given several times. By default all of them."`
}

// flags are what the command adds to the sources of the configuration.
func (s *serveCommand) flags(in *config.Inputs) error {
	if len(s.Role) > 0 {
		in.Flags = append(in.Flags, config.Flag("--role", "nova_api", "roles", strings.Join(s.Role, ",")))
	}
	return nil
}

// Run serves until the context ends.
func (s *serveCommand) Run(ctx context.Context, p process) error {
	cfg, warnings, err := load(p, s.settings.flags, s.running.flags, s.flags)
	if err != nil {
		return err
	}
	log := newLogger(cfg, p.stderr)
	for _, w := range warnings {
		log.Warn().Msg(w)
	}
	return serve(ctx, cfg, log)
}

// newLogger makes the log in the configured form and level.
func newLogger(cfg *config.Config, w io.Writer) zerolog.Logger {
	file, ok := w.(*os.File)
	terminal := ok && isatty.IsTerminal(file.Fd())
	if format := cfg.NovaAPI.LogFormat; format == "console" || (format == "auto" && terminal) {
		w = zerolog.ConsoleWriter{Out: w, NoColor: !terminal, TimeFormat: time.TimeOnly}
	}
	level := zerolog.InfoLevel
	if cfg.Debug {
		level = zerolog.DebugLevel
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}
