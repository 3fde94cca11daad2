package schema

// The shares of a server, since 2.97.
var (
	ServerShareCreate = NewBody(Object(Prop("share", Object(
		Prop("share_id", UUID).Required(),
		Prop("tag", String.Length(1, 255).Pattern(`^[a-zA-Z0-9-]*$`)),
	)).Required())).Since(97)

	ServerSharesQuery = NewQuery().Strict(97)
)

// ServerShareCreateBody is ServerShareCreate, decoded.
type ServerShareCreateBody struct {
	Share struct {
		ID  string `json:"share_id"`
		Tag string `json:"tag"`
	} `json:"share"`
}
