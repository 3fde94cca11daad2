package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// lookups are gauges that are asked for, not kept.
type lookups struct{ source Source }

// lookupTime bounds how long a database in trouble holds whoever asks.
const lookupTime = 5 * time.Second

// gauge describes a number by its name, what it tells, and what it is kept apart by.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	queueLength  = gauge("nova_api_queue_actions", "Actions that are not over, by queue: a host's name, or schedule.", "queue")
	queueIdle    = gauge("nova_api_queue_waiting_actions", "Actions of a queue that no worker has.", "queue")
	queueAge     = gauge("nova_api_queue_oldest_seconds", "How long ago the oldest action of a queue was begun.", "queue")
	leaseAge     = gauge("nova_api_lease_overdue_seconds", "How long the lease on an action of a queue has been over, of the one that is longest: of a worker that died.", "queue")
	queuesUp     = gauge("nova_api_queues_up", "1 if the database has told of the queues, 0 if not.")
	outboxLength = gauge("nova_api_outbox_notifications", "Notifications that the message bus has not confirmed yet.")
	outboxAge    = gauge("nova_api_outbox_oldest_seconds", "How long ago the oldest of them was written; 0 if there are none.")
	outboxUp     = gauge("nova_api_outbox_up", "1 if the database has told of the notifications, 0 if not.")
	connsOpen    = gauge("nova_api_database_connections", "Connections to the database that are open, by pool.", "pool")
	connsBusy    = gauge("nova_api_database_connections_busy", "Connections to the database that are at work, by pool.", "pool")
	connsWaited  = gauge("nova_api_database_wait_seconds_total", "How long callers have waited for a connection, all together.", "pool")
)

// Describe is a part of prometheus.Collector.
func (l lookups) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueLength, queueIdle, queueAge, leaseAge, queuesUp, outboxLength, outboxAge, outboxUp, connsOpen, connsBusy, connsWaited} {
		to <- d
	}
}

// Collect is a part of prometheus.Collector. Of a database that doesn't answer, the
// rest is told all the same.
func (l lookups) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for pool, c := range l.source.Connections() {
		tell(connsOpen, float64(c.Open), pool)
		tell(connsBusy, float64(c.Busy), pool)
		to <- prometheus.MustNewConstMetric(connsWaited, prometheus.CounterValue, c.Waited.Seconds(), pool)
	}
	l.outbox(ctx, tell)
	queues, err := l.source.Queues(ctx)
	if err != nil {
		tell(queuesUp, 0)
		return
	}
	tell(queuesUp, 1)
	for _, q := range queues {
		tell(queueLength, float64(q.Actions), q.Name)
		tell(queueIdle, float64(q.Waiting), q.Name)
		tell(queueAge, q.Oldest.Seconds(), q.Name)
		tell(leaseAge, q.Overdue.Seconds(), q.Name)
	}
}

// outbox tells of the notifications that wait. All processes tell the same, since there
// is one outbox. A bus that is away holds nothing up: only here is it seen that its
// listeners hear nothing.
func (l lookups) outbox(ctx context.Context, tell func(d *prometheus.Desc, value float64, labels ...string)) {
	waiting, err := l.source.Outbox(ctx)
	if err != nil {
		tell(outboxUp, 0)
		return
	}
	tell(outboxUp, 1)
	tell(outboxLength, float64(waiting.Waiting))
	tell(outboxAge, waiting.Oldest.Seconds())
}
