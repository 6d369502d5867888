terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

locals {
  stations = {
    line_1 = "Battery Test Procedure"
    line_2 = "Firmware Smoke Test"
  }
}

data "tofupilot_procedure_ids" "stations" {
  names = values(local.stations)
}

output "procedure_ids" {
  value = { for station, name in local.stations : station => data.tofupilot_procedure_ids.stations.ids[name] }
}
