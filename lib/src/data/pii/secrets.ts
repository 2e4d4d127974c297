import { ofGroup, whole, type Span } from "./kinds.js";

/**
 * Formats of providers' keys, as their documentation and GitHub's list of supported secret scanning patterns name them
 * (https://docs.github.com/code-security/reference/secret-security/supported-secret-scanning-patterns, November 2026);
 * lengths are lower bounds, since providers have lengthened their keys before.
 */
const KEYS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g, // JSON Web Token (RFC 7519); an unsigned one holds no secret
  /\bgh[pousr]_[A-Za-z0-9]{30,}/g, // GitHub
  /\bgithub_pat_\w{30,}/g,
  /\bgl(?:pat|ptt|dt|rt|cbt|ft|soat|imt|agent|oas)-[\w-]{20,}/g, // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
  /\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b/g, // AWS: IAM identifiers, "unique ID prefixes"
  /\bxox[abeoprs]-(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}/g, // Slack
  /\bxapp-\d-[A-Za-z0-9-]{10,}/g,
  /\bhooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/g,
  /\bAIza[\w-]{35}/g, // Google API key, OAuth access token, OAuth client secret
  /\bya29\.[\w-]{20,}/g,
  /\bGOCSPX-[\w-]{28}/g,
  /\bhf_(?=\w*\d|\w*[A-Z])[A-Za-z0-9]{20,}/g, // Hugging Face
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bpypi-AgE[\w-]{50,}/g, // PyPI and TestPyPI: a macaroon, base64 of "pypi.org" follows
  /\brubygems_[0-9a-f]{48}\b/g,
  /\bdckr_pat_[\w-]{20,}/g, // Docker Hub
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g, // Stripe
  /\bwhsec_[A-Za-z0-9+/]{16,}={0,2}/g,
  /\bsq0(?:atp|csp)-[\w-]{22,}/g, // Square
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g, // Shopify
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/g, // SendGrid
  /\bkey-[0-9a-f]{32}\b/g, // Mailgun
  /\b[0-9a-f]{32}-us\d{1,2}\b/g, // Mailchimp
  /\bSK[0-9a-f]{32}\b/g, // Twilio API key
  /(?<![\w.])\d{8,10}:AA[\w-]{32,35}(?![\w-])/g, // Telegram: https://core.telegram.org/bots/features#botfather
  /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}/g, // Discord
  /\bdiscord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]{40,}/g,
  /\bgsk_[A-Za-z0-9]{20,}/g, // Groq
  /\br8_[A-Za-z0-9]{37,}/g, // Replicate
  /\bpplx-[A-Za-z0-9]{40,}/g, // Perplexity
  /\bxai-[A-Za-z0-9]{60,}/g, // xAI
  /\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b/g, // LangSmith
  /\bnvapi-[\w-]{50,}/g, // NVIDIA
  /\bdapi[0-9a-f]{32}(?:-\d)?\b/g, // Databricks
  /\bdo[opr]_v1_[0-9a-f]{64}\b/g, // DigitalOcean
  /\blin_(?:api|oauth)_[A-Za-z0-9]{32,}/g, // Linear
  /\bntn_[A-Za-z0-9]{40,}/g, // Notion
  /\bsecret_[A-Za-z0-9]{43}\b/g,
  /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/g, // Postman
  /\bATATT3[\w=-]{50,}/g, // Atlassian
  /\bHRKU-[\w-]{36,}/g, // Heroku
  /\bhv[sbr]\.[\w-]{24,}/g, // HashiCorp Vault, Terraform Cloud
  /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}/g,
  /\bgl(?:c|sa)_[A-Za-z0-9+/_]{32,}={0,2}/g, // Grafana
  /\bNRAK-[A-Z0-9]{27}\b/g, // New Relic
  /\bsntry[su]_[\w+/=-]{40,}/g, // Sentry
  /\bsbp_[0-9a-f]{40}\b/g, // Supabase
  /\bpscale_(?:tkn|pw|oauth)_[\w.-]{32,}/g, // PlanetScale
  /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}/g, // Doppler
  /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/g, // age
  /\bops_eyJ[\w-]{100,}/g, // 1Password service account
  /\bLTAI[A-Za-z0-9]{16,26}\b/g, // Alibaba Cloud
  /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~-])/g, // Microsoft Entra ID client secret
  /\b(?:AccountKey|SharedAccessKey|SharedSecretValue)=[A-Za-z0-9+/]{40,88}={0,2}/g, // Azure connection strings
  /[?&]sig=[A-Za-z0-9%+/]{40,}(?:%3D|=){0,2}/g, // Azure shared access signature
];

