package schema

// BaremetalNodeChange is any body: what it asks for is refused, whatever it says.
var BaremetalNodeChange = NewBody(Any)
