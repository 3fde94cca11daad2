package rest

import (
	"context"
	"encoding/json"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// byBody is the operation of POST …/{id}/action: the only key of the body says
// which of the member's actions is meant.
func byBody(operations Operations) Operation {
	return Operation{byBody: true, handle: func(ctx context.Context, r *Request, _ policy.Rule, _ []byte) (any, error) {
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

// actionName finds the only key of an action's body. What has no keys but a
// length of one is a name that nobody answers to: 404, as in Nova, whose
// action names are found by the same accident.
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

// withStatus gives a result the status of the operation that made it.
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
