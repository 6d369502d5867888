# The keys are IDs, because names may repeat and may change. terraform_data needs
# Terraform 1.4 or later.
resource "terraform_data" "procedure" {
  for_each = { for p in data.tofupilot_procedures.battery.procedures : p.id => p.name }

  input = each.value
}
