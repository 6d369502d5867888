# The server finds parts of names. Compare the names to keep exact matches only.
data "tofupilot_procedures" "eol" {
  search_query = "EOL Test"
}

output "eol_procedure_ids" {
  value = [for p in data.tofupilot_procedures.eol.procedures : p.id if p.name == "EOL Test"]
}
