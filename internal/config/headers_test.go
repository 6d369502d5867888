package config

import "testing"

func TestHeaders(t *testing.T) {
	t.Parallel()
	const https, plain = "https://tofupilot.example.com", "http://127.0.0.1:3000"
	value := func(text string) map[string]*string { return map[string]*string{"X-Token": &text} }
	named := func(names ...string) map[string]*string {
		headers := map[string]*string{}
		for _, name := range names {
			headers[name] = new("secret-value")
		}
		return headers
	}
	for name, c := range map[string]struct {
		headers map[string]*string
		words   string // empty: valid
	}{
		"two":                        {named("CF-Access-Client-Id", "CF-Access-Client-Secret"), ""},
		"none":                       {named(), ""},
		"every character of a name":  {named("aZ09!#$%&'*+-.^_`|~"), ""},
		"Proxy-Authorization":        {named("proxy-authorization"), ""},
		"Cookie":                     {named("Cookie"), ""},
		"every character of a value": {value(`!"#$%&'()*+,-./09:;<=>?@AZ[\]^_{|}~ ` + "`"), ""},
		"spaces inside":              {value("Bearer  a b"), ""},

		"a name without characters": {named(""), "The name of a header is empty"},
		"a space in a name":         {named("X Token"), `After "X", the name of a header has the character U+0020 ' '`},
		"a colon in a name":         {named("X-Token: secret"), `After "X-Token", the name of a header has the character U+003A ':', but`},
		"a line break in a name":    {named("X-Token\n"), `After "X-Token", the name of a header has the character U+000A`},
		"a name in other letters":   {named("X-Tökén"), "but a name has only letters, digits and the characters !#$%&'*+-.^_`|~."},
		"twice in different case":   {named("X-Token", "x-token"), "The headers X-Token and x-token are the same, because case doesn't matter; remove one of them."},
		"Authorization":             {named("authorization"), "The header authorization can't be set: the provider sends the API key in it"},
		"Host":                      {named("Host"), "it follows from url."},
		"User-Agent":                {named("USER-AGENT"), "set the environment variable TF_APPEND_USER_AGENT."},
		"X-Client-Anything":         {named("X-Client-Anything"), "the provider sends its version in such headers."},
		"Content-Type":              {named("Content-Type"), "it describes the body of a request, and the provider's requests have none."},
		"Accept":                    {named("Accept"), "the provider requests the format that it can read."},
		"Accept-Encoding":           {named("accept-encoding"), "the provider requests the format that it can read."},
		"Connection":                {named("Connection"), aboutConnection},
		"Proxy-Connection":          {named("Proxy-Connection"), aboutConnection},
		"Keep-Alive":                {named("Keep-Alive"), aboutConnection},
		"TE":                        {named("TE"), aboutConnection},
		"Trailer":                   {named("Trailer"), aboutConnection},
		"Transfer-Encoding":         {named("Transfer-Encoding"), aboutConnection},
		"Upgrade":                   {named("Upgrade"), aboutConnection},

		"null":                   {map[string]*string{"X-Token": nil}, "The value of the header X-Token is null; set it, or remove the header."},
		"empty":                  {value(""), "The value of the header X-Token is empty; set it, or remove the header."},
		"a placeholder":          {value("${{ secrets.TOKEN }}"), "The value of the header X-Token looks like a placeholder that wasn't replaced; set the value itself."},
		"a placeholder inside":   {value("Bearer $TOKEN"), ""},
		"a line break at an end": {value("secret-value\n"), `The value of the header X-Token ends in a line break; remove it, or read the value from its file with trimspace(file("…")).`},
		"a space at an end":      {value("secret-value "), "begins or ends with white space; remove it."},
		"a line break inside":    {value("a\r\nX-Other: b"), "Character 2 of the value of the header X-Token isn't visible ASCII or a space; remove or correct it."},
		"a tab inside":           {value("a\tb"), "Character 2 of the value"},
		"other letters":          {value("secret-välue"), "Character 9 of the value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := Block{APIKey: new("key"), URL: new(https), Headers: c.headers}
			if c.words != "" {
				checkProblem(t, block, nil, "headers", "Invalid headers", c.words)
				checkNoSecrets(t, block, nil, "secret-")
				return
			}
			if settings, problems := resolve(t, block, nil); len(problems) > 0 || len(settings.Headers) != len(c.headers) {
				t.Errorf("%v, %v", settings.Headers, problems)
			}
		})
	}

	// Proxy-Authorization is sent only over https, where a proxy can't read it.
	block := Block{APIKey: new("key"), Headers: named("Proxy-Authorization")}
	const words = "The header Proxy-Authorization can be sent over https:// only, because over http:// a proxy would read it"
	checkProblem(t, block, environment{EnvURL: plain}, "", "Invalid headers", words)
	block.URL = new(plain)
	checkProblem(t, block, nil, "headers", "Invalid headers", words)
}
