/** What the instructor gets: a CSV with a row a notebook, and one page that needs nothing but itself. */
import type { Limits } from "./limits.ts";
import { OUTCOMES, scoreOf, type ExerciseGrade, type NotebookGrade } from "./outcome.ts";
import type { Submission } from "./submission.ts";

export interface GradedFile extends Submission {
  /** SHA-256; missing where the file was too large to read. */
  hash?: string;
  grade: NotebookGrade;
  /** It was graded in an earlier run, or as another copy of the same file. */
  reused?: boolean;
}

export interface Conditions {
  limits: Limits;
  /** What this machine could not hold the notebooks to. */
  missing: readonly string[];
  title: string;
  at: Date;
}

// --- CSV -----------------------------------------------------------------------------------------

const COLUMNS = ["student", "file", "lesson", "score", "of", "exercises", "misconceptions", "problems", "not enforced"] as const;

export function gradesCsv(files: readonly GradedFile[], { missing }: Conditions): string {
  const copies = copiesOf(files);
  const rows = files.map(({ student, file, grade }) => [
    student,
    file,
    grade.lesson ?? "",
    grade.lesson === undefined ? "" : scoreOf(grade),
    grade.lesson === undefined ? "" : grade.exercises.length,
    grade.exercises.map(({ exercise, outcome }) => `${exercise}=${OUTCOMES[outcome]}`).join("; "),
    grade.exercises.flatMap(({ exercise, misconception }) => (misconception === undefined ? [] : [`${exercise}: ${misconception}`])).join("; "),
    [...grade.problems, ...stoppedBy(grade), ...(copies.get(file) ?? [])].join("; "),
    missing.join("; "),
  ]);
  return [COLUMNS, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

const stoppedBy = ({ exercises }: NotebookGrade): string[] => exercises.flatMap(({ exercise, outcome, message }) => (outcome === "stopped" || outcome === "failed" ? [`${exercise}: ${message}`] : []));

/** Quoted by RFC 4180; what a spreadsheet would run as a formula gets an apostrophe in front: file names are the students'. */
function field(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Files with the same bytes, where anything was answered in them: an untouched notebook is everybody's. */
function copiesOf(files: readonly GradedFile[]): Map<string, string[]> {
  const answered = files.filter(({ hash, grade }) => hash !== undefined && grade.exercises.some(({ outcome }) => outcome === "right" || outcome === "wrong"));
  const byHash = Map.groupBy(answered, ({ hash }) => hash);
  return new Map(
    answered.flatMap(({ file, hash }): [string, string[]][] => {
      const others = byHash.get(hash)!.filter((other) => other.file !== file);
      return others.length ? [[file, [`the same file, byte for byte, as ${others.map((other) => other.file).join(", ")}`]]] : [];
    }),
  );
}

// --- page ----------------------------------------------------------------------------------------

const escape = (text: string | number) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** One page, self-contained: its policy forbids every request, and it has no script. */
export function gradesPage(files: readonly GradedFile[], { limits, missing, title, at }: Conditions): string {
  const copies = copiesOf(files);
  const graded = files.filter(({ grade }) => grade.lesson !== undefined);
  const when = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Grades: ${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Grades: ${escape(title)}</h1>
<p>${files.length} notebooks, ${graded.length} of them lessons of this course; graded ${when}. Each answer ran in a process of its own: ${limits.seconds} s for the answers of a notebook,
${limits.cpuSeconds} s of CPU time, ${limits.memoryMiB} MiB of heap, ${limits.processes} processes, ${limits.outputMiB} MiB printed.</p>
${missing.length ? `<p class="warning"><strong>Not enforced on the machine that graded:</strong> ${escape(missing.join("; "))}. Grade notebooks of strangers on a machine that enforces all.</p>` : ""}
<h2 id="scores">Scores</h2>
<table>
<caption>A row a notebook; details are below</caption>
<thead><tr><th scope="col">Student</th><th scope="col">File</th><th scope="col">Lesson</th><th scope="col" class="number">Score</th><th scope="col">Exercises</th><th scope="col">Remarks</th></tr></thead>
<tbody>
${files.map((file, index) => scoreRow(file, index, copies.get(file.file) ?? [])).join("\n")}
</tbody>
</table>
<h2 id="misconceptions">Misconceptions met</h2>
${misconceptionTable(graded)}
<h2 id="details">Notebooks</h2>
${files.map((file, index) => details(file, index, copies.get(file.file) ?? [])).join("\n")}
</main>
</body>
</html>
`;
}

function scoreRow({ student, file, grade }: GradedFile, index: number, copied: string[]): string {
  const remarks = grade.problems.length + stoppedBy(grade).length + copied.length;
  const score = grade.lesson === undefined ? "not graded" : `${scoreOf(grade)} of ${grade.exercises.length}`;
  const outcomes = grade.exercises.map(({ exercise, outcome }) => `${escape(exercise.split("/")[1] ?? exercise)}: ${mark(outcome)}`).join("<br>");
  return `<tr><th scope="row">${escape(student)}</th><td><a href="#notebook-${index}">${escape(file)}</a></td><td>${escape(grade.lesson ?? "")}</td><td class="number">${score}</td><td>${outcomes}</td><td>${remarks || ""}</td></tr>`;
}

const mark = (outcome: ExerciseGrade["outcome"]) => `<span class="${outcome}">${OUTCOMES[outcome]}</span>`;

function misconceptionTable(files: readonly GradedFile[]): string {
  const met = files.flatMap(({ student, grade }) => grade.exercises.flatMap(({ exercise, misconception, message }) => (misconception === undefined ? [] : [{ student, exercise, misconception, message }])));
  if (met.length === 0) return "<p>None.</p>";
  const groups = [...Map.groupBy(met, ({ exercise, misconception }) => `${exercise} ${misconception}`).values()].sort((a, b) => b.length - a.length || (a[0]!.exercise < b[0]!.exercise ? -1 : 1));
  const rows = groups.map((group) => {
    const [{ exercise, misconception, message }] = group as [(typeof met)[number]];
    return `<tr><td>${escape(exercise)}</td><th scope="row">${escape(misconception)}</th><td class="number">${group.length}</td><td>${escape(message)}</td><td>${escape([...new Set(group.map(({ student }) => student))].join(", "))}</td></tr>`;
  });
  return `<table>
<caption>Named mistakes, most frequent first</caption>
<thead><tr><th scope="col">Exercise</th><th scope="col">Misconception</th><th scope="col" class="number">Notebooks</th><th scope="col">What the student reads</th><th scope="col">Students</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
}

function details({ student, file, grade }: GradedFile, index: number, copied: string[]): string {
  const score = grade.lesson === undefined ? "not graded" : `lesson ${grade.lesson}, ${scoreOf(grade)} of ${grade.exercises.length}`;
  const remarks = [...grade.problems, ...copied];
  // The link's target is inside: following it opens the details.
  return `<details>
<summary>${escape(student)}: ${escape(file)}, ${escape(score)}</summary>
<div id="notebook-${index}">
${remarks.length ? `<ul>${remarks.map((remark) => `<li>${escape(remark)}</li>`).join("")}</ul>` : ""}
${grade.exercises.length ? `<dl>${grade.exercises.map(exerciseEntry).join("")}</dl>` : ""}
</div>
</details>`;
}

const exerciseEntry = ({ exercise, outcome, misconception, message, cell }: ExerciseGrade) =>
  `<dt>${escape(exercise)}: ${mark(outcome)}${misconception === undefined ? "" : `, ${escape(misconception)}`}${cell === undefined ? "" : ` <span class="quiet">(cell ${cell})</span>`}</dt><dd>${escape(message)}</dd>`;

// Colours have a contrast of at least 4.5 to 1 on either background (WCAG 2.2, 1.4.3), and the word says the same.
const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --line: #b8b8b8; --right: #00695c; --wrong: #b71c1c; --quiet: #595959; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #ededed; --paper: #161616; --line: #5c5c5c; --right: #6fd6c5; --wrong: #ff9a90; --quiet: #b0b0b0; --link: #9ec2ff; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: normal; overflow-wrap: break-word; }
thead th { font-weight: bold; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
a { color: var(--link); overflow-wrap: anywhere; }
.right { color: var(--right); } .wrong, .stopped, .failed { color: var(--wrong); } .untouched, .missing, .quiet { color: var(--quiet); }
.warning { border-left: 4px solid var(--wrong); padding-left: .8rem; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } div:target { outline: 2px solid var(--link); }
dt { margin-top: .5rem; } dd { margin: 0 0 0 1.5rem; }
`;
