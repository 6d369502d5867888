package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// counts is what the provider's log tells of its reads.
type counts struct {
	reads, procedures, requests int
}

func countReads(file string) (counts, error) {
	log, err := os.ReadFile(file)
	if err != nil {
		return counts{}, fmt.Errorf("the provider's log, which tells how many requests were made: %w", err)
	}
	return parseReads(string(log))
}

// One line of the log is one read. What it filtered by is URL-encoded, so
// nothing in it looks like a further field.
var (
	readLine = regexp.MustCompile(`(?m)^.*: Read procedures: .*$`)
	rows     = regexp.MustCompile(` rows=(\d+)\b`)
	pages    = regexp.MustCompile(` pages=(\d+)\b`)
)

func parseReads(log string) (total counts, err error) {
	for _, line := range readLine.FindAllString(log, -1) {
		procedures, err := field(rows, line)
		if err != nil {
			return counts{}, err
		}
		requests, err := field(pages, line)
		if err != nil {
			return counts{}, err
		}
		total.reads++
		total.procedures += procedures
		total.requests += requests
	}
	if total.reads == 0 {
		return counts{}, errors.New(`the provider's log has no line "Read procedures", so nobody knows how many requests were made`)
	}
	return total, nil
}

func field(pattern *regexp.Regexp, line string) (int, error) {
	found := pattern.FindStringSubmatch(line)
	if found == nil {
		return 0, fmt.Errorf("the provider's log has a line without%s: %s", strings.TrimSuffix(pattern.String(), `=(\d+)\b`), line)
	}
	return strconv.Atoi(found[1])
}
