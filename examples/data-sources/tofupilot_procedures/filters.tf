# Battery tests of 2024, as Berlin counts the year.
data "tofupilot_procedures" "battery_2024" {
  search_query   = "battery"
  created_after  = "2024-01-01T00:00:00+01:00"
  created_before = "2025-01-01T00:00:00+01:00"

  timeouts = {
    read = "2m"
  }
}

output "battery_procedures" {
  value = [for p in data.tofupilot_procedures.battery_2024.procedures : { id = p.id, name = p.name }]
}
