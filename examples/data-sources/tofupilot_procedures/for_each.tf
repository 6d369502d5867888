# One resource for each procedure. The keys are IDs, because names may repeat and
# may change.
resource "terraform_data" "procedure" {
  for_each = { for p in data.tofupilot_procedures.all.procedures : p.id => p.name }

  input = each.value
}
