data "tofupilot_procedure" "firmware" {
  name = "Firmware Smoke Test"

  lifecycle {
    postcondition {
      condition     = self.linked_repository != null
      error_message = "${self.name} isn't linked to a repository, or the server doesn't report repositories."
    }
  }
}
