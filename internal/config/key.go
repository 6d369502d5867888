package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// bearer matches the word Bearer, which people copy from a header together with the key.
var bearer = regexp.MustCompile(`(?i)(?:^|[\s"':])bearer(?:[\s\p{Z}]|$)`)

// CheckAPIKey reports what is wrong with the value of api_key, or of the environment
// variable. Keys have no documented form, but other characters than visible ASCII, and quotes
// around a key, are mistakes of copying (API.md, Key). The server would respond with a 401,
// and people would create new keys. The error names a character by its code point and its place, and
// doesn't repeat the key.
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty; omit api_key to use " + EnvAPIKey + " or the login file")
	case strings.TrimRight(key, "\r\n") != key:
		return errors.New(`the key ends in a line break; remove it, or read the key from its file with trimspace(file("…"))`)
	}
	return checkKey(key)
}

// checkKey reports what is wrong with a key, wherever it comes from.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case isPlaceholder(key):
		return errors.New("the key looks like a placeholder that wasn't replaced; set the key itself")
	case bearer.MatchString(key):
		return errors.New("the key includes the word Bearer, which the provider adds; keep only what follows it")
	case strings.Trim(key, "\"'`") != key:
		return errors.New("the key has quotes around it; remove them")
	}
	for at, r := range []rune(key) {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("character %d of the key is %#U, but a key has only visible ASCII characters; remove or correct it", at+1, r)
		}
	}
	return nil
}

// isPlaceholder reports whether a value consists only of a reference that wasn't resolved, by
// a shell, a CI system, a template or Terraform, or of an example's placeholder.
func isPlaceholder(value string) bool { return placeholder.MatchString(value) }

var placeholder = regexp.MustCompile(`(?s)^(` + strings.Join([]string{
	`\$(env:)?[A-Za-z_]\w*`, // $NAME, and $env:NAME of PowerShell
	`\$\{.*\}`,              // ${NAME}, and ${{ … }} of GitHub Actions
	`\{\{.*\}\}`,            // {{ … }}
	`%\w+%`,                 // %NAME%
	`\$\(.*\)`,              // $(command), and $(NAME) of Azure Pipelines
	`(var|local|data)\..+`,  // a reference in quotes
	`<.*>`,                  // <your key>
	`[.…*•]+`,               // a key that was left out or masked
}, "|") + `)$`)
