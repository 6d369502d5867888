data "tofupilot_procedures" "motor" {
  search_query = "Motor"

  lifecycle {
    postcondition {
      condition     = length(self.procedures) > 0
      error_message = "No procedure has \"Motor\" in its name. Create one before you set up the line."
    }
  }
}
