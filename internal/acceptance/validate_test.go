package acceptance

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// wantInvalid returns the expected error about the value of an argument.
func wantInvalid(argument string, words ...string) harness.WantDiagnostic {
	return harness.WantError(argument, "Invalid "+argument, words...)
}

// checkDiagnostics checks that there is the expected error, or no diagnostic if none is expected.
func checkDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want harness.WantDiagnostic) {
	t.Helper()
	if want.Summary == "" {
		harness.CheckNoDiagnostics(t, diagnostics)
	} else {
		harness.CheckError(t, diagnostics, want)
	}
}

// noError makes checkDiagnostics expect no diagnostic.
var noError = harness.WantDiagnostic{}

// TestValidateProvider checks the errors about invalid arguments of the provider. The tests of the
// package config have more invalid values.
func TestValidateProvider(t *testing.T) {
	t.Parallel()
	const ascii = "but a key has only visible ASCII characters; remove or correct it."
	clientPEM, _ := harness.NewCertificate(t, "client")
	unencrypted := wantInvalid("url", "doesn't send the API key unencrypted over http://", "use https://", "allow_http to true")
	wantRetries := func(got string) harness.WantDiagnostic {
		return wantInvalid("max_retries", "max_retries must be a whole number from 0 to 10, not "+got+".")
	}
	connection := connect(t)
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.WantDiagnostic
	}{
		"a client certificate alone":       {harness.Values{"client_cert_pem": clientPEM}, wantInvalid("client_cert_pem", "The certificate is set without its private key; set client_key_pem, or omit both.")},
		"a certificate as client key":      {harness.Values{"client_cert_pem": harness.Unknown, "client_key_pem": clientPEM}, wantInvalid("client_key_pem", "This is a certificate, not its private key;")},
		"a path as client certificate":     {harness.Values{"client_cert_pem": "client.pem", "client_key_pem": harness.Unknown}, wantInvalid("client_cert_pem", "This must be the text of the certificate, not the path of its file;")},
		"a header that the provider sends": {harness.Values{"headers": harness.Values{"Authorization": harness.Unknown}}, wantInvalid("headers", "The header Authorization can't be set: the provider sends the API key in it")},
		"a header without a value":         {harness.Values{"headers": harness.Values{"X-A": harness.Unknown, "X-B": nil}}, wantInvalid("headers", "The value of the header X-B is null; set it, or remove the header.")},
		"a header for a proxy over http": {harness.Values{"url": "http://localhost:3000", "headers": harness.Values{"Proxy-Authorization": harness.Unknown}},
			wantInvalid("headers", "The header Proxy-Authorization can be sent over https:// only, because over http:// a proxy would read it; use https://, or remove the header.")},
		"key empty":                   {harness.Values{"api_key": ""}, wantInvalid("api_key", "The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file.")},
		"key with a space":            {harness.Values{"api_key": "tp_a tp_b"}, wantInvalid("api_key", "Character 5 of the key is U+0020 ' ', "+ascii)},
		"key with a line break":       {harness.Values{"api_key": "tp_abc\n"}, wantInvalid("api_key", `The key ends in a line break; remove it, or read the key from its file with trimspace(file("…")).`)},
		"key in quotes":               {harness.Values{"api_key": `"tp_abc"`}, wantInvalid("api_key", "The key has quotes around it; remove them.")},
		"key in Markdown":             {harness.Values{"api_key": "`tp_abc`"}, wantInvalid("api_key", "The key has quotes around it; remove them.")},
		"key in curly quotes":         {harness.Values{"api_key": "“tp_abc”"}, wantInvalid("api_key", "Character 1 of the key is U+201C '“', "+ascii)},
		"key with a delete character": {harness.Values{"api_key": "tp_\x7f"}, wantInvalid("api_key", "Character 4 of the key is U+007F, "+ascii)},
		"url empty":                   {harness.Values{"url": ""}, wantInvalid("url", "The URL is empty; omit url to use TOFUPILOT_URL, the login file's server or https://www.tofupilot.app.")},
		"url without a scheme":        {harness.Values{"url": "tofupilot.example.com"}, wantInvalid("url", "must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url with a password":         {harness.Values{"url": "https://user:hunter2@example.com"}, wantInvalid("url", "user info", "may be a password", "api_key")},
		"http to another machine":     {harness.Values{"url": "http://tofupilot.example.com"}, unencrypted},
		"http with allow_http false":  {harness.Values{"url": "http://10.0.0.7:8080/api", "allow_http": false}, unencrypted},
		"certificate empty":           {harness.Values{"ca_cert_pem": ""}, wantInvalid("ca_cert_pem", "No certificate found", "-----BEGIN CERTIFICATE-----")},
		"max_retries -1":              {harness.Values{"max_retries": -1}, wantRetries("-1")},
		"max_retries 11":              {harness.Values{"max_retries": 11}, wantRetries("11")},
		"max_retries 1.5":             {harness.Values{"max_retries": 1.5}, wantRetries("1.5")},
		"request_timeout 0":           {harness.Values{"request_timeout": "0"}, wantInvalid("request_timeout", `"0" isn't a positive duration`)},
		"request_timeout 30":          {harness.Values{"request_timeout": "30"}, wantInvalid("request_timeout", `"30" isn't a duration`, "write it like 30s, 5m or 1h30m")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckError(t, connection.ValidateProvider(t, c.arguments), c.want)
		})
	}
}

