/** A file of rows of mixed quality, the same for the same seed: what a scraped or generated set looks like. */
import { createWriteStream } from "node:fs";
import { once } from "node:events";

/** Mulberry32 (public domain): a small generator with a 32-bit seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const OPERATIONS = ["create", "update", "complete", "delete", "list"] as const;
const VERBS: Record<(typeof OPERATIONS)[number], string[]> = {
  create: ["create", "add", "set up", "make me", "put in"],
  update: ["update", "change", "move", "edit", "reschedule"],
  complete: ["complete", "finish", "mark as done", "close", "tick off"],
  delete: ["delete", "remove", "drop", "get rid of", "cancel"],
  list: ["list", "show", "give me", "find", "look up"],
};
const WORDS = (
  "account action agenda answer apply april arrive article august autumn basket before begin better board book bottom branch bridge brief bring broken brother budget build " +
  "button calendar camera candle careful carpet center chair change chapter check child choose circle city class clean clear client clock close coffee collect color common " +
  "company compare complete concert contract copy corner count country course cover create credit customer daily danger deadline decide deliver design detail different dinner " +
  "direction doctor document door draft early earth easy edge effect eight email empty energy engine enough evening event every example expect explain export family farmer " +
  "father february feedback field figure final finger first follow food forest forward fresh friday friend garden gather general gentle glass goal grand green ground group " +
  "guest habit half happy harbor health heavy hello history holiday honest hotel hour house hundred idea import important improve include inside interview invoice island " +
  "january journey july june kitchen labor language large later launch lawyer leader learn letter level library light limit linen listen little local lunch machine manager " +
  "march market master matter meadow measure meeting member memory message middle minute mirror model modern monday money month morning mother mountain moving music narrow " +
  "nation nature near needle never night nine north note november number object october offer office often open order other outside over owner package paint paper parent " +
  "partner party pencil people pepper picture piece plan plant plate player please pocket point policy poster power prepare present price printer problem process produce " +
  "product profit program project promise proper public purple quality quarter question quick quiet rain ready reason receive record red regular release remind rent repair " +
  "report research respond result return review ride right river road room round safety salary sample saturday school science second section secret september service seven " +
  "shadow share shelf ship short silver simple sister small smooth social soft south special spring square staff stage station still stone store story street strong student " +
  "summer sunday supply support surface system table talk teacher team test thank theory thing thirty thread thursday ticket timber today together tomorrow tool town train " +
  "travel treat tree trip truth tuesday under uniform update upper urgent useful vacation valley value vendor video village visit voice wait walk warm water wednesday week " +
  "weight west wheel white whole window winter wisdom wonder wood word work world write yard year yellow young"
).split(" ");

/** Kinds of rows in the file, with their shares. */
const SHARES = [
  ["valid", 0.66], ["exact-duplicate", 0.06], ["near-duplicate", 0.08], ["personal-data", 0.08],
  ["broken-json", 0.03], ["wrong-type", 0.02], ["empty-answer", 0.02], ["over-long", 0.01], ["no-format", 0.02], ["untidy", 0.02],
] as const;
export type RowKind = (typeof SHARES)[number][0];

/**
 * Writes `rows` lines.
 *
 * @returns how many lines of each kind there are
 */
export async function writeMixedRows(path: string, rows: number, seed = 1): Promise<Record<RowKind, number>> {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const word = (): string => pick(WORDS);
  const words = (count: number): string[] => Array.from({ length: count }, word);

  interface Talk { operation: string; user: string[]; answer: string[] }
  const talk = (): Talk => {
    const operation = pick(OPERATIONS);
    return {
      operation,
      user: [pick(VERBS[operation]), "the", "task", ...words(20 + Math.floor(next() * 30)), "please"],
      answer: ["done", "I", "have", `${operation}d`, "it", ...words(40 + Math.floor(next() * 80))],
    };
  };
  const line = ({ operation, user, answer }: Talk): string => {
    const shape = next();
    const [question, reply] = [user.join(" "), answer.join(" ")];
    if (shape < 0.6) return JSON.stringify({ messages: [{ role: "user", content: question }, { role: "assistant", content: reply }], operation });
    if (shape < 0.85) return JSON.stringify({ conversations: [{ from: "human", value: question }, { from: "gpt", value: reply }], operation });
    return JSON.stringify({ instruction: question, input: "", output: reply, operation });
  };
  const personal = (): string => pick([
    `write to ${word()}.${word()}@example.org`, `call me at +1 (415) 555-${String(Math.floor(next() * 9000) + 1000)}`,
    "the card is 4111 1111 1111 1111", "my SSN is 123-45-6789", `the server is 203.0.113.${Math.floor(next() * 200)}`, "key sk-proj-A1b2C3d4E5f6G7h8I9j0",
  ]);

  const counts = Object.fromEntries(SHARES.map(([kind]) => [kind, 0])) as Record<RowKind, number>;
  const recent: Talk[] = [];
  const lines: string[] = [];
  const out = createWriteStream(path);
  for (let row = 0; row < rows; row++) {
    let at = next();
    let kind: RowKind = SHARES.find(([, share]) => (at -= share) < 0)?.[0] ?? "valid";
    if (recent.length === 0) kind = "valid";
    counts[kind]++;
    let text: string;
    switch (kind) {
      case "valid": {
        const made = talk();
        recent.push(made);
        if (recent.length > 2000) recent.splice(0, 1000);
        text = line(made);
        if (lines.length < 2000) lines.push(text);
        else lines[Math.floor(next() * 2000)] = text;
        break;
      }
      case "exact-duplicate": text = pick(lines); break;
      case "near-duplicate": {
        const source = pick(recent);
        const answer = [...source.answer];
        for (let change = 0; change < 2; change++) answer[Math.floor(next() * answer.length)] = word();
        text = line({ ...source, answer });
        break;
      }
      case "personal-data": {
        const made = talk();
        text = line({ ...made, user: [...made.user, "-", personal()] });
        break;
      }
      case "broken-json": text = line(talk()).slice(0, -Math.ceil(next() * 40)); break;
      case "wrong-type": text = JSON.stringify({ messages: [{ role: "user", content: 42 }, { role: "assistant", content: "ok" }] }); break;
      case "empty-answer": text = JSON.stringify({ messages: [{ role: "user", content: words(8).join(" ") }, { role: "assistant", content: "" }] }); break;
      case "over-long": text = line({ operation: "create", user: words(30), answer: words(1500) }); break;
      case "no-format": text = JSON.stringify({ text: words(30).join(" "), id: row }); break;
      case "untidy": text = line({ operation: "list", user: ["\u200b", ...words(25), " \u00a0"], answer: [...words(50), "cafe\u0301 \r\n\r\n\r\n", ...words(10)] }); break;
    }
    if (!out.write(`${text}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return counts;
}
