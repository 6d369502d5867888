terraform {
  required_providers {
    tofupilot = {
      source = "tofupilot/tofupilot"
    }
  }
}

# The key comes from the environment variable TOFUPILOT_API_KEY.
provider "tofupilot" {}
