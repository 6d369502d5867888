package acceptance

import (
	"math/big"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// wantInvalid returns a function that returns the expected error about an attribute.
func wantInvalid(attribute string) func(words ...string) harness.WantDiagnostic {
	return func(words ...string) harness.WantDiagnostic {
		return harness.WantError(attribute, "Invalid "+attribute, words...)
	}
}

func TestValidateProvider(t *testing.T) {
	t.Parallel()
	const (
		example   = "https://www.tofupilot.app"
		ascii     = "but a key has only visible ASCII characters; remove or correct it."
		lineBreak = `The key ends in a line break; remove it, or read the key from its file with trimspace(file("…")).`
		bearer    = "The key includes the word Bearer, which the provider adds; keep only what follows it."
	)
	_, privateKey := harness.NewCertificate(t, "key only")
	key, url, certificate, timeout := wantInvalid("api_key"), wantInvalid("url"), wantInvalid("ca_cert_pem"), wantInvalid("request_timeout")
	plain := harness.WantError("url", "Invalid url", "doesn't send the API key unencrypted over http://", "use https://", "allow_http to true")
	retries := func(got string) harness.WantDiagnostic {
		return harness.WantError("max_retries", "Invalid max_retries", "max_retries must be a whole number from 0 to 10, not "+got+".")
	}
	connection := connect(t)
	headers, clientCertificate, clientKey := wantInvalid("headers"), wantInvalid("client_cert_pem"), wantInvalid("client_key_pem")
	clientPEM, clientKeyPEM := harness.NewCertificate(t, "client")
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.WantDiagnostic
	}{
		"a client certificate alone":          {harness.Values{"client_cert_pem": clientPEM}, clientCertificate("The certificate is set without its private key; set client_key_pem, or omit both.")},
		"a client key alone":                  {harness.Values{"client_key_pem": clientKeyPEM}, clientKey("The key is set without its certificate; set client_cert_pem, or omit both.")},
		"a client key of another certificate": {harness.Values{"client_cert_pem": clientPEM, "client_key_pem": privateKey}, clientKey("The key doesn't belong to the first certificate of client_cert_pem")},
		"a certificate as client key":         {harness.Values{"client_cert_pem": harness.Unknown, "client_key_pem": clientPEM}, clientKey("This is a certificate, not its private key;")},
		"a path as client certificate":        {harness.Values{"client_cert_pem": "client.pem", "client_key_pem": harness.Unknown}, clientCertificate("This must be the text of the certificate, not the path of its file;")},
		"a header that the provider sends":    {harness.Values{"headers": harness.Values{"Authorization": harness.Unknown}}, headers("The header Authorization can't be set: the provider sends the API key in it")},
		"a header without a value":            {harness.Values{"headers": harness.Values{"X-A": harness.Unknown, "X-B": nil}}, headers("The value of the header X-B is null; set it, or remove the header.")},
		"a header for a proxy over http": {harness.Values{"url": "http://localhost:3000", "headers": harness.Values{"Proxy-Authorization": harness.Unknown}},
			headers("The header Proxy-Authorization can be sent over https:// only, because over http:// a proxy would read it; use https://, or remove the header.")},
		"key empty":                   {harness.Values{"api_key": ""}, key("The key is empty; omit api_key to use TOFUPILOT_API_KEY or the login file.")},
		"key with a space":            {harness.Values{"api_key": "tp_a tp_b"}, key("Character 5 of the key is U+0020 ' ', " + ascii)},
		"key with a line break":       {harness.Values{"api_key": "tp_abc\n"}, key(lineBreak)},
		"key with Bearer":             {harness.Values{"api_key": "Bearer tp_abc"}, key(bearer)},
		"key with its header":         {harness.Values{"api_key": "authorization: bearer tp_abc"}, key(bearer)},
		"key in quotes":               {harness.Values{"api_key": `"tp_abc"`}, key("The key has quotes around it; remove them.")},
		"key in Markdown":             {harness.Values{"api_key": "`tp_abc`"}, key("The key has quotes around it; remove them.")},
		"key in curly quotes":         {harness.Values{"api_key": "“tp_abc”"}, key("Character 1 of the key is U+201C '“', " + ascii)},
		"key with a byte order mark":  {harness.Values{"api_key": "\ufefftp_abc"}, key("Character 1 of the key is U+FEFF, " + ascii)},
		"key with a delete character": {harness.Values{"api_key": "tp_\x7f"}, key("Character 4 of the key is U+007F, " + ascii)},
		"key that is a placeholder":   {harness.Values{"api_key": "${{ secrets.TOFUPILOT_API_KEY }}"}, key("The key looks like a placeholder that wasn't replaced; set the key itself.")},
		"url empty":                   {harness.Values{"url": ""}, url("The URL is empty; omit url to use TOFUPILOT_URL, the login file's server or " + example + ".")},
		"url without a scheme":        {harness.Values{"url": "tofupilot.example.com"}, url("must begin with https:// (or http://), as in https://tofupilot.example.com.")},
		"url with a password":         {harness.Values{"url": "https://user:hunter2@example.com"}, url("user info", "may be a password", "api_key")},
		"http to another machine":     {harness.Values{"url": "http://tofupilot.example.com"}, plain},
		"http with allow_http false":  {harness.Values{"url": "http://10.0.0.7:8080/api", "allow_http": false}, plain},
		"certificate empty":           {harness.Values{"ca_cert_pem": ""}, certificate("No certificate found", "-----BEGIN CERTIFICATE-----")},
		"a path as certificate":       {harness.Values{"ca_cert_pem": "/etc/ssl/tofupilot.pem"}, certificate(`No certificate found; a certificate in PEM begins with -----BEGIN CERTIFICATE-----. If this is the path of a file, use file("…").`)},
		"a key as certificate":        {harness.Values{"ca_cert_pem": privateKey}, certificate("No certificate found, only: PRIVATE KEY")},
		"max_retries -1":              {harness.Values{"max_retries": -1}, retries("-1")},
		"max_retries 11":              {harness.Values{"max_retries": 11}, retries("11")},
		"max_retries 1.5":             {harness.Values{"max_retries": 1.5}, retries("1.5")},
		"request_timeout 0":           {harness.Values{"request_timeout": "0"}, timeout(`"0" isn't a positive duration`)},
		"request_timeout 30":          {harness.Values{"request_timeout": "30"}, timeout(`"30" isn't a duration`, "write it like 30s, 5m or 1h30m")},
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
		"all unknown":                           {"headers": harness.Unknown, "client_cert_pem": harness.Unknown, "client_key_pem": harness.Unknown, "api_key": harness.Unknown, "url": harness.Unknown, "ca_cert_pem": harness.Unknown, "max_retries": harness.Unknown, "request_timeout": harness.Unknown, "allow_http": harness.Unknown},
		"all null":                              {"api_key": nil, "url": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.CheckNoDiagnostics(t, connection.ValidateProvider(t, arguments))
		})
	}
}

