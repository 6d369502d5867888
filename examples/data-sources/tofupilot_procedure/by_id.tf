# Reading fails if the procedure was deleted.
data "tofupilot_procedure" "by_id" {
  id = "550e8400-e29b-41d4-a716-446655440000"
}

output "name" {
  value = data.tofupilot_procedure.by_id.name
}
