locals {
  stations = {
    line_1 = "Battery Test Procedure"
    line_2 = "Firmware Smoke Test"
    line_3 = "Firmware Smoke Test"
  }
}

data "tofupilot_procedure_ids" "stations" {
  names = values(local.stations)
}

output "procedure_id_by_station" {
  value = { for station, name in local.stations : station => data.tofupilot_procedure_ids.stations.ids[name] }
}
