/** A rating form as a page: stands alone, asks nothing of a network, and saves the answers as the CSV file that goes back. */
import { escapeHtml } from "../course/display.js";

interface Page {
  rater: string;
  questions: readonly { id: string; text: string }[];
  rows: readonly { item: string; request: string; A: string; B: string }[];
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1b1b1b;background:#fff}
article{border-top:1px solid #767676;padding:1em 0}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1em}
blockquote{margin:0;padding:.6em .8em;border:1px solid #767676;border-radius:4px;white-space:pre-wrap}
fieldset{border:0;padding:.4em 0;margin:0}label{margin-right:1.2em}button{font:inherit;padding:.4em 1em}
@media(max-width:40em){.pair{grid-template-columns:1fr}}
@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}}`;

// The answers are read from the page itself, so nothing is kept twice.
const SCRIPT = `const form = document.querySelector("form"), state = document.querySelector("output");
const names = [...new Set([...form.elements].filter((e) => e.type === "radio").map((e) => e.name))];
let saved = true;
const count = () => { state.textContent = names.filter((n) => form.elements[n].value).length + " of " + names.length + " answered"; };
form.addEventListener("change", () => { saved = false; count(); });
addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const questions = JSON.parse(form.dataset.questions);
  const quote = (text) => '"' + text.replaceAll('"', '""') + '"';
  const rows = [...form.querySelectorAll("article")].map((part, at) => [part.dataset.item, ...questions.map((q) => form.elements[at + "/" + q].value)]);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([[["item", ...questions], ...rows].map((cells) => cells.map(quote).join(",") + "\\r\\n").join("")], { type: "text/csv" }));
  link.download = form.dataset.rater + ".csv";
  link.click();
  saved = true;
});
count();`;

/** The page of one rater. */
export function ratingPage({ rater, questions, rows }: Page): string {
  const articles = rows.map(({ item, request, A, B }, at) => {
    const asked = questions.map(({ id, text }) => `<fieldset><legend>${escapeHtml(text)}</legend>${["A", "B", "tie"].map((answer) => `<label><input type="radio" name="${at}/${escapeHtml(id)}" value="${answer}"> ${answer}</label>`).join("")}</fieldset>`);
    return `<article data-item="${escapeHtml(item)}"><h2>${at + 1}. ${escapeHtml(request)}</h2><div class="pair"><div>A<blockquote>${escapeHtml(A)}</blockquote></div><div>B<blockquote>${escapeHtml(B)}</blockquote></div></div>${asked.join("")}</article>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ratings of ${escapeHtml(rater)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"><style>${STYLE}</style>
<h1>Which reply is better?</h1><p>Read the request, then both replies. Answer each question by itself; "tie" where you see no difference, nothing where you cannot say. Do not talk to other raters before all are done. At the end, save, and hand in the file.</p>
<form data-rater="${escapeHtml(rater)}" data-questions="${escapeHtml(JSON.stringify(questions.map(({ id }) => id)))}">
${articles.join("\n")}
<p><button>Save ${escapeHtml(rater)}.csv</button> <output></output></p></form>
<script>${SCRIPT}</script></html>
`;
}
