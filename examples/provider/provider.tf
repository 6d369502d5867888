terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

# Every procedure that your API key can read.
data "tofupilot_procedures" "all" {}

output "procedures" {
  value = { for p in data.tofupilot_procedures.all.procedures : p.id => p.name }
}
