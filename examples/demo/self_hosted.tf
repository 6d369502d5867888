# A self-hosted server that reports runs and first pass yield.

variable "self_hosted_url" {
  type = string
}

# Each server has its own key. With Terraform 1.10 or later, set ephemeral as well, so
# that plan files don't contain the key.
variable "self_hosted_api_key" {
  type      = string
  sensitive = true
}

provider "tofupilot" {
  alias   = "self_hosted"
  url     = var.self_hosted_url
  api_key = var.self_hosted_api_key
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

# One procedure by its name. Reading fails if there is none, or if there are several.
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
