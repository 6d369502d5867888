package config

import "testing"

// withNames returns headers with these names, all with the same value.
func withNames(names ...string) map[string]*string {
	headers := map[string]*string{}
	for _, name := range names {
		headers[name] = new("secret-value")
	}
	return headers
}

// withValue returns the header X-Token with this value.
func withValue(value string) map[string]*string { return map[string]*string{"X-Token": &value} }

func TestHeaders(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]map[string]*string{
		"two":                        withNames("CF-Access-Client-Id", "CF-Access-Client-Secret"),
		"none":                       withNames(),
		"every character of a name":  withNames("aZ09!#$%&'*+-.^_`|~"),
		"Proxy-Authorization":        withNames("proxy-authorization"),
		"Cookie":                     withNames("Cookie"),
		"every character of a value": withValue(`!"#$%&'()*+,-./09:;<=>?@AZ[\]^_{|}~ ` + "`"),
		"spaces inside":              withValue("Bearer  a b"),
		"a placeholder inside":       withValue("Bearer $TOKEN"),
	} {
		settings, problems := resolve(t, Block{APIKey: new("key"), Headers: headers}, nil)
		if len(problems) > 0 || len(settings.Headers) != len(headers) {
			t.Errorf("%s: got %v, %v", name, settings.Headers, problems)
		}
	}
}

func TestHeaderErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		headers map[string]*string
		words   string
	}{
		"a name without characters": {withNames(""), "The name of a header is empty"},
		"a space in a name":         {withNames("X Token"), `After "X", the name of a header has the character U+0020 ' '`},
		"a colon in a name":         {withNames("X-Token: secret-value"), `After "X-Token", the name of a header has the character U+003A ':', but`},
		"a line break in a name":    {withNames("X-Token\n"), `After "X-Token", the name of a header has the character U+000A`},
		"a name with other letters": {withNames("X-Tökén"), "but a name has only letters, digits and the characters !#$%&'*+-.^_`|~."},
		"twice in different case":   {withNames("X-Token", "x-token"), "The headers X-Token and x-token are the same, because case doesn't matter; remove one of them."},
		"Authorization":             {withNames("authorization"), "The header authorization can't be set: the provider sends the API key in it"},
		"Host":                      {withNames("Host"), "it follows from url."},
		"User-Agent":                {withNames("USER-AGENT"), "set the environment variable TF_APPEND_USER_AGENT."},
		"X-Client-Anything":         {withNames("X-Client-Anything"), "the provider sends its version in such headers."},
		"Content-Type":              {withNames("Content-Type"), "it describes the body of a request, and the provider's requests have none."},
		"Accept":                    {withNames("Accept"), "the provider requests the format that it can read."},
		"Accept-Encoding":           {withNames("accept-encoding"), "the provider requests the format that it can read."},
		"Connection":                {withNames("Connection"), aboutConnection},
		"Proxy-Connection":          {withNames("Proxy-Connection"), aboutConnection},
		"Keep-Alive":                {withNames("Keep-Alive"), aboutConnection},
		"TE":                        {withNames("TE"), aboutConnection},
		"Trailer":                   {withNames("Trailer"), aboutConnection},
		"Transfer-Encoding":         {withNames("Transfer-Encoding"), aboutConnection},
		"Upgrade":                   {withNames("Upgrade"), aboutConnection},
		"null":                      {map[string]*string{"X-Token": nil}, "The value of the header X-Token is null; set it, or remove the header."},
		"empty":                     {withValue(""), "The value of the header X-Token is empty; set it, or remove the header."},
		"a placeholder":             {withValue("${{ secrets.TOKEN }}"), "The value of the header X-Token looks like a placeholder that wasn't replaced; set the value itself."},
		"a line break at an end":    {withValue("secret-value\n"), `The value of the header X-Token ends in a line break; remove it, or read the value from its file with trimspace(file("…")).`},
		"a space at an end":         {withValue("secret-value "), "begins or ends with white space; remove it."},
		"a line break inside":       {withValue("a\r\nX-Other: b"), "Character 2 of the value of the header X-Token isn't visible ASCII or a space; remove or correct it."},
		"a tab inside":              {withValue("a\tb"), "Character 2 of the value"},
		"other letters":             {withValue("secret-välue"), "Character 9 of the value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := Block{APIKey: new("key"), Headers: c.headers}
			checkArgumentError(t, block, "headers", c.words)
			checkNoSecrets(t, block, nil, "secret-")
		})
	}
}

// TestProxyAuthorizationOverHTTP checks that Proxy-Authorization can't be sent over http, where a proxy
// would read it. Configure reports the error only if url is in the provider block, too.
func TestProxyAuthorizationOverHTTP(t *testing.T) {
	t.Parallel()
	const url = "http://127.0.0.1:3000"
	const words = "The header Proxy-Authorization can be sent over https:// only, because over http:// a proxy would read it"
	headers := withNames("Proxy-Authorization")
	checkArgumentError(t, Block{APIKey: new("key"), URL: new(url), Headers: headers}, "headers", words)
	checkReadError(t, Block{APIKey: new("key"), Headers: headers}, environment{EnvURL: url}, "Invalid headers", words)
}
