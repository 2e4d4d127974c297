/** Colab notebooks as files: nbformat 4.5, with the T4 preselected. */
import { z } from "zod";

const cellId = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "letters, digits, - and _, at most 64");
const Markdown = z.strictObject({ cell_type: z.literal("markdown"), id: cellId, metadata: z.strictObject({}), source: z.string() });
const Code = z.strictObject({
  cell_type: z.literal("code"),
  id: cellId,
  /** `form`: Colab shows the title and the fields only, the code on a double click. */
  metadata: z.strictObject({ cellView: z.literal("form").optional() }),
  source: z.string(),
  execution_count: z.null(),
  outputs: z.tuple([]),
});
const Cell = z.discriminatedUnion("cell_type", [Markdown, Code]);
export type ColabCell = z.output<typeof Cell>;

/** A notebook that Colab opens on a T4: the field names are those that Colab itself writes. */
export const ColabNotebook = z.strictObject({
  nbformat: z.literal(4),
  nbformat_minor: z.literal(5),
  metadata: z.strictObject({
    accelerator: z.literal("GPU"),
    colab: z.strictObject({ gpuType: z.literal("T4"), name: z.string().endsWith(".ipynb"), provenance: z.tuple([]) }),
    kernelspec: z.strictObject({ name: z.literal("python3"), display_name: z.literal("Python 3") }),
    language_info: z.strictObject({ name: z.literal("python") }),
  }),
  cells: z.array(Cell).min(1).refine((cells) => new Set(cells.map(({ id }) => id)).size === cells.length, "two cells have one id"),
});
export type ColabNotebook = z.output<typeof ColabNotebook>;

export const markdownCell = (id: string, source: string): ColabCell => ({ cell_type: "markdown", id, metadata: {}, source });

/** @param form - fold the code away in Colab */
export const codeCell = (id: string, source: string, form = false): ColabCell => ({
  cell_type: "code", id, metadata: form ? { cellView: "form" } : {}, source, execution_count: null, outputs: [],
});

/** @throws Error where the cells make no valid notebook */
export function colabNotebook(name: string, cells: ColabCell[]): ColabNotebook {
  return ColabNotebook.parse({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      accelerator: "GPU",
      colab: { gpuType: "T4", name: `${name}.ipynb`, provenance: [] },
      kernelspec: { name: "python3", display_name: "Python 3" },
      language_info: { name: "python" },
    },
    cells,
  });
}

/**
 * Opens Colab's dialog for a file of this machine. Google documents the menu (File > Upload notebook) and not this address;
 * where the fragment says nothing to Colab, the same dialog opens on another of its tabs.
 */
export const UPLOAD_URL = "https://colab.research.google.com/#upload=true";

/** Opens a notebook of a public GitHub repository in Colab; nothing can be passed to it. */
export function badgeUrl(repository: string, branch: string, path: string): string {
  return `https://colab.research.google.com/github/${repository}/blob/${branch}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
