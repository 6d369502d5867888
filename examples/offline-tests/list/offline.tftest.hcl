mock_provider "tofupilot" {}

override_module {
  target = module.procedures
  outputs = {
    all = [
      { id = "c2a94e17-83d0-4f6b-9e25-5b7d16f0a3c8", name = "Motor Controller FVT", repository = "acme/motor-controller" },
      { id = "94f7c6b2-d15e-4039-8c7a-62e0a8d3f51b", name = "Motor Controller Burn-In", repository = null },
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
