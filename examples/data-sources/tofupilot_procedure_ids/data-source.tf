terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

data "tofupilot_procedure_ids" "line" {
  names = ["Battery Pack EOL Test", "Firmware Smoke Test"]
}

# { "Battery Pack EOL Test" = "550e8400-…", "Firmware Smoke Test" = "FVT1" }
output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
