/** A model as a folder of this machine, and how a job sends it. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const FILES = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
/** Where it lies in the job's folder; what the job's recipe then names. */
export const MODEL_PLACE = "model";

/** Whether a model is named by its folder; else it is a Hub id, which the runtime fetches. */
export const isModelFolder = (model: string): boolean => existsSync(join(model, "config.json"));

/** The files of a model by their place in the job's folder. Whether each is there is the caller's to say. */
export const modelFiles = (folder: string): Record<string, string> => Object.fromEntries(FILES.map((name) => [`${MODEL_PLACE}/${name}`, join(folder, name)]));
