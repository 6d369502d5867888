# What a pipeline and the test stations are given. offline.tftest.hcl beside it
# tests this module without a server and without a key.

terraform {
  required_version = ">= 1.2" # for the precondition

  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}

variable "procedure_name" {
  description = "Name of the procedure that the pipeline runs."
  type        = string
}

variable "stations" {
  description = "Procedure IDs that stations were given by hand, by station."
  type        = map(string)
  default     = {}
}

data "tofupilot_procedure" "pipeline" {
  name = var.procedure_name
}

data "tofupilot_procedures" "all" {}

locals {
  gone = setsubtract(values(var.stations), data.tofupilot_procedures.all.ids)
}

output "pipeline_variables" {
  value = { TOFUPILOT_PROCEDURE_ID = data.tofupilot_procedure.pipeline.id }
}

output "stations" {
  value = var.stations

  precondition {
    condition     = length(local.gone) == 0
    error_message = "Stations have IDs of procedures that don't exist: ${join(", ", local.gone)}."
  }
}
