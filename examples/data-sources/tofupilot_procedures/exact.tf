# search_query finds parts of names: "EOL Test" finds "EOL Test 2" and "Battery
# Pack EOL Test" too. Where that matters, compare the names as well.
data "tofupilot_procedures" "eol" {
  search_query = "EOL Test"
}

output "eol_procedure_ids" {
  value = [for p in data.tofupilot_procedures.eol.procedures : p.id if p.name == "EOL Test"]
}
