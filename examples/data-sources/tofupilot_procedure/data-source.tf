terraform {
  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}

# The procedure of this name: the whole name, case and spaces included.
data "tofupilot_procedure" "battery" {
  name = "Battery Test Procedure"
}

# For a pipeline: export TOFUPILOT_PROCEDURE_ID=$(terraform output -raw battery_procedure_id)
output "battery_procedure_id" {
  value = data.tofupilot_procedure.battery.id
}
