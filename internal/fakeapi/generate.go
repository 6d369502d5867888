package fakeapi

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// The numbers of products and tests have no common factor, so counting through
// both at once gives every pair before one comes again.
var (
	products = []string{
		"Battery Pack", "Motor Controller", "Main Board", "Power Supply 24 V", "BMS Board",
		"LiDAR Module", "Camera Module", "Gateway", "Handheld Scanner", "Servo Drive",
		"Flight Controller", "ECU", "Charger 11 kW", "Sensor Node", "Pump Assembly",
		"Display Unit", "RF Front End", "Inverter", "Infusion Pump", "Robot Joint",
		"Smart Meter", "Wire Harness", "GNSS Receiver", "Radar Unit", "I/O Module",
	}
	tests = []string{
		"ICT", "FVT", "EOL Test", "Burn-In", "Hipot 1.5 kV", "Flash & Serialize",
		"Sensor Calibration", "Boundary Scan", "Leak Test", "Insulation Resistance", "Thermal Cycling",
		"Sleep Current < 5 µA", "Ground Bond", "Vibration Screening", "Final Inspection",
		"Power-On Self Test", "AOI", "Run-In 4 h", "Firmware Smoke Test", "CAN Bus Loopback",
		"Current Draw", "Incoming Inspection", "Endurance 48 h", "Pack-Out Check",
	}
	users = []User{
		{"0b7c1f7e-6d1e-4a53-9a41-2f0c8a6d9e01", new("Maya Okafor"), "maya.okafor@northfield-robotics.example"},
		{"3f9e52d4-81b7-4c0e-8f6a-5d17c2b4a602", new("Łukasz Nowak"), "lukasz.nowak@northfield-robotics.example"},
		{"7a2d9c10-4e8f-4b6d-b2c9-91e3f7058c03", nil, "line2-engineering@northfield-robotics.example"},
		{"9c64e8b3-05fa-47d2-a1de-c8b60f2d7e04", new("Chen Wei"), "chen.wei@northfield-robotics.example"},
		{"c1f0a7d6-b39c-4e25-9d84-06e5a2c71f05", new("Zoë Lindqvist"), "zoe.lindqvist@northfield-robotics.example"},
		{"e85b3d2a-7c46-4f91-8e03-b7d4195ca206", nil, "ci@northfield-robotics.example"},
	}
	outcomes  = []string{"PASS", "PASS", "PASS", "PASS", "PASS", "PASS", "FAIL", "FAIL", "ERROR", "TIMEOUT", "ABORTED"}
	providers = []string{"github", "github", "gitlab", "bitbucket"}
)

// Generate returns n procedures such as a manufacturer's test engineers have.
// Equal arguments give equal values, and a smaller n the beginning of a larger.
// Each shape has the same names, but no two share an ID or a created_at.
//
// Up to 100,000 procedures, created_at is distinct and spread over 2024 and 2025,
// in no order, and names are distinct, save that every hundredth has the name of
// the one before it. Some creators have no name, some procedures no repository or
// no fpy (null), and there are 0 to 5 runs, newest first.
func Generate(n int, shape Shape) []Procedure {
	procedures := make([]Procedure, n)
	for i := range procedures {
		procedures[i] = generate(i, shape)
	}
	return procedures
}

func generate(i int, shape Shape) Procedure {
	// A source of its own for each makes a shorter list the beginning of a longer.
	random := rand.New(rand.NewPCG(uint64(shape), uint64(i))) //nolint:gosec // neither is negative
	creator := users[random.IntN(len(users))]
	p := Procedure{
		ID:        uuid(random),
		Name:      procedureName(i),
		CreatedAt: createdAt(i, shape, random),
		CreatedBy: &creator,
		Shape:     shape,
	}
	if shape.hasRepository() && random.IntN(3) > 0 {
		p.Repository = repository(p.Name, random)
	}
	if !shape.hasRuns() {
		return p
	}
	started := p.CreatedAt.AddDate(0, 0, 30)
	for range random.IntN(6) {
		started = started.Add(-time.Duration(1+random.IntN(48*3600*1000)) * time.Millisecond)
		p.Runs = append(p.Runs, Run{
			ID:        uuid(random),
			Outcome:   outcomes[random.IntN(len(outcomes))],
			StartedAt: started,
			Unit:      Unit{ID: uuid(random)},
		})
	}
	if shape.hasFPY() && len(p.Runs) > 0 && random.IntN(8) > 0 {
		fpy := float64(600+random.IntN(401)) / 10
		p.FPY = &fpy
	}
	return p
}

func procedureName(i int) string {
	if i%100 == 99 {
		i-- // one made twice by mistake, as it happens
	}
	round := i / (len(products) * len(tests))
	return fmt.Sprintf("%s %s Rev %s", products[i%len(products)], tests[i%len(tests)], revision(round))
}

// revision counts A, B … Y, AA, AB … with the letters used on drawings, which
// leave out those that read like others (ASME Y14.35).
func revision(round int) string {
	const letters = "ABCDEFGHJKLMNPRTUVWY"
	last := letters[round%len(letters) : round%len(letters)+1]
	if round < len(letters) {
		return last
	}
	return revision(round/len(letters)-1) + last
}

// createdAt deals slots of ten minutes in two years, a prime number of them, in
// strides near the golden section: each comes once, and any few are far apart.
func createdAt(i int, shape Shape, random *rand.Rand) time.Time {
	const slots, stride = 104_729, 64_727
	start := time.Date(2024, time.January, 2, 6, 0, 0, 0, time.UTC)
	minutes := i*stride%slots*10 + 2*int(shape) // so that a mix has no equal times either
	return start.Add(time.Duration(minutes)*time.Minute + time.Duration(random.IntN(60_000))*time.Millisecond)
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

func repository(procedure string, random *rand.Rand) *Repository {
	name := notInSlug.ReplaceAllString(strings.ToLower(procedure), "-")
	return &Repository{
		ID:       uuid(random),
		Name:     name,
		FullName: "northfield-robotics/" + name,
		Provider: providers[random.IntN(len(providers))],
	}
}

// uuid has the form of a random UUID (RFC 9562, version 4).
func uuid(random *rand.Rand) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
