# Battery tests that were created in 2024, Berlin time.
data "tofupilot_procedures" "battery_2024" {
  search_query   = "battery"
  created_after  = "2024-01-01T00:00:00+01:00"
  created_before = "2025-01-01T00:00:00+01:00"
}

output "battery_procedures" {
  value = [for p in data.tofupilot_procedures.battery_2024.procedures : { id = p.id, name = p.name }]
}
