terraform {
  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}

# Every procedure of the organization.
data "tofupilot_procedures" "all" {}

# What a pipeline needs: names and IDs, which don't change with every test run.
# Names aren't unique, so each maps to a list of IDs.
output "procedure_ids_by_name" {
  value = { for p in data.tofupilot_procedures.all.procedures : p.name => p.id... }
}
