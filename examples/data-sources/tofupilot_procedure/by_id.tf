# A procedure whose ID is known. Planning fails if it is gone.
data "tofupilot_procedure" "fvt" {
  id = "FVT1"
}

output "fvt_repository" {
  value = try(data.tofupilot_procedure.fvt.linked_repository.full_name, null)
}
