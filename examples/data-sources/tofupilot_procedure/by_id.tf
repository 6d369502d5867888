# Reading fails if the procedure was deleted. Short IDs such as FVT1 come from API v1:
# use the name of such a procedure.
data "tofupilot_procedure" "by_id" {
  id = "550e8400-e29b-41d4-a716-446655440000"
}

output "name" {
  value = data.tofupilot_procedure.by_id.name
}
