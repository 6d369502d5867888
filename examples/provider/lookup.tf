data "tofupilot_procedure_ids" "line" {
  names = ["Battery Pack EOL Test", "Firmware Smoke Test"]
}

output "procedure_ids" {
  value = data.tofupilot_procedure_ids.line.ids
}
