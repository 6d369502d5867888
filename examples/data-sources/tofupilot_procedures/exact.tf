data "tofupilot_procedures" "radar" {
  search_query = "Radar Unit EOL Test"
}

output "radar_procedure_ids" {
  value = [for p in data.tofupilot_procedures.radar.procedures : p.id if p.name == "Radar Unit EOL Test Rev A"]
}
