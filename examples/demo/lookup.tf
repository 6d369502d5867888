# The IDs of a few procedures, by their names: what stations and pipelines need.
data "tofupilot_procedure_ids" "line" {
  names = ["Battery Test Procedure", "Infusion Pump Firmware Smoke Test Rev A"]
}

output "line_procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
