data "tofupilot_procedures" "inverter" {
  search_query = "Inverter Final Test"
}

output "inverter_procedure_id" {
  value = one([for p in data.tofupilot_procedures.inverter.procedures : p.id if p.name == "Inverter Final Test"])
}