// TestErrorsHideSecrets checks that errors don't repeat values that may be secret.
func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	damaged := harness.EncodePEM("PRIVATE KEY", []byte("tp_secret"))
	for _, arguments := range []harness.Values{
		{"client_cert_pem": harness.Unknown, "client_key_pem": "tp_secret"}, {"client_cert_pem": harness.Unknown, "client_key_pem": damaged}, {"client_cert_pem": "tp_secret", "client_key_pem": "tp_secret"},
		{"api_key": "tp_secret 1"}, {"api_key": "$(cat tp_secret)"}, {"api_key": "tp_secret\n"}, {"api_key": "\x1btp_secret"},
		{"url": "https://tp_secret@example.com"}, {"url": "https://u:tp_secret@example.com/%zz"}, {"url": "tp_secret:tp_secret@example.com"},
		{"headers": harness.Values{"X-A": "tp_secret\n"}}, {"headers": harness.Values{"X-A": "tp_secret\u00e9"}}, {"headers": harness.Values{"Host": "tp_secret"}},
		{"url": "https://example.com?token=tp_secret"}, {"url": "https://example.com#tp_secret"},
	} {
		diagnostics := connection.ValidateProvider(t, arguments)
		if len(diagnostics) == 0 || strings.Contains(harness.FormatDiagnostics(diagnostics), "tp_secret") {
			t.Errorf("%v: %s", arguments, harness.FormatDiagnostics(diagnostics))
		}
	}
}

