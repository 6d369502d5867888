module github.com/tofupilot/terraform-provider-tofupilot

go 1.25.8
