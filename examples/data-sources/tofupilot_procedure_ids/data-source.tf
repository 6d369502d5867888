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

# { "Battery Pack EOL Test" = "1b8f60d3-…", "Firmware Smoke Test" = "7d3b9f52-…" }
output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
