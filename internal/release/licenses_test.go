package release_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write "+licensesFile)

const licensesFile = "../../THIRD_PARTY_LICENSES.txt"

// allowedLicenses lists the licenses that a dependency may have. The first that matches is used.
// BSD-3-Clause must come before BSD-2-Clause, whose text it contains.
var allowedLicenses = []struct {
	name string
	text *regexp.Regexp // matches part of the license's text
}{
	{"MPL-2.0", regexp.MustCompile(`^Mozilla Public License,? [Vv]ersion 2\.0`)},
	{"Apache-2.0", regexp.MustCompile(`^\s*Apache License\s+Version 2\.0, January 2004`)},
	{"BSD-3-Clause", regexp.MustCompile(`(?s)Redistributions of source code must.*Redistributions in binary form must.*(Neither|names? of)[^.]*(endorse or promote|promote products)`)},
	{"BSD-2-Clause", regexp.MustCompile(`(?s)Redistributions of source code must.*Redistributions in binary form must`)},
	{"MIT", regexp.MustCompile(`(?s)Permission is hereby granted, free of charge, to any person.*THE SOFTWARE IS PROVIDED "AS IS"`)},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify, and/or distribute this software for any\s+purpose`)},
}

// TestAllowedLicenses checks that all dependencies, including those of tests, have an allowed license.
func TestAllowedLicenses(t *testing.T) {
	t.Parallel()
	for path, dir := range listModules(t, runtime.GOOS, "-test", "./...") {
		_, _, _ = readLicense(t, path, dir) // fails the test if the license isn't allowed
	}
}

// TestLicenses checks that THIRD_PARTY_LICENSES.txt has the licenses of Go and of all modules in the
// provider's binary. Most of the licenses require that each zip contains them.
func TestLicenses(t *testing.T) {
	t.Parallel()
	goroot, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]string{"Go": strings.TrimSpace(string(goroot))}
	for _, system := range []string{"freebsd", "windows", "linux", "darwin"} { // as in .goreleaser.yml
		maps.Copy(linked, listModules(t, system, "."))
	}
	var list, texts strings.Builder
	modules := map[string][]string{} // by the text of their license
	for _, path := range slices.Sorted(maps.Keys(linked)) {
		name, holder, text := readLicense(t, path, linked[path])
		fmt.Fprintf(&list, "%-13s %s\n", name, path)
		modules[text] = append(modules[text], path+holder)
	}
	byFirstModule := func(a, b string) int { return cmp.Compare(modules[a][0], modules[b][0]) }
	for _, text := range slices.SortedFunc(maps.Keys(modules), byFirstModule) {
		fmt.Fprintf(&texts, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(modules[text], "\n"), text)
	}
	want := "What the provider is built of besides its own code. Written by make licenses.\n\n" + list.String() + texts.String()

	if *update {
		if err := os.WriteFile(licensesFile, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.ReplaceAll(string(readFile(t, licensesFile)), "\r\n", "\n"); got != want {
		t.Error("THIRD_PARTY_LICENSES.txt isn't up to date; run make licenses and look at the difference")
	}
}

// copyright matches the copyright notice at the beginning of a license's text.
var copyright = regexp.MustCompile(`^(Copyright [^\n]+\n(All rights reserved\.\n)?)+\s*`)

// readLicense returns the name of a module's license, its copyright notice, and its text without the
// notice. Without the notice, several modules have the same text, which THIRD_PARTY_LICENSES.txt
// contains once.
func readLicense(t *testing.T, path, dir string) (name, holder, text string) {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(readFile(t, file)), "\r\n", "\n")))
		}
	}
	text = strings.Join(texts, "\n\n")
	if holder = copyright.FindString(text); holder != "" {
		text = text[len(holder):]
		holder = "\n  " + strings.Join(strings.Fields(holder), " ")
	}
	for _, license := range allowedLicenses {
		if license.text.MatchString(text) {
			return license.name, holder, text
		}
	}
	t.Errorf("%s has no allowed license; see %s", path, dir)
	return "unknown", holder, text
}

// listModules returns the directories of the modules from which packages are built, by module path. It
// omits this project's module. With -test before the packages, it includes what their tests need.
func listModules(t *testing.T, system string, packages ...string) map[string]string {
	t.Helper()
	arguments := []string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}"}
	command := exec.CommandContext(t.Context(), "go", append(arguments, packages...)...)
	command.Dir = filepath.Dir(licensesFile)
	command.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, &stderr)
	}
	modules := map[string]string{}
	for line := range strings.Lines(string(output)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			modules[path] = dir
		}
	}
	return modules
}
