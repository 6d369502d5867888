data "tofupilot_procedure_ids" "line_2" {
  names = ["Firmware Smoke Test"]

  lifecycle {
    postcondition {
      condition     = self.ids["Firmware Smoke Test"] == "FVT1"
      error_message = "Another procedure has the name Firmware Smoke Test now. Tell the operators of line 2."
    }
  }
}
