/** How a file of CSV or TSV is written, as far as its first bytes show. */

/** Excel's line before the header, which names the delimiter. */
export const DELIMITER_LINE = /^"?sep=([,;\t|])"?$/i;

/** The delimiter of a file, by the first line: the one that Excel names there (`sep=;`), else that of comma, semicolon, tab and bar which occurs most outside quotes. */
export function sniffDelimiter(head: string): string {
  const first = /^(?:\xef\xbb\xbf)?([^\r\n]*)/.exec(head)?.[1] ?? "";
  const named = DELIMITER_LINE.exec(first)?.[1];
  if (named !== undefined) return named;
  const line = first.replace(/"(?:[^"]|"")*"/g, "");
  const counts = [",", ";", "\t", "|"].map((mark) => ({ mark, count: line.split(mark).length - 1 }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

const TAB = "\t", NEWLINE = "\n", QUOTE = '"';

/** Whether quotes quote: `unclear` where nothing in the first bytes says so. */
export type Quotes = "quoted" | "bare" | "unclear";

/**
 * Whether quotes in a file of tab-separated values quote. There are two ways to write one: with quoted cells, as CSV (Excel,
 * pandas), and without any quoting (Google Sheets, PostgreSQL's COPY, the media type text/tab-separated-values), where a cell
 * holds neither tab nor line end and a quote is a quote. A quote where CSV allows none, and a quoted cell whose lines all have
 * the tabs of a row, show the second; a cell that makes sense only quoted shows the first, and wins.
 *
 * @param head the first bytes of the file, as Latin-1
 * @param whole whether they are all of it
 * @param delimiter of another one than the tab, quotes always quote
 */
export function sniffQuotes(head: string, whole: boolean, delimiter: string): Quotes {
  if (delimiter !== TAB) return "quoted";
  const lines = whole ? head : head.slice(0, head.lastIndexOf(NEWLINE) + 1);
  const text = lines.replace(/^\xef\xbb\xbf/, "").replace(/^"?sep=\t"?\r?\n/i, "");
  const columns = tabs(text.slice(0, lineEnd(text, 0)));
  let found: Quotes = "unclear";
  for (let at = 0; at < text.length; ) {
    const close = text[at] === QUOTE ? closingQuote(text, at) : at;
    if (close === undefined && !whole) return found; // perhaps closed beyond the head
    const next = close === undefined ? "" : text.slice(close + 1).startsWith("\r\n") ? NEWLINE : text[close + 1];
    const closed = close !== undefined && close > at && (next === undefined || next === TAB || next === NEWLINE);
    const held = closed ? text.slice(at + 1, close) : "";
    const spans = /[\t\n]/.test(held);
    if (!closed || (spans && looksLikeRows(text.slice(text.lastIndexOf(NEWLINE, at) + 1, lineEnd(text, close)), columns))) {
      const end = cellEnd(text, at);
      if (text.slice(at, end).includes(QUOTE)) found = "bare";
      at = end + 1;
      continue;
    }
    if (spans || held.includes(QUOTE)) return "quoted";
    at = close + (text[close + 1] === "\r" ? 3 : 2);
  }
  return found;
}

/** Whether every line of a text has as many tabs as the header: then they are rows, and no cell over several lines. */
export function looksLikeRows(text: string, columns: number): boolean {
  return text.split(NEWLINE).every((line) => tabs(line) === columns);
}

function tabs(line: string): number {
  return line.split(TAB).length - 1;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf(NEWLINE, from);
  return end === -1 ? text.length : end;
}

function cellEnd(text: string, from: number): number {
  const tab = text.indexOf(TAB, from);
  const end = lineEnd(text, from);
  return tab !== -1 && tab < end ? tab : end;
}

/** Where the quote that opens at `open` closes: the next one that is not doubled. */
function closingQuote(text: string, open: number): number | undefined {
  for (let at = text.indexOf(QUOTE, open + 1); at !== -1; at = text.indexOf(QUOTE, at + 2)) {
    if (text[at + 1] !== QUOTE) return at;
  }
  return undefined;
}
