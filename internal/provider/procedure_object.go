package provider

import (
	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// procedureObject describes a procedure, for both data sources.
var procedureObject = bulk.NewObject(
	bulk.Text("id", "The procedure's unique ID, a UUID, which runs are uploaded with (`procedure_id`). "+
		"Short IDs such as `FVT1` come from API v1 and aren't listed: find these procedures by name.",
		func(p *tofupilot.Procedure) *string { return &p.ID }),
	bulk.Text("name", "The procedure's name. Several procedures may have the same name.",
		func(p *tofupilot.Procedure) *string { return p.Name }),
	bulk.Text("created_at", "When the procedure was created, in RFC 3339, as the server sends it.",
		func(p *tofupilot.Procedure) *string { return p.CreatedAt }),
	bulk.Nested("created_by_user", "The user who created the procedure. Null if the server doesn't report one.", userObject,
		func(p *tofupilot.Procedure) *tofupilot.User { return p.CreatedByUser }),
	bulk.Nested("linked_repository", "The source repository that the procedure is linked to. "+
		"Null if there is none, and on self-hosted servers that don't report repositories.", repositoryObject,
		func(p *tofupilot.Procedure) *tofupilot.Repository { return p.LinkedRepository }),
	bulk.NestedList("runs", "Recent runs, oldest first, if the server reports them: `www.tofupilot.app` doesn't, a self-hosted server may. "+
		"An empty list doesn't mean that nothing was tested. Changes with every test.", runObject,
		func(p *tofupilot.Procedure) []tofupilot.Run { return p.Runs }),
	bulk.Number("fpy", "First pass yield, in percent (0 to 100), if the server reports it: `www.tofupilot.app` doesn't, a self-hosted server may. "+
		"Null doesn't mean that nothing was tested. Changes with every test.",
		func(p *tofupilot.Procedure) *string { return (*string)(p.FPY) }),
)

var userObject = bulk.NewObject(
	bulk.Text("id", "The user's ID.", func(u *tofupilot.User) *string { return u.ID }),
	bulk.Text("name", "The user's name. Null if the user has none.", func(u *tofupilot.User) *string { return u.Name }),
	bulk.Text("email", "The user's e-mail address.", func(u *tofupilot.User) *string { return u.Email }),
)

var repositoryObject = bulk.NewObject(
	bulk.Text("id", "The repository's ID in TofuPilot.", func(r *tofupilot.Repository) *string { return r.ID }),
	bulk.Text("name", "The repository's name, such as `my-repo`.", func(r *tofupilot.Repository) *string { return r.Name }),
	bulk.Text("full_name", "The repository's name with its owner, such as `org/my-repo`.", func(r *tofupilot.Repository) *string { return r.FullName }),
	bulk.Text("provider", "Where the repository is hosted: `github`, `gitlab`, `bitbucket`, or another value that the server sends. "+
		"Null on some self-hosted servers.",
		func(r *tofupilot.Repository) *string { return r.Provider }),
)

var runObject = bulk.NewObject(
	bulk.Text("id", "The run's ID.", func(r *tofupilot.Run) *string { return r.ID }),
	bulk.Text("outcome", "The run's outcome: `PASS`, `FAIL`, `ERROR`, `TIMEOUT`, `ABORTED`, or another value that the server sends.", func(r *tofupilot.Run) *string { return r.Outcome }),
	bulk.Text("started_at", "When the run started, in RFC 3339, as the server sends it.", func(r *tofupilot.Run) *string { return r.StartedAt }),
	bulk.Nested("unit", "The unit under test. Null if the server doesn't report one.", unitObject, func(r *tofupilot.Run) *tofupilot.Unit { return r.Unit }),
)

var unitObject = bulk.NewObject(
	bulk.Text("id", "The unit's ID.", func(u *tofupilot.Unit) *string { return u.ID }),
)
