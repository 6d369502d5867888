# Reading fails if the procedure was deleted. Short IDs such as FVT1 come from API v1:
# use the name of such a procedure.
data "tofupilot_procedure" "fvt" {
  id = "c2a94e17-83d0-4f6b-9e25-5b7d16f0a3c8"
}

output "fvt_name" {
  value = data.tofupilot_procedure.fvt.name
}
