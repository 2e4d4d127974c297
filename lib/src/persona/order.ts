/** The order of a reply's parts. */
import { sentencesOf } from "./markers.js";
import { withReply, type PersonaRow } from "./rows.js";

const QUOTED = /"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|‘[^’\n]*’|(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])|\*\*[^*\n]*\*\*/gu;

/**
 * A reply with its opening behind the confirmation: "Great! I added it. Next step: begin." becomes "I added it. Great! Next step: begin."
 * A model that writes from left to right then says what it did before it says how it finds it, and the praise can follow from that.
 *
 * Replies of fewer than three sentences have no such order and come back as they are. Sentences in quotes are titles, and stay whole.
 */
export function confirmFirst(reply: string): string {
  const titles: string[] = [];
  const masked = reply.replace(QUOTED, (title) => `\u0001${titles.push(title) - 1}\u0001`);
  const [opening, ...rest] = sentencesOf(masked), close = rest.pop();
  if (opening === undefined || close === undefined || rest.length === 0) return reply;
  return [...rest, opening, close].join(" ").replace(/\u0001(\d+)\u0001/g, (_, place: string) => titles[Number(place)] ?? "");
}

/** A row's messages with every reply of the assistant in that order. */
export function confirmFirstIn(messages: PersonaRow["messages"]): PersonaRow["messages"] {
  return withReply(messages, confirmFirst);
}
