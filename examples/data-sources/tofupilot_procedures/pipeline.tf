# One output with all that a pipeline is given: terraform output -json pipeline
output "pipeline" {
  value = [
    for p in data.tofupilot_procedures.all.procedures : {
      id         = p.id
      name       = p.name
      repository = try(p.linked_repository.full_name, null)
    }
  ]
}
