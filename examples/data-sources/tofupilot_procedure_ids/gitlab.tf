resource "gitlab_project_variable" "procedure_id" {
  project = "acme/firmware"
  key     = "TOFUPILOT_PROCEDURE_ID"
  value   = data.tofupilot_procedure_ids.line.ids["Firmware Smoke Test"]
}
