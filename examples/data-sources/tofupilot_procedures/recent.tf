# 720 hours are 30 days. plantimestamp() needs Terraform 1.5 or later.
data "tofupilot_procedures" "recent" {
  created_after = timeadd(plantimestamp(), "-720h")
}

output "recent_procedures" {
  value = { for p in data.tofupilot_procedures.recent.procedures : p.id => p.created_at }
}
