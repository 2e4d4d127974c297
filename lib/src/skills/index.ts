export { checkSkill, type SkillCheck } from "./check.js";
export { findingText, type Finding } from "./finding.js";
export { COMPATIBILITY_CHARS, DESCRIPTION_CHARS, NAME_CHARS, parseSkill, type FrontMatter, type ParsedSkill } from "./front-matter.js";
export { readSkill, type Skill } from "./skill.js";
