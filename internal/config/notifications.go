package config

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"
)

// Notifications are the sections [notifications] and [oslo_messaging_notifications]:
// what is told of to other programs, and how.
type Notifications struct {
	StateChanges string // whether instance.update is told of: empty, StateChange or TaskChange
	Format       string
	Topics       []string
	BlockDevices bool // instances are told of with their volumes
	Driver       string
	Transport    string // rabbit://…; empty: that of [DEFAULT]
	Retries      int    // below 0: for ever
	Bus          Bus
}

// A Bus is the section [oslo_messaging_rabbit], and what [DEFAULT] says of the message
// bus.
type Bus struct {
	Transport string
	Exchange  string
	Durable   bool
	SSL       bool
	CAFile    string
	CertFile  string
	KeyFile   string
	Heartbeat time.Duration
}

// The values of [notifications] notify_on_state_change.
const (
	StateChange = "vm_state"
	TaskChange  = "vm_and_task_state"
)

// The values of [notifications] notification_format, and the driver that sends.
const (
	versioned   = "versioned"
	unversioned = "unversioned"
	bothFormats = "both"
	messagingV2 = "messagingv2"
)

// Enabled reports whether there are notifications.
func (n Notifications) Enabled() bool { return n.Driver == messagingV2 && n.Format != unversioned }

// Missing reports whether only notifications are wanted that there are none of.
func (n Notifications) Missing() bool { return n.Driver == messagingV2 && n.Format == unversioned }

var notificationOptions = []Option{
	{
		Name: "notify_on_state_change", Accepts: maybe(oneOf(StateChange, TaskChange)), at: func(c *Config) any { return &c.Notifications.StateChanges },
		Help: "Whether `instance.update` is sent when a server changes. It shows the states before and after: with `vm_state`, tasks only as they are.",
	},
	// The default is Nova's. There are no unversioned notifications, so it means none.
	{
		Name: "notification_format", Default: unversioned, Accepts: oneOf(versioned, bothFormats, unversioned), at: func(c *Config) any { return &c.Notifications.Format },
		Help: "`versioned` for notifications as versioned objects. Unversioned ones are not served: `both` is the same, and `unversioned` means none.",
	},
	{
		Name: "versioned_notifications_topics", Default: "versioned_notifications", Accepts: some(topic), at: func(c *Config) any { return &c.Notifications.Topics },
		Help: "The topics that each notification is sent to. With the priority behind it, such as `versioned_notifications.info`, a topic is the routing key, and the name of a queue.",
	},
	{
		Name: "bdms_in_notifications", Default: "false", at: func(c *Config) any { return &c.Notifications.BlockDevices },
		Help: "Whether notifications of servers show the volumes that these have.",
	},
}

var messagingNotificationOptions = []Option{
	// oslo.messaging knows more drivers, and takes several at once. Those that send
	// nothing to a bus are of no use here, and messaging is the one without an envelope.
	{
		Name: "driver", Accepts: maybe(oneOf("noop", messagingV2)), at: func(c *Config) any { return &c.Notifications.Driver },
		Help: "`messagingv2` sends notifications, if [notifications] notification_format is `versioned`. Empty or `noop`: there are none, and they cost nothing. All processes that share a database need the same.",
	},
	{
		Name: "transport_url", Secret: true, at: func(c *Config) any { return &c.Notifications.Transport },
		Help: "The message bus for notifications. Empty: the one of [DEFAULT].",
	},
	// oslo.messaging keeps what it sends in memory. Here it is in the database until it is
	// sent, and may stay there for as long as the bus is away.
	{
		Name: "retry", Default: "-1", Accepts: atLeast(-1), at: func(c *Config) any { return &c.Notifications.Retries },
		Help: "How often a notification that can't be sent is tried again before it is given up. -1: for ever.",
	},
}

