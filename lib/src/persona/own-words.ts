/** Replies in the words of the model that is to be trained: what it can say already it need not learn to say otherwise. */
import { compileMarkers, sentencesOf, TITLE_MARK, withoutTitles } from "./markers.js";
import { replyOf, withReply, type PersonaRow } from "./rows.js";
import type { PersonaSpec } from "./spec.js";
import { scorePersona } from "./traits.js";
import { truthFaults } from "./truth.js";
import { repeatedOf } from "./validate.js";

/**
 * A row's messages with the confirmation as the model itself put it before any training, and the persona's own sentences behind it:
 * those of the row's reply that have a mark of a trait and name no title. Undefined where that would be untrue or not the persona.
 *
 * It is the self-distillation of Yang et al. 2024 (https://arxiv.org/abs/2402.13669) for the part of a reply that is knowledge: the
 * loss on it is small from the first update on, so that training moves the weights for the voice and little else.
 *
 * It keeps the model's faults as well as its knowledge: to a wish for a list taskling names tasks that it made up, and goes on doing so.
 *
 * @param own what the model said to the row's prompt
 */
export function inOwnWords(persona: PersonaSpec, row: PersonaRow, own: string): PersonaRow["messages"] | undefined {
  const { call } = row, confirmation = own.trim();
  if (call === null || truthFaults(confirmation, call).length > 0) return undefined;
  const said = repeatedOf(row), marks = persona.traits.flatMap(({ shows }) => compileMarkers(shows) ?? []);
  const voice = sentencesOf(withoutTitles(replyOf(row), said)).filter((sentence) => !sentence.includes(TITLE_MARK) && marks.some((mark) => mark.test(sentence)));
  const reply = `${confirmation}${confirmation.includes("\n") ? "\n" : " "}${voice.join(" ")}`;
  if (truthFaults(reply, call).length > 0 || !scorePersona(persona, reply, said).adheres) return undefined;
  return withReply(row.messages, () => reply);
}
