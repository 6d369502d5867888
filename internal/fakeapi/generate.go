package fakeapi

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// Values for generated procedures. A value that is listed several times is more frequent.
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

// Generate returns n procedures like those of a manufacturer. For the same arguments, it returns the
// same procedures. A smaller n gives the beginning of the same list, and another shape gives procedures
// with the same names, but with other IDs and times.
//
// In up to 100,000 procedures, no two have the same created_at. The times are scattered over two
// years. Names are distinct, except that every hundredth procedure has the name of the previous one.
// Some creators' names, repositories and fpy are null. A procedure has 0 to 5 runs, newest first.
func Generate(n int, shape Shape) []Procedure {
	procedures := make([]Procedure, n)
	for i := range procedures {
		procedures[i] = generate(i, shape)
	}
	return procedures
}

func generate(i int, shape Shape) Procedure {
	// Each procedure has its own source, so that a short list is the beginning of a longer one.
	random := rand.New(rand.NewPCG(uint64(shape), uint64(i))) //nolint:gosec // shape and i aren't negative.
	creator := users[random.IntN(len(users))]
	p := Procedure{
		ID:        newUUID(random),
		Name:      procedureName(i),
		CreatedAt: createdAt(i, shape, random),
		CreatedBy: &creator,
		Shape:     shape,
	}
	if shape.hasRepository() && random.IntN(3) > 0 {
		p.Repository = newRepository(p.Name, random)
	}
	if !shape.hasRuns() {
		return p
	}
	started := p.CreatedAt.AddDate(0, 0, 30) // so that the oldest of five runs is after CreatedAt
	for range random.IntN(6) {
		started = started.Add(-time.Duration(1+random.IntN(48*3600*1000)) * time.Millisecond) // by up to 48 hours
		p.Runs = append(p.Runs, Run{
			ID:        newUUID(random),
			Outcome:   outcomes[random.IntN(len(outcomes))],
			StartedAt: started,
			Unit:      Unit{ID: newUUID(random)},
		})
	}
	if shape.hasFPY() && len(p.Runs) > 0 && random.IntN(8) > 0 {
		p.FPY = new(float64(600+random.IntN(401)) / 10) // 60.0 to 100.0
	}
	return p
}

// procedureName takes the next product and the next test for each name. The lengths of products and
// tests have no common factor, so the pairs of one round are distinct.
func procedureName(i int) string {
	if i%100 == 99 {
		i-- // a procedure that was created twice by mistake
	}
	round := i / (len(products) * len(tests))
	return fmt.Sprintf("%s %s Rev %s", products[i%len(products)], tests[i%len(tests)], revision(round))
}

// revision returns the revision with this index: A for 0, B for 1, and so on to Y, AA, AB … Its letters are those that ASME Y14.35
// allows for revisions of drawings. They don't look like other letters or digits.
func revision(index int) string {
	const letters = "ABCDEFGHJKLMNPRTUVWY"
	last := string(letters[index%len(letters)])
	if index < len(letters) {
		return last
	}
	return revision(index/len(letters)-1) + last
}

// createdAt returns a time for the procedure with the index i. It divides two years into slots of ten
// minutes, and moves on by stride slots for each procedure. The number of slots is a prime, so every
// slot is used before one is repeated. The stride is large, so that consecutive times are far apart.
func createdAt(i int, shape Shape, random *rand.Rand) time.Time {
	const slots, stride = 104_729, 64_727
	start := time.Date(2024, time.January, 2, 6, 0, 0, 0, time.UTC)
	slot := i * stride % slots
	minutes := slot*10 + 2*int(shape) // so that no two shapes share a minute
	return start.Add(time.Duration(minutes)*time.Minute + time.Duration(random.IntN(60_000))*time.Millisecond)
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

func newRepository(procedure string, random *rand.Rand) *Repository {
	name := notInSlug.ReplaceAllString(strings.ToLower(procedure), "-")
	return &Repository{
		ID:       newUUID(random),
		Name:     name,
		FullName: "northfield-robotics/" + name,
		Provider: providers[random.IntN(len(providers))],
	}
}

// newUUID returns a version 4 UUID (RFC 9562).
func newUUID(random *rand.Rand) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	b[6] = b[6]&0x0f | 0x40 // the version
	b[8] = b[8]&0x3f | 0x80 // the variant
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
