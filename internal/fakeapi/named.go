package fakeapi

import "time"

// Named are the procedures that the documentation and its examples name, save
// [Example2026]'s. The last was created a week before now, and the others in 2024.
func Named(now time.Time, shape Shape) []Procedure {
	list := []Procedure{
		{ID: "FVT1", Name: "Firmware Smoke Test"},
		{ID: "MCF1", Name: "Motor Controller FVT"},
		{ID: "BPE1", Name: "Battery Pack EOL Test"},
		{ID: "EOL1", Name: "EOL Test"},
	}
	for i := range list {
		p := &list[i]
		p.Shape = shape
		creator := users[i]
		p.CreatedBy = &creator
		p.CreatedAt = time.Date(2024, time.March, 4+i, 9, 0, 0, 0, time.UTC)
		p.Repository = &Repository{ID: p.ID + "-repository", Name: "firmware", FullName: "acme/firmware", Provider: "github"}
	}
	list[len(list)-1].CreatedAt = now.AddDate(0, 0, -7)
	return list
}
