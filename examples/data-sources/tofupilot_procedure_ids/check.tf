check "line_2" {
  data "tofupilot_procedure_ids" "checked" {
    names = ["Firmware Smoke Test"]
  }

  assert {
    condition     = data.tofupilot_procedure_ids.checked.ids["Firmware Smoke Test"] == "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
    error_message = "Another procedure has the name Firmware Smoke Test now. Tell the operators of line 2."
  }
}
