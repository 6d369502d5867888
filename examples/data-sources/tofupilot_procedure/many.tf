# Many of them cost less together: the list is a request for each hundred
# procedures, where every lookup is a request of its own.
data "tofupilot_procedures" "all" {}

locals {
  # Names may repeat, so the dots group: each name has a list of IDs.
  procedure_ids = { for p in data.tofupilot_procedures.all.procedures : p.name => p.id... }

  stations = {
    line_1 = "Battery Test Procedure"
    line_2 = "Motor Controller FVT"
  }
}

# one() fails where a name has several IDs, the index where it has none.
output "procedure_id_by_station" {
  value = { for station, name in local.stations : station => one(local.procedure_ids[name]) }
}
