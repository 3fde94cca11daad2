package policy

import "slices"

// A Rule is the name of a policy rule, as operators write it in policy files
// and clients read it in a 403.
type Rule string

// An Entry is a row of the rule table.
type Entry struct {
	Rule       Rule
	Check      string   // the default, in oslo.policy's language
	Does       string   // one sentence: what the rule permits
	Operations []string // "METHOD path", the action's key in parentheses; none for a base rule
}

// ops keeps the rows of the tables short.
type ops = []string

// The defaults that the rules are built on. Operators override these to move
// many rules at once.
const (
	ContextIsAdmin         Rule = "context_is_admin"
	AdminOrOwner           Rule = "admin_or_owner"
	AdminAPI               Rule = "admin_api"
	ProjectManagerAPI      Rule = "project_manager_api"
	ProjectMemberAPI       Rule = "project_member_api"
	ProjectReaderAPI       Rule = "project_reader_api"
	ProjectManagerOrAdmin  Rule = "project_manager_or_admin"
	ProjectMemberOrAdmin   Rule = "project_member_or_admin"
	ProjectReaderOrAdmin   Rule = "project_reader_or_admin"
	ServiceAPI             Rule = "service_api"
	ServiceOrAdmin         Rule = "service_or_admin"
	adminOrOwnerDefinition      = "is_admin:True or project_id:%(project_id)s"
	adminDefinition             = "is_admin:True"
)

// The default checks of all other rules.
const (
	admin   = "rule:" + string(ContextIsAdmin)
	manager = "rule:" + string(ProjectManagerOrAdmin)
	member  = "rule:" + string(ProjectMemberOrAdmin)
	reader  = "rule:" + string(ProjectReaderOrAdmin)
	service = "rule:" + string(ServiceOrAdmin)
	owner   = "rule:" + string(ContextIsAdmin) + " or user_id:%(user_id)s"
	anyone  = "@"
	nobody  = "!"
)

// base are the rules that other rules refer to. They stand for no operation, so
// they ask for no scope.
var base = []Entry{
	{ContextIsAdmin, "role:admin", "Says who is an administrator.", nil},
	{AdminOrOwner, adminOrOwnerDefinition, "Says who was allowed most things before roles were told apart.", nil},
	{AdminAPI, adminDefinition, "Says who was allowed the rest before roles were told apart.", nil},
	{ProjectManagerAPI, "role:manager and project_id:%(project_id)s", "Says who manages a project.", nil},
	{ProjectMemberAPI, "role:member and project_id:%(project_id)s", "Says who may change things in a project.", nil},
	{ProjectReaderAPI, "role:reader and project_id:%(project_id)s", "Says who may look at things in a project.", nil},
	{
		ProjectManagerOrAdmin, "rule:project_manager_api or rule:context_is_admin",
		"The default of what a project's managers may do.", nil,
	},
	{
		ProjectMemberOrAdmin, "rule:project_member_api or rule:context_is_admin",
		"The default of what changes things in a project.", nil,
	},
	{
		ProjectReaderOrAdmin, "rule:project_reader_api or rule:context_is_admin",
		"The default of what only looks at things in a project.", nil,
	},
	{ServiceAPI, "role:service", "Says who is another service of the cloud.", nil},
	{
		ServiceOrAdmin, "rule:service_api or rule:context_is_admin",
		"The default of what the services of the cloud ask of each other.", nil,
	},
}

// Table returns all rules in the order of the sample file: the base rules, and
// then one area after another.
func Table() []Entry {
	return slices.Concat(base, scoped())
}

// scoped returns the rules that stand for operations. All of them have the
// scope type project.
func scoped() []Entry {
	return slices.Concat(
		serverRules,
		serverCreateRules,
		serverActionRules,
		serverMoveRules,
		serverPartRules,
		serverAttachmentRules,
		flavorRules,
		projectRules,
		hostRules,
		migrationRules,
		networkProxyRules,
		volumeProxyRules,
	)
}
