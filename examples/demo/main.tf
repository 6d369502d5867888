terraform {
  required_version = ">= 1.3"

  required_providers {
    tofupilot = {
      # The address includes the host, because Terraform and OpenTofu have
      # different default registries.
      source = "registry.terraform.io/tofupilot/tofupilot"
    }
  }
}

# The server and the key come from TOFUPILOT_URL and TOFUPILOT_API_KEY.
provider "tofupilot" {}

# Every procedure that the key can read.
data "tofupilot_procedures" "all" {}

# Only procedures that match.
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

# The output selects what it needs, so other fields cause no change in a plan.
output "newest_procedures" {
  value = [for p in slice(reverse(local.all), 0, min(3, length(local.all))) : { id = p.id, name = p.name }]
}

# A lookup by one of these names fails.
output "names_of_several" {
  value = [for name, ids in { for p in local.all : p.name => p.id... } : name if length(ids) > 1]
}
