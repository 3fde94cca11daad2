package config

// Notifications are the sections [notifications] and [oslo_messaging_notifications]:
// what is told of to other programs, and how.
type Notifications struct {
	StateChanges string // whether instance.update is told of: empty, StateChange or TaskChange
	Format       string
	Topics       []string
	BlockDevices bool // instances are told of with their volumes
	Driver       string
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
}
