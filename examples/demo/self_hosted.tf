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

# A lookup by a name that must be one procedure's; null where there is none.
output "self_hosted_battery_test" {
  value = one([
    for p in local.self_hosted : { id = p.id, fpy = p.fpy, outcomes = p.runs[*].outcome }
    if p.name == "Battery Test Procedure"
  ])
}
