terraform {
  required_providers {
    github = {
      source  = "integrations/github"
      version = "~> 6.0"
    }
    tofupilot = {
      source  = "tofupilot/tofupilot"
      version = "~> 0.1.0"
    }
  }
}

# The key comes from TOFUPILOT_API_KEY, and GitHub's token from GITHUB_TOKEN.
provider "github" {
  owner = "acme"
}

locals {
  # The name of each repository, without its owner, and of its procedure.
  procedures = {
    battery  = "Battery Test Procedure"
    firmware = "Firmware Smoke Test"
  }
}

data "tofupilot_procedure_ids" "repositories" {
  names = values(local.procedures)
}

resource "github_actions_variable" "procedure_id" {
  for_each = local.procedures

  repository    = each.key
  variable_name = "TOFUPILOT_PROCEDURE_ID"
  value         = data.tofupilot_procedure_ids.repositories.ids[each.value]
}
