mock_provider "tofupilot" {}

override_module {
  target = module.procedures
  outputs = {
    all = [
      { id = "FVT1", name = "Motor Controller FVT", repository = "acme/motor-controller" },
      { id = "FVT2", name = "Motor Controller Burn-In", repository = null },
    ]
  }
}

run "lists_procedures_without_a_repository" {
  command = plan

  assert {
    condition     = jsonencode(output.unlinked) == jsonencode(["Motor Controller Burn-In"])
    error_message = "Found ${jsonencode(output.unlinked)}."
  }
}
