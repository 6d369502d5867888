terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

data "tofupilot_procedure" "battery" {
  name = "Battery Test Procedure"
}

# Select what you need: an output of the whole procedure may change with every test.
output "battery" {
  value = {
    id         = data.tofupilot_procedure.battery.id
    created_at = data.tofupilot_procedure.battery.created_at
    created_by = data.tofupilot_procedure.battery.created_by_user.email
    repository = try(data.tofupilot_procedure.battery.linked_repository.full_name, null)
  }
}