/** OpenAI, Anthropic, OpenRouter, DeepSeek and others: `sk-`, a name or none, and a random body. */
const SK = /\bsk-[A-Za-z0-9_-]{16,}/g;

/** A body has a run that no word or number is: a digit in ten characters or more, or both cases in sixteen. */
function hasRandomRun(key: string): boolean {
  return key.split(/[-_]/).some((run) => (run.length >= 10 && /\d/.test(run) && /[A-Za-z]/.test(run)) || (run.length >= 16 && /[a-z]/.test(run) && /[A-Z]/.test(run)));
}

/** The characters of keys, and the shortest run of them that a pattern above takes. */
const KEY_CHARACTERS = new Uint8Array(128);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~+/=-") KEY_CHARACTERS[character.charCodeAt(0)] = 1;
const SHORTEST_KEY = 15;

/** One of these stands in every key, or shortly before it. */
const KEY_HINT = new RegExp(
  "eyJ|sk-|gh[pousr]_|github_pat_|gl[a-z]{2,5}[-_]|A[KSGRI][IPOD]A|xox|xapp-|hooks\\.slack|AIza|ya29\\.|GOCSPX|hf_|npm_|pypi-|rubygems_|dckr_|[rs]k_|whsec_|sq0|shp|SG\\.|key-|-us\\d|SK[0-9a-f]{4}" +
    "|\\d:AA|[MNO][\\w-]{23}|discord|gsk_|r8_|pplx-|xai-|lsv2_|nvapi|dapi|_v1_|lin_|ntn_|secret_|PMAK|ATATT3|HRKU|hv[sbr]\\.|atlasv1|NRAK|sntry|sbp_|pscale_|dp\\.|AGE-|ops_|LTAI|Q~|Key=|Value=|sig=",
);
/** A bot's number before the colon of a Telegram token. */
const BEFORE_RUN = 12;

/**
 * Whether a text has a run of characters that could be a key. Most have none, and this is where they end: it looks at
 * every fifteenth character, and around it only where that is one of a key's.
 */
function hasKeyRun(text: string): boolean {
  for (let at = SHORTEST_KEY - 1; at < text.length; at += SHORTEST_KEY) {
    if (KEY_CHARACTERS[text.charCodeAt(at)] !== 1) continue;
    let from = at;
    while (from > 0 && KEY_CHARACTERS[text.charCodeAt(from - 1)] === 1) from--;
    let to = at + 1;
    while (to < text.length && KEY_CHARACTERS[text.charCodeAt(to)] === 1) to++;
    if (to - from >= SHORTEST_KEY && KEY_HINT.test(text.slice(Math.max(0, from - BEFORE_RUN), to))) return true;
    if (to > at + SHORTEST_KEY) at = to - SHORTEST_KEY;
  }
  return false;
}

/** Names that a secret is assigned to, in code, configuration, headers and prose. */
const SECRET_NAME = "(?:api[ _-]?key|apikey|access[ _-]?key|account[ _-]?key|private[ _-]?key|encryption[ _-]?key|signing[ _-]?key|auth[ _-]?token|access[ _-]?token|refresh[ _-]?token|client[ _-]?secret|secret[ _-]?key|secret|token|passw(?:or)?d|passwd|passphrase|passwort|kennwort|mot de passe|contraseña|wachtwoord|senha|hasło|pwd)";
const ASSIGNED = new RegExp(`(?<![\\p{L}\\p{N}])${SECRET_NAME}["'\\]]{0,2}(?:\\s{0,3}(?::=|=>|==?|:)\\s{0,3}|\\s(?:is|ist|est|es|is:)\\s)(?:bearer\\s+)?(["'\`]?)([^\\s"'\`,;<>{}()[\\]\\uFFFC]{8,200})\\1`, "giu");
const AS_ARGUMENT = new RegExp("(?:--(?:password|token|api-key|secret)[= ]|\\b(?:secret_access_key|secret_key|auth_token)\\s+)([^\\s\"'`,;<>{}()[\\]\\uFFFC]{8,200})", "gi");
const AUTHORIZATION = /\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|apikey)\s+([\w.~+/=-]{12,})/gi;
/** A part of every name; written so because a class of two letters is faster than the flag. */
const ASSIGNED_PART = /[sS][eE][cC][rR]|[tT][oO][kK][eE]|[pP][aA][sS][sS]|[pP][wW][dD]|[kK][eE][yY]|[kK][eE][nN][nN]|[cC]ontrase|[wW]acht|[sS]enha|[hH]asł|[aA][uU][tT][hH][oO]/;
const ASSIGNED_HINT = /secret|token|passw|pwd|api[ _-]?key|apikey|access[ _-]?key|_key|kennwort|mot de passe|contraseña|wachtwoord|senha|hasło|authorization/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A value that no one would write for a name, a number, a path or a placeholder. */
function isSecretValue(value: string, name: string): boolean {
  if (!/\d/.test(value) || !/\p{L}/u.test(value) || UUID.test(value)) return false;
  if (/^(?:\$|%|https?:|\/|\.{1,2}\/|\w+:\/\/)/.test(value) || /(?:example|placeholder|change_?me|your[_-]|xxxx|\*{3}|redacted|process\.env|os\.environ|getenv)/i.test(value)) return false;
  if (/^\d{4}-\d\d-\d\dT?|^v?\d+(?:\.\d+)+|^(?:sha\d+|md5)[-:]/i.test(value)) return false;
  // A password may be short and have a word in it; a key has no word for itself.
  if (/pass|pwd|kennwort|contrase|wachtwoord|senha|hasło/i.test(name)) return /[^\p{L}\p{N}]|\p{Lu}/u.test(value) || value.length >= 10;
  return value.length >= 16 && /\d.*\d/.test(value);
}

