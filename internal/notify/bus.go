package notify

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-api/nova-api/internal/nova"
)

// BusOptions say how a message bus is reached that speaks AMQP 0-9-1.
type BusOptions struct {
	// Brokers are the addresses of one bus, tried one after the other: amqp://… with
	// the user, the password and the virtual host.
	Brokers []string
	// Exchange is what is sent to: a topic exchange.
	Exchange string
	// Topics are sent to, all of them.
	Topics []string
	// Durable says that the exchange and queues that are not there yet are made so that
	// they survive their broker.
	Durable bool
	// TLS is for the connection: nil for one without.
	TLS *tls.Config
	// Heartbeat is how often both sides show that they are there. 0 is as the broker
	// has it.
	Heartbeat time.Duration
	// Patience is how long the bus may take to answer. 0 is 10 s.
	Patience time.Duration
}

const defaultPatience = 10 * time.Second

// A bus is a connection to a broker. It is used for as long as it works, and by one
// goroutine.
type bus struct {
	o        BusOptions
	address  string // without the password
	raw      net.Conn
	conn     *amqp.Connection
	channel  *amqp.Channel
	returned chan amqp.Return
	declared map[string]bool // routing keys whose queues are there
}

// dial connects to a broker.
func dial(ctx context.Context, broker string, o BusOptions) (*bus, error) {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	uri, err := amqp.ParseURI(broker)
	if err != nil {
		return nil, errors.New("message bus: the address can't be read") // err may hold the password
	}
	b := &bus{o: o, address: net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port)), declared: map[string]bool{}}
	if b.raw, err = (&net.Dialer{Timeout: o.Patience}).DialContext(ctx, "tcp", b.address); err != nil {
		return nil, fmt.Errorf("message bus: %w", err)
	}
	err = b.within(ctx, func() (err error) {
		b.conn, err = amqp.DialConfig(broker, amqp.Config{
			Heartbeat: o.Heartbeat, TLSClientConfig: o.TLS, Dial: func(string, string) (net.Conn, error) { return b.raw, nil },
			Properties: amqp.Table{"connection_name": "nova-api notifications"},
		})
		if err != nil {
			return err
		}
		return b.open()
	})
	if err != nil {
		b.close()
		return nil, fmt.Errorf("message bus %s: %w", b.address, err)
	}
	return b, nil
}

// within does something that the broker answers, and breaks it off after a time: the
// library waits for ever.
func (b *bus) within(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, b.o.Patience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = b.raw.Close() })
	defer stop()
	err := do()
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// open makes a channel on which the broker confirms what it has taken.
func (b *bus) open() (err error) {
	if b.channel, err = b.conn.Channel(); err != nil {
		return err
	}
	b.returned = b.channel.NotifyReturn(make(chan amqp.Return, batch*len(b.o.Topics)))
	return b.channel.Confirm(false)
}

func (b *bus) close() {
	_ = b.raw.Close() // not politely: there is nothing under way that was not confirmed
	if b.conn != nil {
		_ = b.conn.Close() // its goroutines end
	}
}

// publish sends notifications to all topics, and waits until the broker has confirmed
// them. It returns the numbers of those that it has. The error is why others are left.
func (b *bus) publish(ctx context.Context, wave []nova.Notification) (confirmed []int64, err error) {
	err = b.within(ctx, func() error {
		for _, n := range wave {
			for _, topic := range b.o.Topics {
				if err := b.declare(routingKey(topic, n)); err != nil {
					return err
				}
			}
		}
		waits := make([][]*amqp.DeferredConfirmation, len(wave))
		for i, n := range wave {
			if waits[i], err = b.send(ctx, n); err != nil {
				break // the connection is lost, and what is on its way is not confirmed
			}
		}
		acked := make([]bool, len(wave))
		for i := range wave {
			acked[i] = b.allAcked(waits[i])
		}
		lost := b.lost()
		for i, n := range wave {
			if acked[i] && !lost[messageID(n)] {
				confirmed = append(confirmed, n.Serial)
			}
		}
		if err == nil && len(confirmed) < len(wave) {
			err = fmt.Errorf("the message bus has confirmed %d of %d notifications", len(confirmed), len(wave))
		}
		return err
	})
	return confirmed, err
}

