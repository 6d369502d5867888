mock_provider "tofupilot" {}

override_data {
  target = data.tofupilot_procedure_ids.stations
  values = {
    ids = {
      "Battery Pack EOL Test" = "1b8f60d3-2e97-4c5a-8a41-d9e3f7026b15"
      "Motor Controller FVT"  = "c2a94e17-83d0-4f6b-9e25-5b7d16f0a3c8"
    }
  }
}

run "each_station_gets_the_id_of_its_procedure" {
  command = plan

  assert {
    condition     = output.procedure_ids["line_2"] == "c2a94e17-83d0-4f6b-9e25-5b7d16f0a3c8"
    error_message = "The stations get ${jsonencode(output.procedure_ids)}."
  }
}
