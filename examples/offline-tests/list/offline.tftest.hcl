mock_provider "tofupilot" {}

override_module {
  target = module.procedures
  outputs = {
    all = [
      { id = "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63", name = "Firmware Smoke Test", repository = "acme/firmware" },
      { id = "550e8400-e29b-41d4-a716-446655440000", name = "Battery Test Procedure", repository = null },
    ]
  }
}

run "lists_procedures_without_a_repository" {
  command = plan

  assert {
    condition     = jsonencode(output.unlinked) == jsonencode(["Battery Test Procedure"])
    error_message = "Found ${jsonencode(output.unlinked)}."
  }
}
