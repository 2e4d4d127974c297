export { loraChange, loraScale, mergeAdapter, readAdapter, rowLengths, type Adapter, type LoraFactors } from "./adapter.js";
export { toAxolotl } from "./axolotl.js";
export { RecipeError } from "./error.js";
export { checkData, packRecipe, shapeOfBase, trainingJob, type TrainingJobOptions } from "./job.js";
export { applyChange, nextRemedy, planRecipe, refuseMisfit, targetOf, toTrainingRun, type RecipePlan, type Target } from "./plan.js";
export { llama3OnT4, tasklingRecipe } from "./presets.js";
export { completeRecipe, EXPORTS, METHODS, type Export, type Method, type RecipeInput, type TrainingRecipe } from "./recipe.js";
export { TrainingRecord } from "./record.js";
export { setupJob, SetupReport, type ShownToken } from "./setup.js";
