export * as compute from "./compute/index.js";
export * as course from "./course/index.js";
export * as data from "./data/index.js";
export * as evaluate from "./evaluate/index.js";
export * as pair from "./pair/index.js";
export * as skills from "./skills/index.js";
export * as teacher from "./teacher/index.js";
export * as train from "./train/index.js";
