terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

# Every procedure that your API key can read.
data "tofupilot_procedures" "all" {}

output "names" {
  value = data.tofupilot_procedures.all.procedures[*].name
}

# Names aren't unique, so each name has a list of IDs.
output "procedure_ids_by_name" {
  value = { for p in data.tofupilot_procedures.all.procedures : p.name => p.id... }
}
