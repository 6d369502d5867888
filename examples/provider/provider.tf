terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

data "tofupilot_procedure_ids" "line" {
  names = ["Battery Test Procedure", "Firmware Smoke Test"]
}

output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
