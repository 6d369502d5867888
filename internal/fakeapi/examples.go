package fakeapi

import "time"

// Example2025 returns the row on the API's reference page of 2025, with its exact JSON. Its ID is that of
// [Example2026], so a server can't have both rows.
func Example2025() Procedure {
	p := example(WithRunsAndFPY)
	p.FPY = new(85.5)
	p.Runs = []Run{{
		ID:        "550e8400-e29b-41d4-a716-446655440002",
		Outcome:   "PASS",
		StartedAt: time.Date(2024, time.January, 15, 14, 30, 0, 0, time.UTC),
		Unit:      Unit{ID: "550e8400-e29b-41d4-a716-446655440003"},
	}}
	p.JSON = `{
"id": "550e8400-e29b-41d4-a716-446655440000",
"name": "Battery Test Procedure",
"created_at": "2024-01-15T10:30:00.000Z",
"created_by_user": {
"id": "550e8400-e29b-41d4-a716-446655440001",
"name": "John Doe",
"email": "john.doe@company.com"
},
"runs": [
{
"id": "550e8400-e29b-41d4-a716-446655440002",
"outcome": "PASS",
"started_at": "2024-01-15T14:30:00.000Z",
"unit": {
"id": "550e8400-e29b-41d4-a716-446655440003"
}
}
],
"fpy": 85.5
}`
	return p
}

// Example2026 returns the row on the API's reference page of 2026, with its exact JSON. Its ID is that of
// [Example2025], so a server can't have both rows.
func Example2026() Procedure {
	p := example(WithRepository)
	p.Repository = &Repository{
		ID:       "550e8400-e29b-41d4-a716-446655440004",
		Name:     "my-repo",
		FullName: "org/my-repo",
		Provider: "github",
	}
	p.JSON = `{
      "id": "550e8400-e29b-41d4-a716-446655440000",
      "name": "Battery Test Procedure",
      "created_at": "2024-01-15T10:30:00.000Z",
      "created_by_user": {
        "id": "550e8400-e29b-41d4-a716-446655440001",
        "name": "John Doe",
        "email": "john.doe@company.com"
      },
      "linkedRepository": {
        "id": "550e8400-e29b-41d4-a716-446655440004",
        "name": "my-repo",
        "fullName": "org/my-repo",
        "provider": "github"
      }
    }`
	return p
}

// example returns a row with the fields that both reference pages have.
func example(shape Shape) Procedure {
	return Procedure{
		ID:        "550e8400-e29b-41d4-a716-446655440000",
		Name:      "Battery Test Procedure",
		CreatedAt: time.Date(2024, time.January, 15, 10, 30, 0, 0, time.UTC),
		CreatedBy: &User{
			ID:    "550e8400-e29b-41d4-a716-446655440001",
			Name:  new("John Doe"),
			Email: "john.doe@company.com",
		},
		Shape: shape,
	}
}
