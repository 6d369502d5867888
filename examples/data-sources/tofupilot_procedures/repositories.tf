variable "repository" {
  description = "The repository that the job runs for, such as acme/firmware."
  type        = string
}

data "tofupilot_procedures" "linked" {}

locals {
  linked = {
    for p in data.tofupilot_procedures.linked.procedures : p.id => p.name
    if try(lower(p.linked_repository.full_name), null) == lower(var.repository)
  }
}

output "linked_procedures" {
  value = local.linked

  precondition {
    condition     = length(local.linked) > 0
    error_message = "No procedure is linked to ${var.repository}, or the server doesn't report repositories."
  }
}
