package rest

import (
	"context"
	"encoding/json"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// byBody returns the operation of POST …/{id}/action. The only key of the body
// names the member action that is meant.
func byBody(operations Operations) Operation {
	return Operation{byBody: operations, handle: func(ctx context.Context, r *Request, _ policy.Rule, _ []byte) (any, error) {
		name, err := actionName(r.body)
		if err != nil {
			return nil, err
		}
		operation, ok := operations[name]
		if !ok {
			return nil, nova.Errorf(nova.Invalid, "There is no such action: %s", name)
		}
		if err := r.checkProject(); err != nil {
			return nil, err
		}
		result, err := operation.run(ctx, r)
		if err != nil {
			return nil, err
		}
		return withStatus(result, operation.status(r)), nil
	}}
}

// actionName returns the only key of an action's body. A value without keys
// that has a length of one, such as "a" or [1], is a name that no action has:
// 404 instead of 400, as in action_peek in nova/api/openstack/wsgi.py.
func actionName(b body) (string, error) {
	if len(b.raw) == 0 {
		return "", errMalformedBody
	}
	switch value := b.value.(type) {
	case map[string]any:
		if len(value) != 1 {
			return "", errMalformedBody
		}
		for name := range value {
			return name, nil
		}
	case []any:
		if len(value) != 1 {
			return "", errMalformedBody
		}
	case string:
		if len([]rune(value)) != 1 {
			return "", errMalformedBody
		}
	case nil, bool, json.Number:
	}
	return "", errNotFound
}

// withStatus gives a result the status of the operation that made it. The
// status of the route is that of byBody, which knows none.
func withStatus(result any, status int) Response {
	response, ok := result.(Response)
	if !ok {
		response = Response{Body: result}
	}
	if response.Status == 0 {
		response.Status = status
	}
	return response
}
