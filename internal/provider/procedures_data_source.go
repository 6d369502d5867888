package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

func newProceduresDataSource() datasource.DataSource {
	return &listDataSource[tofupilot.Procedure]{
		name:        "procedures",
		description: "Lists the procedures that the API key can read and that match the arguments.",
		list:        tofupilot.Procedures,
		filters:     procedureFilters,
		object:      procedureObject,
	}
}
