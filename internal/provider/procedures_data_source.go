package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

func newProceduresDataSource() datasource.DataSource {
	return &listDataSource[tofupilot.Procedure]{
		name: "procedures",
		description: "Every procedure that the API key may see and that matches, from all pages, in a stable order: " +
			"by `created_at`, oldest first, then by `id`. A procedure that is created later goes to the end and moves no index.",
		list:    tofupilot.Procedures,
		filters: procedureFilters,
		object:  procedureObject,
	}
}
