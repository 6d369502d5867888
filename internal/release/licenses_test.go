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

// allowed are the licences that a dependency may have, and words that stand in
// no other. The first that matches counts, so the longer text goes first.
var allowed = []struct {
	name  string
	words *regexp.Regexp
}{
	{"MPL-2.0", regexp.MustCompile(`^Mozilla Public License,? [Vv]ersion 2\.0`)},
	{"Apache-2.0", regexp.MustCompile(`^\s*Apache License\s+Version 2\.0, January 2004`)},
	{"BSD-3-Clause", regexp.MustCompile(`(?s)Redistributions of source code must.*Redistributions in binary form must.*(Neither|names? of)[^.]*(endorse or promote|promote products)`)},
	{"BSD-2-Clause", regexp.MustCompile(`(?s)Redistributions of source code must.*Redistributions in binary form must`)},
	{"MIT", regexp.MustCompile(`(?s)Permission is hereby granted, free of charge, to any person.*THE SOFTWARE IS PROVIDED "AS IS"`)},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify, and/or distribute this software for any\s+purpose`)},
}

// TestLicenses holds every dependency, of the tests too, to an allowed licence,
// and THIRD_PARTY_LICENSES.txt to what the provider is built of: that file goes
// into each zip, since most of these licences ask for it. Go is built in as well.
func TestLicenses(t *testing.T) {
	t.Parallel()
	for path, dir := range modules(t, runtime.GOOS, "-test", "./...") {
		_, _, _ = license(t, path, dir)
	}

	linked := map[string]string{"Go": runtimeDir(t)}
	for _, system := range []string{"freebsd", "windows", "linux", "darwin"} {
		maps.Copy(linked, modules(t, system, "."))
	}
	var list, texts strings.Builder
	users := map[string][]string{} // of each text
	for _, path := range slices.Sorted(maps.Keys(linked)) {
		name, holder, text := license(t, path, linked[path])
		fmt.Fprintf(&list, "%-13s %s\n", name, path)
		users[text] = append(users[text], path+holder)
	}
	byFirst := func(a, b string) int { return cmp.Compare(users[a][0], users[b][0]) }
	for _, text := range slices.SortedFunc(maps.Keys(users), byFirst) {
		fmt.Fprintf(&texts, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(users[text], "\n"), text)
	}
	want := "What the provider is built of besides its own code. Written by make licenses.\n\n" + list.String() + texts.String()

	if *update {
		if err := os.WriteFile(licensesFile, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.ReplaceAll(string(read(t, licensesFile)), "\r\n", "\n"); got != want {
		t.Error("THIRD_PARTY_LICENSES.txt isn't what the dependencies say; run make licenses and look at the difference")
	}
}

// copyright is how a text begins that says whose the work is.
var copyright = regexp.MustCompile(`^(Copyright [^\n]+\n(All rights reserved\.\n)?)+\s*`)

// license is the licence of a module, whose it is where the text begins with
// that (so that equal texts can be told once), and the text.
func license(t *testing.T, path, dir string) (name, holder, text string) {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(read(t, file)), "\r\n", "\n")))
		}
	}
	text = strings.Join(texts, "\n\n")
	if holder = copyright.FindString(text); holder != "" {
		text = text[len(holder):]
		holder = "\n  " + strings.Join(strings.Fields(holder), " ")
	}
	for _, known := range allowed {
		if known.words.MatchString(text) {
			return known.name, holder, text
		}
	}
	t.Errorf("%s has no licence that is known and allowed; look at %s", path, dir)
	return "unknown", holder, text
}

// modules are those that packages are built from, without the project's own, and
// where their sources are.
func modules(t *testing.T, system string, packages ...string) map[string]string {
	t.Helper()
	arguments := []string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}"}
	command := exec.CommandContext(t.Context(), "go", append(arguments, packages...)...)
	command.Dir = filepath.Dir(licensesFile)
	command.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, &problems)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(output)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found[path] = dir
		}
	}
	return found
}

// runtimeDir is where Go itself is, which every program has a part of.
func runtimeDir(t *testing.T) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}
