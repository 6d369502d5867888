# What the test stations are given. offline.tftest.hcl beside it tests this module
# without a server and without a key.

terraform {
  required_version = ">= 1.3"

  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}

variable "procedures" {
  description = "Name of the procedure that each station runs, by station."
  type        = map(string)
  default     = { line_1 = "Battery Test Procedure" }
}

variable "pinned" {
  description = "Procedure IDs that stations keep, whatever the procedure's name, by station."
  type        = map(string)
  default     = {}
}

data "tofupilot_procedure_ids" "stations" {
  names = values(var.procedures)
}

data "tofupilot_procedures" "all" {}

locals {
  gone = setsubtract(values(var.pinned), data.tofupilot_procedures.all.ids)
}

# TOFUPILOT_PROCEDURE_ID of each station.
output "stations" {
  value = merge({ for station, name in var.procedures : station => data.tofupilot_procedure_ids.stations.ids[name] }, var.pinned)

  precondition {
    condition     = length(local.gone) == 0
    error_message = "Stations have IDs of procedures that don't exist: ${join(", ", local.gone)}."
  }
}
