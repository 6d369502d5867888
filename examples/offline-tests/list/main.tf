# main.tf
terraform {
  required_providers {
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

module "procedures" {
  source = "./procedures"
}

output "unlinked" {
  value = [for p in module.procedures.all : p.name if p.repository == null]
}
