# Which procedure each station runs, by name.
locals {
  procedures = {
    line_1 = "Battery Pack EOL Test"
    line_2 = "Firmware Smoke Test"
    line_3 = "Firmware Smoke Test"
  }
}

data "tofupilot_procedure_ids" "stations" {
  names = values(local.procedures)
}

# What each station is given as TOFUPILOT_PROCEDURE_ID.
output "procedure_id_by_station" {
  value = { for station, name in local.procedures : station => data.tofupilot_procedure_ids.stations.ids[name] }
}