func TestValidProvider(t *testing.T) {
	t.Parallel()
	clientPEM, clientKeyPEM := harness.NewCertificate(t, "client")
	connection := connect(t)
	for name, arguments := range map[string]harness.Values{
		"no arguments":                          {},
		"key with all visible characters":       {"api_key": "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"},
		"http to localhost":                     {"url": "http://localhost:3000"},
		"http with allow_http":                  {"url": "http://tofupilot.example.com", "allow_http": true},
		"http with allow_http unknown":          {"url": "http://tofupilot.example.com", "allow_http": harness.Unknown},
		"the maximum of retries":                {"max_retries": 10},
		"a client certificate":                  {"client_cert_pem": clientPEM, "client_key_pem": clientKeyPEM},
		"a client certificate, its key unknown": {"client_cert_pem": clientPEM, "client_key_pem": harness.Unknown},
		"headers":                               {"headers": harness.Values{"X-A": "a", "X-B": harness.Unknown}},
		"no headers":                            {"headers": harness.Values{}},
		"a header for a proxy":                  {"headers": harness.Values{"Proxy-Authorization": "Bearer a"}, "url": harness.Unknown},
		"all unknown": {
			"api_key": harness.Unknown, "url": harness.Unknown, "allow_http": harness.Unknown, "ca_cert_pem": harness.Unknown, "client_cert_pem": harness.Unknown,
			"client_key_pem": harness.Unknown, "headers": harness.Unknown, "max_retries": harness.Unknown, "request_timeout": harness.Unknown,
		},
		"all null": {"api_key": nil, "url": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckNoDiagnostics(t, connection.ValidateProvider(t, arguments))
		})
	}
}

// TestErrorsHideSecrets checks that errors don't repeat values that may be secret. The tests of the
// package config have more such values.
func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	const secret = "tp_secret"
	for _, arguments := range []harness.Values{
		{"api_key": secret + "\n"},
		{"url": "https://" + secret + "@example.com"},
		{"headers": harness.Values{"X-A": secret + "\n"}},
		{"client_cert_pem": harness.Unknown, "client_key_pem": secret},
		{"client_cert_pem": secret, "client_key_pem": secret},
	} {
		diagnostics := connection.ValidateProvider(t, arguments)
		if len(diagnostics) == 0 {
			t.Errorf("%v: got no error", arguments)
		}
		if output := harness.FormatDiagnostics(diagnostics); strings.Contains(output, secret) {
			t.Errorf("%v: the error contains the value: %s", arguments, output)
		}
	}
}

func TestValidateProcedures(t *testing.T) {
	t.Parallel()
	const timeAdvice = "write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00"
	wantPageSize := func(got string) harness.WantDiagnostic {
		return wantInvalid("page_size", "page_size must be a whole number from 1 to 100, not "+got+".")
	}
	connection := connect(t)
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.WantDiagnostic
	}{
		"empty search":        {harness.Values{"search_query": ""}, wantInvalid("search_query", "The search query is empty; omit search_query to list everything.")},
		"search of blanks":    {harness.Values{"search_query": "\u00a0\t"}, wantInvalid("search_query", "The search query is only white space; omit search_query to list everything.")},
		"search of 101 emoji": {harness.Values{"search_query": strings.Repeat("🔋", 101)}, wantInvalid("search_query", "The search query has 101 characters, and the API accepts at most 100; shorten it.")},

		"created_after without a time": {harness.Values{"created_after": "2024-01-15"}, wantInvalid("created_after", `"2024-01-15" isn't an RFC 3339 time`, timeAdvice)},
		"created_before in lower case": {harness.Values{"created_before": "2024-01-15t10:30:00z"}, wantInvalid("created_before", "isn't an RFC 3339 time", timeAdvice)},
		"created_after later than created_before": {
			harness.Values{"created_after": "2024-01-15T10:30:00.001Z", "created_before": "2024-01-15T11:30:00+01:00"},
			wantInvalid("created_after", "created_after (2024-01-15T10:30:00.001Z) is later than created_before (2024-01-15T11:30:00+01:00)", "nothing can match"),
		},

		"page_size 0":    {harness.Values{"page_size": 0}, wantPageSize("0")},
		"page_size 101":  {harness.Values{"page_size": 101}, wantPageSize("101")},
		"page_size 2.5":  {harness.Values{"page_size": 2.5}, wantPageSize("2.5")},
		"page_size 10/3": {harness.Values{"page_size": new(big.Float).SetPrec(512).Quo(big.NewFloat(10), big.NewFloat(3))}, wantPageSize("3.333333333333333333…")}, // with the 512 bits of Terraform's numbers

		"timeouts.read of zero":  {harness.Values{"timeouts": harness.Values{"read": "0s"}}, wantInvalid("timeouts.read", `"0s" isn't a positive duration`)},
		"timeouts.read, no unit": {harness.Values{"timeouts": harness.Values{"read": "300"}}, wantInvalid("timeouts.read", `"300" isn't a duration`, "write it like 30s, 5m or 1h30m")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckError(t, connection.Validate(t, "tofupilot_procedures", c.arguments), c.want)
		})
	}
}