var messagingOptions = []Option{
	// Where there are no notifications it may be that of another kind of bus: Nova's own
	// files have it for RPC.
	{
		Name: "transport_url", Secret: true, at: func(c *Config) any { return &c.Notifications.Bus.Transport },
		Help: "The message bus: rabbit://USER:PASSWORD@HOST:PORT/VHOST. Several brokers of one bus are separated by commas: rabbit://USER:PASSWORD@HOST1,USER:PASSWORD@HOST2/VHOST.",
	},
	{
		Name: "control_exchange", Default: "nova", Accepts: topic, at: func(c *Config) any { return &c.Notifications.Bus.Exchange },
		Help: "The exchange of the message bus that is sent to.",
	},
}

var rabbitOptions = []Option{
	// The default is oslo.messaging's. Programs that listen make queues of the same name,
	// and must say the same of them.
	{
		Name: "amqp_durable_queues", Default: "false", at: func(c *Config) any { return &c.Notifications.Bus.Durable },
		Help: "Whether queues that are not there yet are made so that they, and what is in them, survive a restart of the broker.",
	},
	{
		Name: "ssl", Default: "false", at: func(c *Config) any { return &c.Notifications.Bus.SSL },
		Help: "Whether the broker is connected to with TLS.",
	},
	{
		Name: "ssl_ca_file", at: func(c *Config) any { return &c.Notifications.Bus.CAFile },
		Help: "The certificates that the broker's may be signed with. Empty: those of the system.",
	},
	{
		Name: "ssl_cert_file", at: func(c *Config) any { return &c.Notifications.Bus.CertFile },
		Help: "The certificate that is shown to the broker.",
	},
	{
		Name: "ssl_key_file", at: func(c *Config) any { return &c.Notifications.Bus.KeyFile },
		Help: "Its key.",
	},
	{
		Name: "heartbeat_timeout_threshold", Default: "60", Accepts: between(0, 3600), at: func(c *Config) any { return &c.Notifications.Bus.Heartbeat },
		Help: "How long after the last sign of life from the broker the connection counts as lost. 0: as the broker has it.",
	},
}

// Brokers are the addresses of the message bus's brokers, as AMQP clients take them:
// none if there is no bus.
func (n Notifications) Brokers() []string {
	brokers, _ := parseTransport(cmp.Or(n.Transport, n.Bus.Transport), n.Bus.SSL) // Validate has refused what can't be read
	return brokers
}

// checkTransport refuses to send notifications nowhere.
func (v *validator) checkTransport(n Notifications) {
	section, option, text := "oslo_messaging_notifications", "transport_url", n.Transport
	if text == "" && n.Bus.Transport != "" {
		section, text = "DEFAULT", n.Bus.Transport
	}
	if _, err := parseTransport(text, false); err != nil && n.Enabled() {
		v.need(false, section, option, err.Error())
	}
}

// parseTransport takes a transport_url apart, which may name several brokers: each with
// a user and a password, or with those of the one before. Its errors don't repeat the
// text, which holds a password.
func parseTransport(text string, secure bool) (brokers []string, err error) {
	if text == "" {
		return nil, errors.New("must be set, or [DEFAULT] transport_url: there are notifications")
	}
	scheme, rest, _ := strings.Cut(text, "://")
	if scheme != "rabbit" && scheme != "amqp" {
		return nil, errors.New("want rabbit://USER:PASSWORD@HOST:PORT/VHOST")
	}
	rest, _, _ = strings.Cut(rest, "?")
	hosts, vhost, _ := strings.Cut(rest, "/")
	if vhost != "" { // else it is the broker's default
		vhost = "/" + vhost
	}
	protocol, user := "amqp", (*url.Userinfo)(nil)
	if secure {
		protocol = "amqps"
	}
	for host := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse(protocol + "://" + host + vhost)
		if err != nil || u.Hostname() == "" {
			return nil, errors.New("a broker's address can't be read: want rabbit://USER:PASSWORD@HOST:PORT/VHOST")
		}
		if u.User != nil {
			user = u.User
		}
		u.User = user
		brokers = append(brokers, u.String())
	}
	return brokers, nil
}
