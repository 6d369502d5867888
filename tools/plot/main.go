// Command plot draws the time of a terraform plan by the number of procedures, which have five runs
// each. It reads the results of internal/bench.
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

// results contains the fields of internal/bench's results that the plot needs.
type results struct {
	Machine      string
	Measurements []struct {
		What                        string
		Procedures, Runs            int
		Baseline, Provider, Structs float64 // in seconds
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: plot FILE.json FILE.svg")
	}
	content, err := os.ReadFile(os.Args[1]) //nolint:gosec // the user's file
	if err != nil {
		log.Fatal(err)
	}
	var results results
	if err := json.Unmarshal(content, &results); err != nil {
		log.Fatal(err)
	}
	if err := render(results, os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// render draws one line for each kind of provider.
func render(results results, file string) error {
	var baseline, provider, structs plotter.XYs
	for _, m := range results.Measurements {
		if m.What == "plan" && m.Runs == 5 {
			baseline = append(baseline, plotter.XY{X: float64(m.Procedures), Y: m.Baseline})
			provider = append(provider, plotter.XY{X: float64(m.Procedures), Y: m.Provider})
			structs = append(structs, plotter.XY{X: float64(m.Procedures), Y: m.Structs})
		}
	}
	if len(provider) == 0 {
		return errors.New("the results have no plans of procedures with five runs each")
	}

	plot.DefaultFont.Variant = "Sans"
	picture := plot.New()
	picture.Title.Text = "terraform plan of all procedures, five runs each\n" + results.Machine
	picture.Title.Padding = vg.Points(10)
	picture.X.Label.Text = "procedures"
	picture.Y.Label.Text = "seconds"
	picture.X.Scale, picture.Y.Scale = plot.LogScale{}, plot.LogScale{}
	picture.X.Tick.Marker, picture.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	picture.Add(plotter.NewGrid())
	picture.Legend.Top, picture.Legend.Left = true, true
	picture.Legend.Padding = vg.Points(4)
	picture.Legend.XOffs, picture.Legend.YOffs = vg.Points(8), -vg.Points(8)
	for _, series := range []struct {
		name  string
		times plotter.XYs
		color color.Color
		shape draw.GlyphDrawer
	}{
		{"a provider with Go structs", structs, color.RGBA{R: 0xd5, G: 0x5e, A: 0xff}, draw.BoxGlyph{}},
		{"this provider", provider, color.RGBA{G: 0x72, B: 0xb2, A: 0xff}, draw.CircleGlyph{}},
		{"baseline: a prepared state", baseline, color.Gray{Y: 0x60}, draw.PyramidGlyph{}},
	} {
		line, points, err := plotter.NewLinePoints(series.times)
		if err != nil {
			return err
		}
		line.Color, line.Width = series.color, vg.Points(2)
		points.Color, points.Shape, points.Radius = series.color, series.shape, vg.Points(4)
		picture.Add(line, points)
		picture.Legend.Add(series.name, line, points)
	}
	picture.Y.Min = 0.0999 // not 0.1: rounding would make that larger, and hide the tick at 0.1
	picture.Y.Max = 100
	return save(picture, file)
}

// save writes the picture as SVG. The background is white, so that the picture is legible on a dark
// page, too. Systems without Liberation Sans use Arial or Helvetica, which have the same widths.
func save(picture *plot.Plot, file string) error {
	image := vgsvg.New(18*vg.Centimeter, 12*vg.Centimeter)
	canvas := draw.New(image)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Path())
	margin := vg.Points(8)
	picture.Draw(draw.Crop(canvas, margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := image.WriteTo(&svg); err != nil {
		return err
	}
	text := bytes.ReplaceAll(svg.Bytes(), []byte("Liberation Sans"), []byte("Liberation Sans,Arial,Helvetica,sans-serif"))
	return os.WriteFile(file, text, 0o644) //nolint:gosec // everyone may read the picture
}
