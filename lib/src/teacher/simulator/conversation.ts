import { Random } from "../random.js";
import type { Operation } from "../task-api.js";
import { complete } from "./operations/complete.js";
import { create } from "./operations/create.js";
import { remove } from "./operations/delete.js";
import { list } from "./operations/list.js";
import { update } from "./operations/update.js";
import { Scene, type Draft, type SceneSpec } from "./scene.js";

const PLAYS: Readonly<Record<Operation, (scene: Scene) => void>> = { create, update, complete, delete: remove, list };

/**
 * Writes one conversation that does what its spec says and in which every answer is right.
 *
 * @param key Names the draw: equal keys, specs and days give equal conversations.
 * @param today YYYY-MM-DD; relative dates are resolved against it.
 */
export function writeConversation(key: readonly (string | number)[], spec: SceneSpec, today: string): Draft {
  const scene = new Scene(new Random(...key), spec, today);
  PLAYS[spec.operation](scene);
  return scene.finish();
}
