mock_provider "tofupilot" {}

override_data {
  target = data.tofupilot_procedure_ids.stations
  values = {
    ids = {
      "Battery Pack EOL Test" = "550e8400-e29b-41d4-a716-446655440000"
      "Motor Controller FVT"  = "FVT1"
    }
  }
}

run "each_station_gets_the_id_of_its_procedure" {
  command = plan

  assert {
    condition     = output.procedure_ids["line_2"] == "FVT1"
    error_message = "The stations get ${jsonencode(output.procedure_ids)}."
  }
}