// routingKey is a topic with the priority of a notification.
func routingKey(topic string, n nova.Notification) string {
	return topic + "." + strings.ToLower(n.Priority)
}

// allAcked waits for the confirmations of one notification, one for each topic. The
// library answers for a connection that is lost.
func (b *bus) allAcked(waits []*amqp.DeferredConfirmation) bool {
	all := len(waits) == len(b.o.Topics)
	for _, wait := range waits {
		all = wait.Wait() && all
	}
	return all
}

// lost are the messages that no queue has taken. The broker sends them back before it
// confirms them. Their queues are made anew when they are sent again.
func (b *bus) lost() map[string]bool {
	lost := map[string]bool{}
	for {
		select {
		case r, ok := <-b.returned:
			if !ok {
				return lost
			}
			lost[r.MessageId] = true
			delete(b.declared, r.RoutingKey)
		default:
			return lost
		}
	}
}

// send sends a notification to all topics.
func (b *bus) send(ctx context.Context, n nova.Notification) (waits []*amqp.DeferredConfirmation, err error) {
	body, err := envelope(n)
	if err != nil {
		return nil, err
	}
	const mandatory = true // or else what no queue takes would be confirmed all the same
	for _, topic := range b.o.Topics {
		wait, err := b.channel.PublishWithDeferredConfirmWithContext(ctx, b.o.Exchange, routingKey(topic, n), mandatory, false, amqp.Publishing{
			ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent, MessageId: messageID(n), Body: body,
		})
		if err != nil {
			return waits, err
		}
		waits = append(waits, wait)
	}
	return waits, nil
}

// messageID names a notification on the wire.
func messageID(n nova.Notification) string {
	return fmt.Sprintf("%d-%d", n.Serial, n.CreatedAt.UnixMicro())
}

// envelope wraps a message as version 2.0 of oslo.messaging's envelope does.
func envelope(n nova.Notification) ([]byte, error) {
	return json.Marshal(map[string]string{"oslo.version": "2.0", "oslo.message": n.Message})
}

// declare makes the exchange, and a queue of the routing key's name, as oslo.messaging
// does: so nothing is lost before somebody listens. If they are there
// with other properties, as another program has made them, they are taken as they are.
func (b *bus) declare(key string) error {
	if b.declared[key] {
		return nil
	}
	err := b.orAsItIs(
		func() error {
			return b.channel.ExchangeDeclare(b.o.Exchange, amqp.ExchangeTopic, b.o.Durable, false, false, false, nil)
		},
		func() error {
			return b.channel.ExchangeDeclarePassive(b.o.Exchange, amqp.ExchangeTopic, b.o.Durable, false, false, false, nil)
		})
	if err != nil {
		return fmt.Errorf("exchange %s: %w", b.o.Exchange, err)
	}
	err = b.orAsItIs(func() error {
		_, err := b.channel.QueueDeclare(key, b.o.Durable, false, false, false, nil)
		return err
	}, func() error {
		_, err := b.channel.QueueDeclarePassive(key, b.o.Durable, false, false, false, nil)
		return err
	})
	if err == nil {
		err = b.channel.QueueBind(key, key, b.o.Exchange, false, nil)
	}
	if err != nil {
		return fmt.Errorf("queue %s: %w", key, err)
	}
	b.declared[key] = true
	return nil
}

// orAsItIs declares something. The broker closes the channel if it is there with other
// properties; then it only has to be there.
func (b *bus) orAsItIs(declare, find func() error) error {
	err := declare()
	var refused *amqp.Error
	if !errors.As(err, &refused) || refused.Code != amqp.PreconditionFailed {
		return err
	}
	if err := b.open(); err != nil {
		return err
	}
	return find()
}
