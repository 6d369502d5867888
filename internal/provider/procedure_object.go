package provider

import "github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"

// What Terraform sees of a procedure, for both data sources.
var procedureObject = newObject(
	text("id", "Unique ID: what runs are uploaded with (`procedure_id`). Usually a UUID; older ones are short, such as `FVT1`.",
		func(p *tofupilot.Procedure) *string { return &p.ID }),
	text("name", "Name. Not unique: two procedures may share one.",
		func(p *tofupilot.Procedure) *string { return p.Name }),
	text("created_at", "When it was created, in RFC 3339 as the server sends it.",
		func(p *tofupilot.Procedure) *string { return p.CreatedAt.TextOrNil() }),
	nested("created_by_user", "Who created it. Null where the server doesn't say.", userObject,
		func(p *tofupilot.Procedure) *tofupilot.User { return p.CreatedByUser }),
	nested("linked_repository", "The source repository it is linked to. Null where there is none, and on older servers.", repositoryObject,
		func(p *tofupilot.Procedure) *tofupilot.Repository { return p.LinkedRepository }),
	list("runs", "Recent runs, oldest first. Empty where there are none, and on newer servers, which don't report them. Changes with every test that is run.", runObject,
		func(p *tofupilot.Procedure) []tofupilot.Run { return p.Runs }),
	number("fpy", "First pass yield, in percent (0 to 100). Null where there is none yet, and on newer servers, which don't report it. Changes with every test that is run.",
		func(p *tofupilot.Procedure) *float64 { return p.FPY }),
)

var userObject = newObject(
	text("id", "The user's ID.", func(u *tofupilot.User) *string { return u.ID }),
	text("name", "The user's name. Null where none is set.", func(u *tofupilot.User) *string { return u.Name }),
	text("email", "The user's e-mail address.", func(u *tofupilot.User) *string { return u.Email }),
)

var repositoryObject = newObject(
	text("id", "The repository's ID in TofuPilot.", func(r *tofupilot.Repository) *string { return r.ID }),
	text("name", "Its name, such as `my-repo`.", func(r *tofupilot.Repository) *string { return r.Name }),
	text("full_name", "Its name with its owner's, such as `org/my-repo`.", func(r *tofupilot.Repository) *string { return r.FullName }),
	text("provider", "Where it is hosted: `github`, `gitlab`, `bitbucket`, or whatever else the server says.", func(r *tofupilot.Repository) *string { return r.Provider }),
)

var runObject = newObject(
	text("id", "The run's ID.", func(r *tofupilot.Run) *string { return r.ID }),
	text("outcome", "`PASS`, `FAIL`, `ERROR`, `TIMEOUT`, `ABORTED`, or whatever else the server says.", func(r *tofupilot.Run) *string { return r.Outcome }),
	text("started_at", "When it started, in RFC 3339 as the server sends it.", func(r *tofupilot.Run) *string { return r.StartedAt.TextOrNil() }),
	nested("unit", "The unit under test. Null where the server doesn't say.", unitObject, func(r *tofupilot.Run) *tofupilot.Unit { return r.Unit }),
)

var unitObject = newObject(
	text("id", "The unit's ID.", func(u *tofupilot.Unit) *string { return u.ID }),
)
