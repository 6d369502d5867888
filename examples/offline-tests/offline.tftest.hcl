# Run it by terraform init and terraform test. It needs Terraform 1.7 or later,
# for mock_provider and override_data.
#
# A mocked provider asks nobody: what procedures there are is said here. Lists of
# objects, such as procedures, stay empty whatever is said of them; so a module
# that is to be tested this way takes ids, or looks up by name.

mock_provider "tofupilot" {}

override_data {
  target = data.tofupilot_procedure.pipeline
  values = {
    id = "550e8400-e29b-41d4-a716-446655440000"
  }
}

override_data {
  target = data.tofupilot_procedures.all
  values = {
    ids = ["FVT1", "FVT2", "550e8400-e29b-41d4-a716-446655440000"]
  }
}

variables {
  procedure_name = "Battery Test Procedure"
}

run "pipeline_gets_the_id_of_its_procedure" {
  command = plan

  assert {
    condition     = output.pipeline_variables.TOFUPILOT_PROCEDURE_ID == "550e8400-e29b-41d4-a716-446655440000"
    error_message = "The pipeline gets ${jsonencode(output.pipeline_variables)}."
  }
}

run "stations_keep_ids_that_exist" {
  command = plan

  variables {
    stations = { line_1 = "FVT1", line_2 = "FVT2" }
  }

  assert {
    condition     = output.stations.line_2 == "FVT2"
    error_message = "The stations get ${jsonencode(output.stations)}."
  }
}

run "station_with_an_id_that_is_gone_is_refused" {
  command = plan

  variables {
    stations = { line_1 = "FVT1", line_3 = "FVT9" }
  }

  expect_failures = [output.stations]
}
