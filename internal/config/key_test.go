package config

import "testing"

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"$TOFUPILOT_API_KEY", "$key", "$_", "$env:TOFUPILOT_API_KEY", "${TOFUPILOT_API_KEY}", "${TOFUPILOT_API_KEY:-none}", "${var.api_key}", "${}",
		"%TOFUPILOT_API_KEY%", "${{ secrets.TOFUPILOT_API_KEY }}", "${{secrets.KEY}}", "{{ tofupilot_api_key }}", "$(cat key.txt)", "$(TofuPilotKey)",
		"$(cat \\\n key.txt)", "var.api_key", "local.api_key", "data.vault_generic_secret.tofupilot.data[\"key\"]", "<api_key>", "<your API key>", "<>",
		".", "...", "…", "*", "********", "••••",
	} {
		if !isPlaceholder(value) {
			t.Errorf("%q isn't taken for a placeholder", value)
		}
	}
	for _, value := range []string{
		"", "tp_abc", "tp_$KEY", "$KEY-2", "$", "$1.50", "%41bc%2F", "%", "%%", "100%", "$2y$10$abc", "$(", "${KEY", "KEY}", "{{", "(KEY)",
		"tp_${KEY}", "variable", "var.", "local", "database", "data_1", "tp_data.x", "<", "a<b>", "a.b", ".key", "tp_***", "*key*", "-", "---",
	} {
		if isPlaceholder(value) {
			t.Errorf("%q is taken for a placeholder", value)
		}
	}
}

func TestPlaceholderAsKey(t *testing.T) {
	t.Parallel()
	const words = "The key looks like a placeholder that wasn't replaced; set the key itself."
	for _, value := range []string{"$TP_SECRET", "${TP_SECRET}", "${{ secrets.TP_SECRET }}", "$(cat TP_SECRET)", "%TP_SECRET%", "var.TP_SECRET", "<TP_SECRET>", "***"} {
		env, block := environment{EnvAPIKey: value}, Block{APIKey: new(value)}
		checkReadError(t, Block{}, env, "Invalid TOFUPILOT_API_KEY", words)
		checkNoSecrets(t, Block{}, env, "TP_SECRET", "***")
		checkArgumentError(t, block, "api_key", words)
		checkNoSecrets(t, block, nil, "TP_SECRET", "***")
	}
}
