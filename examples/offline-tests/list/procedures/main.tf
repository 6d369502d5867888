# procedures/main.tf
terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

data "tofupilot_procedures" "all" {}

output "all" {
  value = [
    for p in data.tofupilot_procedures.all.procedures : {
      id         = p.id
      name       = p.name
      repository = try(p.linked_repository.full_name, null)
    }
  ]
}
