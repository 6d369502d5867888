terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

# Procedures with "battery" in their names, created in January 2024, Berlin time.
data "tofupilot_procedures" "battery" {
  search_query   = "battery"
  created_after  = "2024-01-01T00:00:00+01:00"
  created_before = "2024-02-01T00:00:00+01:00"
}

output "battery_procedures" {
  value = { for p in data.tofupilot_procedures.battery.procedures : p.id => p.name }
}
