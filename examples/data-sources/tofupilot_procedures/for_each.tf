# Something of your own for every procedure. Keys are IDs: names may repeat, and
# a procedure that is renamed would be another instance.
resource "terraform_data" "procedure" {
  for_each = { for p in data.tofupilot_procedures.all.procedures : p.id => p.name }

  input = each.value
}
