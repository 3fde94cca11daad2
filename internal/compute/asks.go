package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
	"github.com/nova-api/nova-api/internal/virt"
)

const (
	defaultPatience = time.Minute // that of rpc_response_timeout
	askAgainEvery   = time.Second // in case word of a question, or of its answer, got lost
	maxReply        = 1 << 20     // bytes
	maxAnswers      = 16          // how many questions a process answers at once
)

// A question is something that only the process of a server's host can answer.
type question[A, R any] struct {
	name   string
	answer func(ctx context.Context, driver virt.Driver, s nova.Server, args A) (R, error)
}

// questions are all questions by name. A host's process answers each without
// knowing its types.
var questions = map[string]func(ctx context.Context, driver virt.Driver, s nova.Server, args string) (string, error){
	consoleOutput.name: consoleOutput.answerText,
	openConsole.name:   openConsole.answerText,
	diagnostics.name:   diagnostics.answerText,
}

// answerText is answer with arguments and reply in JSON.
func (q question[A, R]) answerText(ctx context.Context, driver virt.Driver, s nova.Server, text string) (string, error) {
	var args A
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		return "", fmt.Errorf("read what was asked: %w", err)
	}
	reply, err := q.answer(ctx, driver, s, args)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(reply)
	return string(encoded), err
}

// askFault is why a question has no reply.
type askFault struct {
	Kind    nova.Kind `json:"kind"`
	Message string    `json:"message"`
}

// ask has the process of a server's host answer a question: a call if that is
// this process, and otherwise a row that the other process answers. It ends with
// the context, or when the patience is exhausted. The error is Conflict if the
// server has no host or the host is down, Unavailable if no answer comes in
// time, NotImplemented if the driver can't do it, or what the driver says.
func ask[A, R any](ctx context.Context, a *Servers, s nova.Server, q question[A, R], args A) (reply R, err error) {
	if s.Host == "" {
		return reply, nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if driver := a.local.Driver(s.Host); driver != nil {
		return q.answer(ctx, driver, s, args)
	}
	found, err := a.hosts.Named(ctx, []string{s.Host})
	if err != nil {
		return reply, err
	}
	if !found[s.Host].Up {
		return reply, nova.Errorf(nova.Conflict, "Service is unavailable at this time.")
	}
	encoded, err := json.Marshal(args)
	if err != nil {
		return reply, fmt.Errorf("ask: %w", err)
	}
	text, err := a.askOther(ctx, nova.Ask{
		Host: s.Host, Question: q.name, ServerID: s.ID, Args: string(encoded), Asker: "reply " + uuid.NewString(), Trace: tracing.Parent(ctx),
	})
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal([]byte(text), &reply); err != nil {
		return reply, fmt.Errorf("read a reply: %w", err)
	}
	return reply, nil
}

// askOther writes a question down and waits for its answer. The question is
// forgotten then, whatever came of it.
func (a *Servers) askOther(ctx context.Context, one nova.Ask) (reply string, err error) {
	woken, unsubscribe := a.store.Subscribe(one.Asker)
	defer unsubscribe()
	one, err = a.store.PutAsk(ctx, one, a.patience)
	if err != nil {
		return "", err
	}
	defer func() {
		final, cancel := graceContext(ctx)
		defer cancel()
		err = errors.Join(err, a.store.ForgetAsk(final, one.Serial))
	}()
	end := time.NewTimer(a.patience)
	defer end.Stop()
	again := time.NewTicker(askAgainEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-end.C:
			return "", nova.Errorf(nova.Unavailable, "Service is unavailable at this time.")
		case <-woken:
		case <-again.C:
			if err := a.store.Wake(ctx, nova.AskQueue(one.Host)); err != nil && !nova.Is(err, nova.Unavailable) {
				return "", err
			}
		}
		now, err := a.store.FindAsk(ctx, one.Serial)
		switch {
		case nova.Is(err, nova.Unavailable): // the database may be back before the patience is exhausted
			continue
		case nova.Is(err, nova.NotFound): // purged, as the deadline has passed
			return "", nova.Errorf(nova.Unavailable, "Service is unavailable at this time.")
		case err != nil:
			return "", err
		case now.Fault != nil:
			return "", readFault(*now.Fault)
		case now.Reply != nil:
			return *now.Reply, nil
		}
	}
}

// readFault is a fault as the error that it was. The text of a fault of ours is
// for the log, here as there.
func readFault(text string) error {
	var fault askFault
	if err := json.Unmarshal([]byte(text), &fault); err != nil {
		return fmt.Errorf("read a fault: %w", err)
	}
	if fault.Kind == nova.Internal {
		return errors.New(fault.Message)
	}
	return nova.Errorf(fault.Kind, "%s", fault.Message)
}

// answerAsks answers the questions to this process's hosts, until the context
// ends. It looks when it is woken, which whoever waits for an answer sees to.
func (w *Worker) answerAsks(ctx context.Context) {
	queues := w.local.Names()
	for i, host := range queues {
		queues[i] = nova.AskQueue(host)
	}
	woken, unsubscribe := w.store.Subscribe(queues...)
	defer unsubscribe()
	var answering sync.WaitGroup
	defer answering.Wait()
	free := make(chan struct{}, maxAnswers)
	for {
		w.claimAsks(ctx, free, &answering)
		select {
		case <-ctx.Done():
			return
		case <-woken:
		}
	}
}

// claimAsks begins to answer as many questions as there are free places.
func (w *Worker) claimAsks(ctx context.Context, places chan struct{}, answering *sync.WaitGroup) {
	asked, err := w.store.ClaimAsks(ctx, w.id, w.local.Names(), cap(places)-len(places))
	if err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("questions can't be claimed")
	}
	for _, one := range asked {
		places <- struct{}{}
		answering.Go(func() {
			defer func() { <-places }()
			w.answer(ctx, one)
		})
	}
}

// answer answers one question.
func (w *Worker) answer(ctx context.Context, one nova.Ask) {
	ctx, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	log := w.log.With().Str("server", one.ServerID).Str("question", one.Question).Logger()
	ctx, span := w.tracer.Resume(ctx, one.Trace, "question "+one.Question, tracing.Text("nova.server", one.ServerID), tracing.Text("nova.queue", one.Host))
	var reply string
	err := guard(func() (err error) {
		reply, err = w.findAnswer(ctx, one)
		return err
	})
	span.End(err)
	if err == nil && len(reply) > maxReply {
		err = fmt.Errorf("the reply has %d bytes, and may have %d", len(reply), maxReply)
	}
	one.Reply = &reply
	if err != nil {
		encoded, _ := json.Marshal(askFault{Kind: nova.KindOf(err), Message: faultMessage(err)}) //nolint:errchkjson // a number and a text
		one.Reply, one.Fault = nil, new(string(encoded))
		log.Warn().Err(err).Msg("question not answered")
	}
	if err := w.store.Answer(ctx, one); err != nil && ctx.Err() == nil {
		log.Warn().Err(err).Msg("answer can't be written")
	}
}

func (w *Worker) findAnswer(ctx context.Context, one nova.Ask) (string, error) {
	answer, driver := questions[one.Question], w.local.Driver(one.Host)
	switch {
	case answer == nil: // a newer version's
		return "", virt.Unsupported()
	case driver == nil:
		return "", nova.Errorf(nova.Unavailable, "Service is unavailable at this time.")
	}
	server, err := w.store.Server(ctx, one.ServerID)
	if err != nil {
		return "", err
	}
	return answer(ctx, driver, server, one.Args)
}
