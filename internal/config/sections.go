package config

import (
	"iter"
	"slices"
)

// Sections is the table of all options, in the order in which they are printed.
func Sections() []Section {
	return []Section{
		{"DEFAULT", "The process, and options without a section of their own.", slices.Concat(processOptions, serverOptions, waitOptions, hostOptions, messagingOptions)},
		{"nova_api", "Options that Nova doesn't have.", novaAPIOptions},
		{"fake", fakeAbout, fakeOptions()},
		{"api", "How the compute API answers.", apiOptions},
		{"database", "The database that keeps everything.", databaseOptions},
		{"ssl", "TLS for the listener.", sslOptions},
		{"oslo_middleware", "Bounds on requests.", middlewareOptions},
		{"keystone_authtoken", "The identity service that tokens are validated against, and the service user that asks it.", keystoneOptions()},
		{"glance", "The address of the image service.", glanceOptions},
		{"neutron", "The address of the network service, and the service user for it. Without an auth_url, it is the service user of [keystone_authtoken].", neutronOptions()},
		{"cinder", "The address of the block storage service, and the service user for it. Without an auth_url, it is the service user of [keystone_authtoken].", cinderOptions()},
		{"identity", "The bundled identity service.", identityOptions},
		{"image", "The bundled image service.", imageOptions},
		{"volume", "The bundled block storage service: the limits of projects that an administrator has set no others for; -1 is no limit.", volumeOptions},
		{"quota", "The limits of projects that an administrator has set no others for; -1 is no limit.", quotaOptions},
		{"oslo_policy", "Who may do what.", policyOptions},
		{"filter_scheduler", "Which hosts a server may go to, and which of them is best. A multiplier below zero packs servers instead of spreading them; an aggregate's metadata of a multiplier's name overrides it for the hosts in it.", filterSchedulerOptions},
		{"vnc", "VNC consoles.", vncOptions},
		{"serial_console", "Serial consoles.", serialConsoleOptions},
		{"notifications", "What other programs are told of over a message bus.", notificationOptions},
		{"oslo_messaging_notifications", "How notifications are sent.", messagingNotificationOptions},
		{"otel", "Traces for a collector of OpenTelemetry: what takes how long, from a request to the action that it asks for, the hypervisor and other services. Nova's [profiler] is something else, and isn't taken.", otelOptions},
		{"oslo_messaging_rabbit", "The connection to the message bus.", rabbitOptions},
		{"consoleauth", "The tokens that open consoles.", consoleAuthOptions},
	}
}

// each iterates over all options with their keys.
func each() iter.Seq2[key, Option] {
	return func(yield func(key, Option) bool) {
		for _, s := range Sections() {
			for _, o := range s.Options {
				if !yield(key{s.Name, o.Name}, o) {
					return
				}
			}
		}
	}
}
