import { ordersOf, requestCount, writePrompt, type ConversationOrder, type PlannedRequest } from "../conversation-prompt.js";
import { Random } from "../random.js";
import { writeConversation } from "./conversation.js";
import { almostCopy, damage, toLine } from "./damage.js";
import { drawDefect, type DefectKind, type DefectRates, type LedgerEntry } from "./ledger.js";
import type { Draft, SceneSpec } from "./scene.js";
import { chooseSetting } from "./tasks.js";

/** How to name a request: its key (a hash of its content) and the id of its response. */
export interface RequestName {
  key: string;
  responseId: string;
}

/** One request for conversations, planned or ad hoc. */
export interface GenerationOrder extends RequestName {
  orders: readonly ConversationOrder[];
  today: string;
  /** Present when the request belongs to a plan; copies can then come from any earlier request of it. */
  planned?: PlannedRequest;
  /** Names another request of the plan from its messages. */
  nameOf: (messages: readonly { role: string; content: string }[]) => RequestName;
}

/** A place in a plan: a request and an index in its response. */
interface Place extends RequestName {
  index: number;
  order: ConversationOrder;
}

/** Writes the lines of a response and the ledger's entries for them. Depends on seed, rates and the request alone. */
export function generate(seed: number, rates: DefectRates, request: GenerationOrder): { lines: string[]; entries: LedgerEntry[] } {
  const lines: string[] = [];
  const entries: LedgerEntry[] = [];
  request.orders.forEach((order, index) => {
    const place: Place = { key: request.key, responseId: request.responseId, index, order };
    const draft = write(seed, place, request.today);
    const kind = drawDefect(rates, seed, request.key, index);
    const planted = kind === undefined ? undefined : plant(seed, rates, kind, place, draft, request);
    lines.push(planted?.line ?? toLine({ operation: draft.operation, scenario: draft.scenario, conversations: draft.turns }));
    if (planted !== undefined && kind !== undefined) {
      const { says, detail, truth } = planted;
      entries.push({ row: `${request.responseId}/${index}`, defect: kind, says, detail, truth });
    }
  });
  return { lines, entries };
}

function keyOf(seed: number, place: Place): (string | number)[] {
  return [seed, place.key, place.index];
}

function specOf(seed: number, place: Place): SceneSpec {
  const { operation, scenario, register } = place.order;
  return { operation, scenario, register, setting: chooseSetting(new Random(...keyOf(seed, place), "setting"), place.order.setting) };
}

function write(seed: number, place: Place, today: string): Draft {
  return writeConversation(keyOf(seed, place), specOf(seed, place), today);
}

function plant(seed: number, rates: DefectRates, kind: DefectKind, place: Place, draft: Draft, request: GenerationOrder) {
  if (kind !== "exact_duplicate" && kind !== "near_duplicate") return damage(kind, draft, keyOf(seed, place), specOf(seed, place), request.today);
  const random = new Random(...keyOf(seed, place), "copy");
  for (let tries = 0; tries < 60; tries++) {
    const source = drawSource(random, place, request);
    // A copy of a damaged row would carry two defects.
    if (source === undefined || drawDefect(rates, seed, source.key, source.index) !== undefined) continue;
    const original = write(seed, source, request.today);
    const row = { operation: original.operation, scenario: original.scenario };
    const from = `${source.responseId}/${source.index}`;
    if (kind === "exact_duplicate") {
      return { line: toLine({ ...row, conversations: original.turns }), says: `Says word for word what ${from} says.`, detail: { of: from }, truth: {} };
    }
    const copy = almostCopy(random, original.turns);
    if (copy === undefined) continue;
    return {
      line: toLine({ ...row, conversations: copy.turns }), says: `Differs from ${from} in a few words.`,
      detail: { of: from, jaccard: copy.similarity.toFixed(4) }, truth: {},
    };
  }
  return undefined;
}

/** An earlier place to copy from: in any earlier request of the plan, or further up in this response. */
function drawSource(random: Random, place: Place, request: GenerationOrder): Place | undefined {
  const { planned } = request;
  const number = planned === undefined ? 0 : random.integer(1, Math.min(planned.number, requestCount(planned.plan)));
  if (planned === undefined || number === planned.number) {
    if (place.index === 0) return undefined;
    const index = random.integer(0, place.index - 1);
    const order = request.orders[index];
    return order === undefined ? undefined : { key: request.key, responseId: request.responseId, index, order };
  }
  const earlier: PlannedRequest = { plan: planned.plan, number };
  const orders = ordersOf(earlier);
  const index = random.integer(0, orders.length - 1);
  const order = orders[index];
  return order === undefined ? undefined : { ...request.nameOf(writePrompt(earlier)), index, order };
}
