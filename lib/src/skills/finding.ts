/** One thing that is wrong with a skill, or could be better. */
export interface Finding {
  /** An error breaks a rule of the specification, or a promise that the skill makes; a warning is advice. */
  severity: "error" | "warning";
  /** Stable, for scripts: `name-folder`, `broken-link`. */
  code: string;
  /** The file, from the skill's folder, with forward slashes. */
  file: string;
  /** 1-based; 1 where a whole file is meant. */
  line: number;
  message: string;
  remedy: string;
}

/** `SKILL.md:3: error: the name … ; remedy`: one line for a person. */
export function findingText({ file, line, severity, message, remedy }: Finding): string {
  return `${file}:${line}: ${severity}: ${message}; ${remedy}`;
}
