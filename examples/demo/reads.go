package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// counts are the totals of all reads in the provider's log.
type counts struct {
	reads, procedures, requests int
}

func countReads(file string) (counts, error) {
	log, err := os.ReadFile(file)
	if err != nil {
		return counts{}, fmt.Errorf("counting requests in the provider's log: %w", err)
	}
	return parseReads(string(log))
}

// The log has one line for each read. Its filters are URL-encoded, so they can't look like
// another field.
var (
	readLine = regexp.MustCompile(`(?m)^.*: Read procedures: .*$`)
	rows     = regexp.MustCompile(` rows=(\d+)\b`)
	pages    = regexp.MustCompile(` pages=(\d+)\b`)
)

func parseReads(log string) (total counts, err error) {
	for _, line := range readLine.FindAllString(log, -1) {
		procedures, err := parseField(rows, line)
		if err != nil {
			return counts{}, err
		}
		requests, err := parseField(pages, line)
		if err != nil {
			return counts{}, err
		}
		total.reads++
		total.procedures += procedures
		total.requests += requests
	}
	if total.reads == 0 {
		return counts{}, errors.New(`counting requests: the provider's log has no line "Read procedures"`)
	}
	return total, nil
}

func parseField(pattern *regexp.Regexp, line string) (int, error) {
	found := pattern.FindStringSubmatch(line)
	if found == nil {
		return 0, fmt.Errorf("the provider's log has a line without%s: %s", strings.TrimSuffix(pattern.String(), `=(\d+)\b`), line)
	}
	return strconv.Atoi(found[1])
}
