# Run it with terraform init and terraform test, or tofu init and tofu test. It
# needs Terraform 1.7 or OpenTofu 1.8, for mock_provider and override_data.
#
# A mocked provider sends no request: this file says which procedures there are.

mock_provider "tofupilot" {}

override_data {
  target = data.tofupilot_procedure_ids.stations
  values = {
    ids = {
      "Battery Test Procedure" = "550e8400-e29b-41d4-a716-446655440000"
      "Firmware Smoke Test"    = "FVT1"
    }
  }
}

override_data {
  target = data.tofupilot_procedures.all
  values = {
    ids = ["FVT1", "FVT2", "550e8400-e29b-41d4-a716-446655440000"]
  }
}

run "stations_get_the_ids_of_their_procedures" {
  command = plan

  variables {
    procedures = {
      line_1 = "Battery Test Procedure"
      line_2 = "Firmware Smoke Test"
      line_3 = "Firmware Smoke Test"
    }
  }

  assert {
    condition     = output.stations == { line_1 = "550e8400-e29b-41d4-a716-446655440000", line_2 = "FVT1", line_3 = "FVT1" }
    error_message = "The stations get ${jsonencode(output.stations)}."
  }
}

run "pinned_ids_are_kept" {
  command = plan

  variables {
    pinned = { line_4 = "FVT2" }
  }

  assert {
    condition     = output.stations.line_4 == "FVT2"
    error_message = "The stations get ${jsonencode(output.stations)}."
  }
}

run "pinned_id_that_is_gone_is_refused" {
  command = plan

  variables {
    pinned = { line_4 = "FVT9" }
  }

  expect_failures = [output.stations]
}
