// Command plot draws how the time of a whole terraform plan grows with the
// number of procedures, of five runs each, from what internal/bench measured.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/color"
	"log"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// results are what is needed of internal/bench's.
type results struct {
	Machine string
	Rows    []struct {
		What               string
		Procedures, Runs   int
		Floor, Ours, Usual float64 // seconds; zero where it wasn't measured
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: plot FILE.json FILE.svg")
	}
	content, err := os.ReadFile(os.Args[1]) //nolint:gosec // what the user names
	if err != nil {
		log.Fatal(err)
	}
	var measured results
	if err := json.Unmarshal(content, &measured); err != nil {
		log.Fatal(err)
	}
	if err := render(measured, os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func render(measured results, file string) error {
	var floor, ours, usual plotter.XYs
	for _, row := range measured.Rows {
		if row.What == "plan" && row.Runs == 5 {
			floor = append(floor, plotter.XY{X: float64(row.Procedures), Y: row.Floor})
			ours = append(ours, plotter.XY{X: float64(row.Procedures), Y: row.Ours})
			usual = append(usual, plotter.XY{X: float64(row.Procedures), Y: row.Usual})
		}
	}
	if len(ours) == 0 {
		return errors.New("no plans of procedures with five runs each were measured")
	}

	plot.DefaultFont.Variant = "Sans"
	picture := plot.New()
	picture.Title.Text = "terraform plan of all procedures, five runs each\n" + measured.Machine
	picture.Title.Padding = vg.Points(10)
	picture.X.Label.Text = "procedures"
	picture.Y.Label.Text = "seconds"
	picture.X.Scale, picture.Y.Scale = plot.LogScale{}, plot.LogScale{}
	picture.X.Tick.Marker, picture.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	picture.Add(plotter.NewGrid())
	picture.Legend.Top, picture.Legend.Left = true, true
	picture.Legend.Padding = vg.Points(4)
	picture.Legend.XOffs, picture.Legend.YOffs = vg.Points(8), -vg.Points(8)
	for _, way := range []struct {
		name  string
		at    plotter.XYs
		color color.Color
		shape draw.GlyphDrawer
	}{
		{"the framework's usual way", usual, color.RGBA{R: 0xd5, G: 0x5e, A: 0xff}, draw.BoxGlyph{}},
		{"this provider", ours, color.RGBA{G: 0x72, B: 0xb2, A: 0xff}, draw.CircleGlyph{}},
		{"floor: a state that is ready", floor, color.Gray{Y: 0x60}, draw.PyramidGlyph{}},
	} {
		line, points, err := plotter.NewLinePoints(way.at)
		if err != nil {
			return err
		}
		line.Color, line.Width = way.color, vg.Points(2)
		points.Color, points.Shape, points.Radius = way.color, way.shape, vg.Points(4)
		picture.Add(line, points)
		picture.Legend.Add(way.name, line, points)
	}
	picture.Y.Min, picture.Y.Max = 0.0999, 100 // whole decades; 0.1 itself, rounded up, would get no tick
	return save(picture, file)
}

// save draws on white, so that it is legible on a dark page too, and names fonts
// of the same widths for readers who don't have the first.
func save(picture *plot.Plot, file string) error {
	image := vgsvg.New(18*vg.Centimeter, 12*vg.Centimeter)
	paper := draw.New(image)
	paper.SetColor(color.White)
	paper.Fill(paper.Path())
	margin := vg.Points(8)
	picture.Draw(draw.Crop(paper, margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := image.WriteTo(&svg); err != nil {
		return err
	}
	text := bytes.ReplaceAll(svg.Bytes(), []byte("Liberation Sans"), []byte("Liberation Sans,Arial,Helvetica,sans-serif"))
	return os.WriteFile(file, text, 0o644) //nolint:gosec // for everyone to read
}
