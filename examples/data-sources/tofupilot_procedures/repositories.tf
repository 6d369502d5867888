# Procedure IDs by the repository that each is linked to.
output "procedure_ids_by_repository" {
  value = {
    for p in data.tofupilot_procedures.all.procedures :
    p.linked_repository.full_name => p.id...
    if p.linked_repository != null
  }
}
