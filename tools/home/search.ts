/** Search over all lessons: their titles, objectives, and each section of the notebooks that are there. */
import { join } from "node:path";
import MiniSearch from "minisearch";
import type { Catalogue } from "llmops/course";
import { readNotebook, textOf } from "../notebook.ts";

export interface Hit {
  lesson: string;
  title: string;
  /** Whether there is a notebook to open. */
  written: boolean;
  /** The section's heading, or null where title or objective matched. */
  section: string | null;
  /** Text around the first word that was found. */
  excerpt: string;
}

interface Part {
  id: number;
  lesson: string;
  title: string;
  written: boolean;
  section: string | null;
  heading: string;
  text: string;
}

const STOP_WORDS = new Set("a an and are as at be by for from in is it of on or the to what when with you your".split(" "));
const MOST = 30;
const AROUND = 90;

export class CourseSearch {
  readonly #index = new MiniSearch<Part>({
    fields: ["lesson", "title", "heading", "text"],
    // Numbers of lessons are words: 63.7.
    tokenize: (text) => text.toLowerCase().match(/\d+\.\d+|[\p{L}\p{N}]+/gu) ?? [],
    processTerm: (term) => (STOP_WORDS.has(term) ? null : term),
    searchOptions: { boost: { lesson: 8, title: 4, heading: 3 }, prefix: (word) => word.length > 2, fuzzy: (word) => (word.length > 4 ? 0.2 : false), combineWith: "AND" },
  });
  readonly #parts: Part[] = [];

  /** @param notebooks folder of the repository's notebooks */
  constructor(catalogue: Catalogue, notebooks: string) {
    for (const { id, title, objective, notebook } of catalogue.chapters.flatMap(({ lessons }) => lessons)) {
      const lesson = { lesson: id, title, written: notebook !== null };
      this.#add(lesson, null, objective);
      if (notebook !== null) for (const { section, text } of sectionsOf(join(notebooks, notebook))) this.#add(lesson, section, text);
    }
    this.#index.addAll(this.#parts);
  }

  #add(lesson: Pick<Part, "lesson" | "title" | "written">, section: string | null, text: string): void {
    this.#parts.push({ id: this.#parts.length, ...lesson, section, heading: section ?? "", text });
  }

  /** The best hits, at most one a section. */
  find(query: string): Hit[] {
    return this.#index.search(query).slice(0, MOST).map(({ id, terms }) => {
      const { lesson, title, written, section, text } = this.#parts[id as number]!;
      return { lesson, title, written, section, excerpt: excerptOf(text, terms) };
    });
  }
}

function sectionsOf(path: string): { section: string | null; text: string }[] {
  const sections: { section: string | null; text: string }[] = [{ section: null, text: "" }];
  for (const cell of readNotebook(path).cells) {
    if (cell.cell_type !== "markdown") continue;
    for (const line of textOf(cell.source).split("\n")) {
      const heading = /^##+ (.+)$/.exec(line);
      if (heading) sections.push({ section: plain(heading[1]!), text: "" });
      else if (!line.startsWith("# ")) sections.at(-1)!.text += `${plain(line)} `;
    }
  }
  return sections.filter(({ text }) => text.trim() !== "");
}

const plain = (markdown: string): string =>
  markdown.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*`_>|#\\]/g, "").replace(/\s+/g, " ").trim();

function excerptOf(text: string, terms: readonly string[]): string {
  const places = terms.map((term) => text.toLowerCase().indexOf(term)).filter((at) => at >= 0);
  const at = places.length ? Math.min(...places) : 0;
  const start = at <= AROUND ? 0 : text.indexOf(" ", at - AROUND) + 1;
  const end = text.length <= at + 2 * AROUND ? text.length : text.lastIndexOf(" ", at + 2 * AROUND);
  return `${start > 0 ? "… " : ""}${text.slice(start, end).trim()}${end < text.length ? " …" : ""}`;
}
