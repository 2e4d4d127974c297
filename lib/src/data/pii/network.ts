import { whole, type Span } from "./kinds.js";

const EMAIL = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}_%+][\p{L}\p{N}._%+'-]{0,63}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\p{L}\p{N}-])/gu;

/** E-mail addresses, international ones too; not `git@host:path`, the address of a repository. */
export function* emails(text: string): Generator<Span> {
  if (!text.includes("@")) return;
  for (const match of text.matchAll(EMAIL)) {
    const end = match.index + match[0].length;
    // git@github.com:owner/repository is an address of a repository, not of a person.
    if (/^git@/i.test(match[0]) && /^[:/]/.test(text.slice(end, end + 1))) continue;
    yield { start: match.index, end };
  }
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-]|[\\w.]/)${OCTET}(?:\\.${OCTET}){3}(?![\\w-]|\\.\\d)`, "g");
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:|:(?=:))[0-9a-f:]{2,}(?:%\w+)?(?![\w:])/gi;
/** Four numbers with points are a version or a section after these words. */
const VERSION_BEFORE =
  /(?:\bv|\bver\.?|versi[oó]ns?|version(?:en)?|versão|wersja|versie|releases?|\bbuild|firmware|\bsections?|§|\bclauses?|chapters?|kapitel|chapitre|cap[ií]tulo|figures?|paragraph|article|artikel|\bart\.)[\s:=]*$/i;

/** RFC 4291: eight groups, or fewer with one `::`. `::` and `::1` name no one. */
function isIpv6(text: string): boolean {
  const groups = text.replace(/%.*$/, "").split("::");
  if (groups.length > 2) return false;
  const count = groups.flatMap((side) => (side === "" ? [] : side.split(":")));
  if (count.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return false;
  return groups.length === 2 ? count.length >= 2 && count.length <= 7 : count.length === 8;
}

/** IPv4 and IPv6 addresses, private ones too; not loopback, masks and versions. */
export function* ipAddresses(text: string): Generator<Span> {
  for (const match of text.matchAll(IPV4)) {
    if (/^(?:127\.|0\.0\.0\.0|255\.255\.255\.)/.test(match[0])) continue;
    if (VERSION_BEFORE.test(text.slice(Math.max(0, match.index - 16), match.index))) continue;
    yield whole(match);
  }
  if (!text.includes(":")) return;
  // Shorter ones, and those without a digit, are more often code (a::b) than an address.
  for (const match of text.matchAll(IPV6)) if (match[0].length >= 7 && /\d/.test(match[0]) && isIpv6(match[0])) yield whole(match);
}