func TestValidateProcedures(t *testing.T) {
	t.Parallel()
	const (
		emoji  = "🔋"
		ending = "write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00"
	)
	query, after, before, timeout := wantInvalid("search_query"), wantInvalid("created_after"), wantInvalid("created_before"), wantInvalid("timeouts.read")
	pageSize := func(got string) harness.WantDiagnostic {
		return harness.WantError("page_size", "Invalid page_size", "page_size must be a whole number from 1 to 100, not "+got+".")
	}
	connection := connect(t)
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.WantDiagnostic
	}{
		"empty search":        {harness.Values{"search_query": ""}, query("The search query is empty; omit search_query to list everything.")},
		"search of blanks":    {harness.Values{"search_query": "\u00a0\t"}, query("The search query is only white space; omit search_query to list everything.")},
		"search of 101 emoji": {harness.Values{"search_query": strings.Repeat(emoji, 101)}, query("The search query has 101 characters, and the API accepts at most 100; shorten it.")},

		"created_after without a time": {harness.Values{"created_after": "2024-01-15"}, after(`"2024-01-15" isn't an RFC 3339 time`, ending)},
		"created_before in lower case": {harness.Values{"created_before": "2024-01-15t10:30:00z"}, before("isn't an RFC 3339 time", ending)},
		"created_after later than created_before": {
			harness.Values{"created_after": "2024-01-15T10:30:00.001Z", "created_before": "2024-01-15T11:30:00+01:00"},
			after("created_after (2024-01-15T10:30:00.001Z) is later than created_before (2024-01-15T11:30:00+01:00)", "nothing can match"),
		},

		"page_size 0":    {harness.Values{"page_size": 0}, pageSize("0")},
		"page_size 101":  {harness.Values{"page_size": 101}, pageSize("101")},
		"page_size 2.5":  {harness.Values{"page_size": 2.5}, pageSize("2.5")},
		"page_size 10/3": {harness.Values{"page_size": new(big.Float).SetPrec(512).Quo(big.NewFloat(10), big.NewFloat(3))}, pageSize("3.333333333333333333…")},

		"timeouts.read of zero":  {harness.Values{"timeouts": harness.Values{"read": "0s"}}, timeout(`"0s" isn't a positive duration`)},
		"timeouts.read, no unit": {harness.Values{"timeouts": harness.Values{"read": "300"}}, timeout(`"300" isn't a duration`, "write it like 30s, 5m or 1h30m")},
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
		"search of 100 emoji":      {"search_query": strings.Repeat("🔋", 100)}, // 200 UTF-16 code units: too long for older servers only
		"one instant, two offsets": {"created_after": "2024-01-15T10:30:00Z", "created_before": "2024-01-15T11:30:00+01:00"},
		"smallest page":            {"page_size": 1},
		"largest page":             {"page_size": 100},
		"timeouts without read":    {"timeouts": harness.Values{}},
		"all unknown":              {"search_query": harness.Unknown, "created_after": harness.Unknown, "created_before": harness.Unknown, "page_size": harness.Unknown, "timeouts": harness.Unknown},
		"timeout unknown":          {"timeouts": harness.Values{"read": harness.Unknown}},
		"created_before unknown":   {"created_after": "2024-01-15T10:30:00Z", "created_before": harness.Unknown},
		"created_after unknown":    {"created_after": harness.Unknown, "created_before": "0000-01-01T00:00:00Z"},
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
	neither := []string{"", "No name or id", "Set name or id."}
	both := []string{"id", "Both name and id", "Set name or id, not both."}
	for what, c := range map[string]struct {
		arguments harness.Values
		want      []string
	}{
		"name":                {harness.Values{"name": " "}, nil},
		"id":                  {harness.Values{"id": "FVT1"}, nil},
		"neither":             {harness.Values{}, neither},
		"both null":           {harness.Values{"id": nil, "name": nil}, neither},
		"both":                {harness.Values{"id": "a", "name": "b"}, both},
		"unknown and missing": {harness.Values{"id": harness.Unknown}, nil},
		"unknown and set":     {harness.Values{"id": harness.Unknown, "name": "b"}, nil}, // the ID may be null
		"both unknown":        {harness.Values{"id": harness.Unknown, "name": harness.Unknown}, nil},
		"empty name":          {harness.Values{"name": ""}, []string{"name", "Invalid name", "The name is empty; set it to the exact name of a procedure."}},
		"empty id":            {harness.Values{"id": ""}, []string{"id", "Invalid id", "The ID is empty; set it to the ID of a procedure."}},
		"timeouts":            {harness.Values{"id": "a", "timeouts": harness.Values{"read": "0s"}}, []string{"timeouts.read", "Invalid timeouts.read", `"0s" isn't a positive duration.`}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			diagnostics := connection.Validate(t, "tofupilot_procedure", c.arguments)
			if c.want == nil {
				harness.CheckNoDiagnostics(t, diagnostics)
				return
			}
			harness.CheckError(t, diagnostics, harness.WantError(c.want[0], c.want[1], c.want[2]))
		})
	}
}

func TestValidateNames(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	empty := harness.WantError("names", "Invalid names", "A name is empty. Remove it, or correct it.")
	null := harness.WantError("names", "Invalid names", "A name is null. Remove it, or correct it.")
	for what, c := range map[string]struct {
		names any
		want  *harness.WantDiagnostic // nil: they are valid
	}{
		"an empty name":                {newSet("FVT", ""), &empty},
		"a null name":                  {[]any{"FVT", nil}, &null},
		"an empty and an unknown name": {[]any{"", harness.Unknown}, &empty},
		"an unknown name":              {[]any{"FVT", harness.Unknown}, nil},
		"a space":                      {newSet(" "), nil},
		"an unknown set":               {harness.Unknown, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			diagnostics := connection.Validate(t, procedureIDs, harness.Values{"names": c.names})
			if c.want == nil {
				harness.CheckNoDiagnostics(t, diagnostics)
				return
			}
			harness.CheckError(t, diagnostics, *c.want)
		})
	}
}

// TestAllMistakesAtOnce checks that every mistake has an error, not only the first.
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
		if !strings.Contains(" "+strings.Join(paths, " ")+" ", " "+path+" ") {
			t.Errorf("no error about %s: %s", path, harness.FormatDiagnostics(diagnostics))
		}
	}
}
