module github.com/tofupilot/terraform-provider-tofupilot

go 1.25.8

require github.com/cenkalti/backoff/v5 v5.0.3
