import type { CheerioAPI } from "cheerio";

/** Half of what this library loads, in time and memory (20 MiB): only for a page. */
const cheerio = (): typeof import("cheerio") => require("cheerio") as typeof import("cheerio");

/** A node of a page, by cheerio's own types. */
type AnyNode = NonNullable<ReturnType<CheerioAPI["root"]>[0]>["children"][number];
type Element = Extract<AnyNode, { attribs: unknown }>;

/** What a reader of the page does not read as its content. */
const FURNITURE = "script, style, noscript, template, nav, header, footer, aside, form, button, svg, canvas, iframe, [hidden], [aria-hidden=true], [role=navigation]";
const BLOCKS = new Set("address article blockquote body dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 hr li main ol p pre section summary table tbody td tfoot th thead tr ul".split(" "));

/**
 * The content of an HTML page as Markdown: headings, paragraphs, lists, tables and code. Scripts, styles, navigation,
 * page headers and footers are left out; of a page with `<main>` or one `<article>`, only that is read.
 *
 * @param html - a page or a fragment of one; it need not be well-formed
 */
export function htmlToMarkdown(html: string): string {
  const $ = cheerio().load(html);
  const title = $("head > title").first().text().trim();
  const main = $("main, [role=main]").first();
  const articles = $("article");
  const root = main.length > 0 ? main : articles.length === 1 ? articles : $("body");
  // A header inside the content holds its heading; only the page's own is furniture.
  root.find(FURNITURE).filter((_, node) => !($(node).is("header") && $(node).find("h1, h2").length > 0)).remove();
  const lines: string[] = [];
  for (const node of root.contents().toArray()) writeBlock($, node, lines);
  const body = lines.join("\n\n").replace(/\n{3,}/g, "\n\n").trim();
  return title !== "" && !/^# /m.test(body) ? `# ${title}\n\n${body}` : body;
}

function isElement(node: AnyNode): node is Element {
  return "attribs" in node;
}

function inlineText($: CheerioAPI, node: AnyNode): string {
  if (!isElement(node)) return (node.type as string) === "text" && "data" in node ? node.data.replace(/\s+/g, " ") : "";
  if (node.name === "br") return "\n";
  if (node.name === "img") return $(node).attr("alt") ?? "";
  const inner = node.children.map((child) => inlineText($, child)).join("");
  if ((node.name === "code" || node.name === "kbd") && inner.trim() !== "") return `\`${inner.trim()}\``;
  return BLOCKS.has(node.name) ? ` ${inner} ` : inner;
}

function tidy(text: string): string {
  return text.replace(/[ \t]+/g, " ").replace(/ *\n */g, "\n").trim();
}

function writeBlock($: CheerioAPI, node: AnyNode, out: string[]): void {
  if (!isElement(node)) {
    const text = tidy(inlineText($, node));
    if (text !== "") out.push(text);
    return;
  }
  const push = (text: string): void => {
    if (text !== "") out.push(text);
  };
  const level = /^h([1-6])$/.exec(node.name)?.[1];
  if (level) {
    const title = tidy(inlineText($, node)).replace(/\n/g, " ");
    if (title !== "") push(`${"#".repeat(Number(level))} ${title}`);
    return;
  }
  switch (node.name) {
    case "pre": {
      const code = $(node).text().replace(/^\n|\s+$/g, "");
      const fence = code.includes("```") ? "````" : "```";
      const language = /language-([\w+#-]+)/.exec(`${$(node).attr("class") ?? ""} ${$(node).find("code").attr("class") ?? ""}`)?.[1] ?? "";
      if (code !== "") push(`${fence}${language}\n${code}\n${fence}`);
      return;
    }
    case "ul":
    case "ol":
      push(list($, node, ""));
      return;
    case "table": {
      const rows = $(node).find("tr").toArray().map((row) =>
        $(row).children("th, td").toArray().map((cell) => tidy(inlineText($, cell)).replace(/\n/g, " ").replace(/\|/g, "\\|")));
      const [head, ...rest] = rows.filter((row) => row.length > 0);
      if (head) push([head, head.map(() => "---"), ...rest].map((row) => `| ${row.join(" | ")} |`).join("\n"));
      return;
    }
    case "blockquote":
      push(tidy(inlineText($, node)).split("\n").map((line) => `> ${line}`).join("\n"));
      return;
    default:
      break;
  }
  // An element with blocks inside is a container; its loose inline content makes paragraphs between them.
  let run: string[] = [];
  const flush = (): void => {
    push(tidy(run.join("")));
    run = [];
  };
  if (!node.children.some((child) => isElement(child) && ($(child).is([...BLOCKS].join(",")) || $(child).find([...BLOCKS].join(",")).length > 0))) {
    push(tidy(inlineText($, node)));
    return;
  }
  for (const child of node.children) {
    const block = isElement(child) && (BLOCKS.has(child.name) || $(child).find([...BLOCKS].join(",")).length > 0);
    if (!block) run.push(inlineText($, child));
    else {
      flush();
      writeBlock($, child, out);
    }
  }
  flush();
}

function list($: CheerioAPI, node: Element, indent: string): string {
  const items: string[] = [];
  let number = 1;
  for (const child of node.children) {
    if (!isElement(child) || child.name !== "li") continue;
    const nested = child.children.filter((inner): inner is Element => isElement(inner) && (inner.name === "ul" || inner.name === "ol"));
    const own = tidy(child.children.filter((inner) => !nested.includes(inner as Element)).map((inner) => inlineText($, inner)).join(""));
    const mark = node.name === "ol" ? `${number++}.` : "-";
    items.push(`${indent}${mark} ${own.replace(/\n/g, `\n${indent}  `)}`);
    for (const inner of nested) items.push(list($, inner, `${indent}  `));
  }
  return items.join("\n");
}