func TestValidProcedures(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	for name, arguments := range map[string]harness.Values{
		"no arguments":             {},
		"search of 100 emoji":      {"search_query": strings.Repeat("🔋", 100)}, // the maximum; older servers count 200 UTF-16 code units and reject it
		"one instant, two offsets": {"created_after": "2024-01-15T10:30:00Z", "created_before": "2024-01-15T11:30:00+01:00"},
		"smallest page":            {"page_size": 1},
		"largest page":             {"page_size": 100},
		"timeouts without read":    {"timeouts": harness.Values{}},
		"all unknown":              {"search_query": harness.Unknown, "created_after": harness.Unknown, "created_before": harness.Unknown, "page_size": harness.Unknown, "timeouts": harness.Unknown},
		"timeout unknown":          {"timeouts": harness.Values{"read": harness.Unknown}},
		"created_before unknown":   {"created_after": "2024-01-15T10:30:00Z", "created_before": harness.Unknown},
		"created_after unknown":    {"created_after": harness.Unknown, "created_before": "0000-01-01T00:00:00Z"}, // earlier than Go's zero time
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckNoDiagnostics(t, connection.Validate(t, "tofupilot_procedures", arguments))
		})
	}
}

func TestValidateIDAndName(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	wantNeither := harness.WantError("", "No name or id", "Set name or id.")
	wantBoth := harness.WantError("id", "Both name and id", "Set name or id, not both.")
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.WantDiagnostic
	}{
		"name":                 {harness.Values{"name": " "}, noError}, // white space is allowed
		"id":                   {harness.Values{"id": "FVT1"}, noError},
		"neither":              {harness.Values{}, wantNeither},
		"both null":            {harness.Values{"id": nil, "name": nil}, wantNeither},
		"both":                 {harness.Values{"id": "a", "name": "b"}, wantBoth},
		"id unknown":           {harness.Values{"id": harness.Unknown}, noError},
		"id unknown, name set": {harness.Values{"id": harness.Unknown, "name": "b"}, noError}, // valid, because the ID may turn out to be null
		"both unknown":         {harness.Values{"id": harness.Unknown, "name": harness.Unknown}, noError},
		"empty name":           {harness.Values{"name": ""}, wantInvalid("name", "The name is empty; set it to the exact name of a procedure.")},
		"empty id":             {harness.Values{"id": ""}, wantInvalid("id", "The ID is empty; set it to the ID of a procedure.")},
		"timeouts":             {harness.Values{"id": "a", "timeouts": harness.Values{"read": "0s"}}, wantInvalid("timeouts.read", `"0s" isn't a positive duration.`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkDiagnostics(t, connection.Validate(t, "tofupilot_procedure", c.arguments), c.want)
		})
	}
}

func TestValidateNames(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	empty := wantInvalid("names", "A name is empty. Remove it, or correct it.")
	null := wantInvalid("names", "A name is null. Remove it, or correct it.")
	for name, c := range map[string]struct {
		names any
		want  harness.WantDiagnostic
	}{
		"an empty name":                {newSet("FVT", ""), empty},
		"a null name":                  {[]any{"FVT", nil}, null},
		"an empty and an unknown name": {[]any{"", harness.Unknown}, empty},
		"an unknown name":              {[]any{"FVT", harness.Unknown}, noError},
		"a space":                      {newSet(" "), noError},
		"an unknown set":               {harness.Unknown, noError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkDiagnostics(t, connection.Validate(t, "tofupilot_procedure_ids", harness.Values{"names": c.names}), c.want)
		})
	}
}

// TestAllMistakesAtOnce checks that each invalid argument has an error, not only the first one.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	diagnostics := connect(t).Validate(t, "tofupilot_procedures", harness.Values{
		"search_query": "", "created_after": "yesterday", "created_before": "tomorrow", "page_size": 0, "timeouts": harness.Values{"read": "-5m"},
	})
	var paths []string
	for _, diagnostic := range diagnostics {
		paths = append(paths, harness.DiagnosticPath(diagnostic))
	}
	for _, path := range []string{"search_query", "created_after", "created_before", "page_size", "timeouts.read"} {
		if !slices.Contains(paths, path) {
			t.Errorf("no error about %s: %s", path, harness.FormatDiagnostics(diagnostics))
		}
	}
}
