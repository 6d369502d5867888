terraform {
  required_version = ">= 1.0"

  required_providers {
    tofupilot = {
      # With its host: Terraform and OpenTofu each put a registry of their own
      # before a source without one, and the demo's mirror holds one.
      source = "registry.terraform.io/tofupilot/tofupilot"
    }
  }
}

# Server and key come from TOFUPILOT_URL and TOFUPILOT_API_KEY.
provider "tofupilot" {}

# Every procedure that the key may see.
data "tofupilot_procedures" "all" {}

# Some of them; the server searches.
data "tofupilot_procedures" "battery" {
  search_query   = "battery"
  created_before = "2024-07-01T00:00:00Z"
}

locals {
  all = data.tofupilot_procedures.all.procedures
}

output "procedure_count" {
  value = length(local.all)
}

# Only what is needed of each, so that nothing else makes a change in a plan.
output "newest_procedures" {
  value = [for p in slice(reverse(local.all), 0, min(3, length(local.all))) : { id = p.id, name = p.name }]
}

# The dots group: names may repeat, and then a name has several IDs.
output "battery_ids_by_name" {
  value = { for p in data.tofupilot_procedures.battery.procedures : p.name => p.id... }
}

# A lookup by such a name alone would be a guess.
output "names_of_several" {
  value = [for name, ids in { for p in local.all : p.name => p.id... } : name if length(ids) > 1]
}
