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

output "battery_procedure_id" {
  value = data.tofupilot_procedure.battery.id
}
