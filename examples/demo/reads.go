package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// counts are the totals of all reads in the provider's log, whose fields rows and pages are the numbers of
// procedures and requests.
type counts struct{ reads, procedures, requests int }

// countReads adds up the reads in a file with the provider's log.
func countReads(file string) (counts, error) {
	log, err := os.ReadFile(file)
	if err != nil {
		return counts{}, fmt.Errorf("counting requests in the provider's log: %w", err)
	}
	return parseReads(string(log))
}

// readLine matches the line of the log for one read. The filters in the line are URL-encoded, so
// they can't look like another field.
var readLine = regexp.MustCompile(`(?m)^.*: Read procedures: .*$`)

func parseReads(log string) (total counts, err error) {
	for _, line := range readLine.FindAllString(log, -1) {
		procedures, err := parseField(line, "rows")
		if err != nil {
			return counts{}, err
		}
		requests, err := parseField(line, "pages")
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

func parseField(line, name string) (int, error) {
	found := regexp.MustCompile(` ` + name + `=(\d+)\b`).FindStringSubmatch(line)
	if found == nil {
		return 0, fmt.Errorf("the provider's log has a line without %s: %s", name, line)
	}
	return strconv.Atoi(found[1])
}
