# A second server, of the older generation: it reports runs and first pass yield.

variable "self_hosted_url" {
  type = string
}

provider "tofupilot" {
  alias = "self_hosted"
  url   = var.self_hosted_url # the key comes from TOFUPILOT_API_KEY here too
}

data "tofupilot_procedures" "self_hosted" {
  provider = tofupilot.self_hosted
}

locals {
  self_hosted = data.tofupilot_procedures.self_hosted.procedures
}

output "self_hosted_runs_by_outcome" {
  value = {
    for outcome, ids in { for run in flatten(local.self_hosted[*].runs) : run.outcome => run.id... } :
    outcome => length(ids)
  }
}

# Exactly one, by its name: no such procedure, or several, would be an error.
data "tofupilot_procedure" "battery_test" {
  provider = tofupilot.self_hosted
  name     = "Battery Test Procedure"
}

output "self_hosted_battery_test" {
  value = {
    id       = data.tofupilot_procedure.battery_test.id
    fpy      = data.tofupilot_procedure.battery_test.fpy
    outcomes = data.tofupilot_procedure.battery_test.runs[*].outcome
  }
}
