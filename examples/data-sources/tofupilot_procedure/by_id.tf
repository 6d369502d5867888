# Reading fails if the procedure was deleted.
data "tofupilot_procedure" "fvt" {
  id = "FVT1"
}

output "fvt_name" {
  value = data.tofupilot_procedure.fvt.name
}
