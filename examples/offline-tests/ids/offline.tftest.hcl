mock_provider "tofupilot" {}

override_data {
  target = data.tofupilot_procedure_ids.stations
  values = {
    ids = {
      "Battery Test Procedure" = "550e8400-e29b-41d4-a716-446655440000"
      "Firmware Smoke Test"    = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
    }
  }
}

run "each_station_gets_the_id_of_its_procedure" {
  command = plan

  assert {
    condition     = output.procedure_ids["line_2"] == "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63"
    error_message = "The stations get ${jsonencode(output.procedure_ids)}."
  }
}
