# Several procedures may be linked to one repository, so each has a list of IDs.
output "procedure_ids_by_repository" {
  value = {
    for p in data.tofupilot_procedures.all.procedures :
    lower(p.linked_repository.full_name) => p.id...
    if p.linked_repository != null
  }
}
