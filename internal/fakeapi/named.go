package fakeapi

import "time"

// Named returns the procedures that the documentation and its examples mention, except for
// [Example2026]. The last of them was created a week before now, and the others in 2024.
func Named(now time.Time, shape Shape) []Procedure {
	list := []Procedure{
		{ID: "7d3b9f52-6c1e-4a08-b5d4-1e9f0c2a8b63", Name: "Firmware Smoke Test"},
		{ID: "c2a94e17-83d0-4f6b-9e25-5b7d16f0a3c8", Name: "Motor Controller FVT"},
		{ID: "1b8f60d3-2e97-4c5a-8a41-d9e3f7026b15", Name: "Battery Pack EOL Test"},
		{ID: "e64d15a8-09bc-4372-a1f6-38c0b2d7594e", Name: "EOL Test"},
	}
	for i := range list {
		p := &list[i]
		p.Shape = shape
		p.CreatedBy = new(users[i])
		p.CreatedAt = time.Date(2024, time.March, 4+i, 9, 0, 0, 0, time.UTC)
		p.Repository = &Repository{ID: "3ac82d90-57f1-4e6b-a2b8-e70f4c91d635", Name: "firmware", FullName: "acme/firmware", Provider: "github"}
	}
	list[len(list)-1].CreatedAt = now.AddDate(0, 0, -7)
	return list
}