/** API keys, tokens, private keys, and passwords and keys that are assigned to a name that says so. */
export function* secrets(text: string): Generator<Span> {
  if (hasKeyRun(text) || text.includes("-----BEGIN")) {
    for (const pattern of KEYS) for (const match of text.matchAll(pattern)) yield whole(match);
    for (const match of text.matchAll(SK)) if (hasRandomRun(match[0])) yield whole(match);
  }
  if (!ASSIGNED_PART.test(text) || !ASSIGNED_HINT.test(text)) return;
  // The password of a connection string is url-credentials.
  const connections = connectionPasswords(text);
  const assigned = function* (): Generator<Span> {
    for (const match of text.matchAll(AUTHORIZATION)) if (/\d/.test(match[1] ?? "")) yield ofGroup(match, match[1] ?? "");
    for (const match of text.matchAll(ASSIGNED)) {
      const [found, quote = "", whole = ""] = match;
      // A sentence ends after a value; in quotes its last character is its own.
      const value = quote === "" ? whole.replace(/[.?:]+$/, "") : whole;
      if (value.length >= 8 && !/[&?]\w+=/.test(value) && isSecretValue(value, found.slice(0, found.lastIndexOf(whole)))) yield ofGroup(match, value);
    }
    for (const match of text.matchAll(AS_ARGUMENT)) if (isSecretValue(match[1] ?? "", match[0].slice(0, 14))) yield ofGroup(match, match[1] ?? "");
  };
  for (const span of assigned()) if (!connections.some(({ start, end }) => start < span.end && span.start < end)) yield span;
}

const DATABASE_FIELD = /\b(?:server|data source|host|hostaddr|uid|user id|user|username|database|initial catalog|dbname)\s*=/i;

/** The passwords of connection strings: `Server=…;User Id=…;Password=…` and `host=… password=…`. */
function connectionPasswords(text: string): Span[] {
  const found: Span[] = [];
  if (!text.includes("=")) return found;
  for (const match of text.matchAll(/(?<=^|[;\s"'])(?:password|pwd)\s?=\s?(?:"([^"\n]+)"|'([^'\n]+)'|([^;\s"'<>{}$\uFFFC]+))/gi)) {
    const value = match[1] ?? match[2] ?? match[3] ?? "";
    // One field alone is an assignment, not a connection string.
    const after = match.index + match[0].length;
    const around = text.slice(Math.max(0, match.index - 200), match.index) + text.slice(after, after + 120);
    if (value.length >= 3 && DATABASE_FIELD.test(around) && !/^(?:\$|%[\w%]*$|\*+$)/.test(value)) found.push(ofGroup(match, value));
  }
  return found;
}

/** The user and password of a URL (RFC 3986 userinfo with a colon), and the password of a connection string; the rest stays readable. */
export function* urlCredentials(text: string): Generator<Span> {
  if (text.includes("://")) {
    for (const match of text.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/([^\s/?#@:"'<>]*:[^\s/?#"'<>]+)@(?=[\w.[-])/gi)) {
      const start = match.index + match[0].indexOf("://") + 3;
      yield { start, end: start + (match[1] ?? "").length };
    }
  }
  if (text.includes("=")) yield* connectionPasswords(text);
}
