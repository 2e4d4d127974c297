/**
 * The home page's server, on loopback: the page, its live state, the search, and the way into JupyterLab.
 *
 * The page leads to a JupyterLab in which anybody may run code, so it answers only who has its key: it comes in the first
 * address, as JupyterLab's token does, and stays as a cookie that no script and no other site can use.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { escapeHtml, findLesson, progressPath, readProgress, type Catalogue } from "llmops/course";
import { chapterWords, continueWords, courseWords, homePage, lessonAddress, searchPage, stateWords } from "./page.ts";
import { CourseSearch, type Hit } from "./search.ts";
import { courseView } from "./view.ts";

const LOOK_MS = 500;
const COOKIE = "llmops-home";

export interface HomeOptions {
  catalogue: Catalogue;
  /** Folder of the repository's notebooks, which the search reads. */
  notebooks: string;
  /** The student's folder. */
  work: string;
  /** Folder with progress.jsonl. */
  state: string;
  /** JupyterLab's address of a notebook, by its path below the work folder. */
  lab: (notebook: string) => string;
}

export interface Home {
  /** Opens the page; holds the key. */
  url: string;
  /** Its address without the key. */
  origin: string;
  close(): Promise<void>;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startHome(options: HomeOptions): Promise<Home> {
  const { catalogue, work, state } = options;
  const key = randomBytes(24).toString("hex");
  // It reads every notebook: not before somebody searches.
  let search: CourseSearch | undefined;
  const view = () => courseView(catalogue, readProgress(state), work);
  const server = Fastify({ forceCloseConnections: true });
  server.addHook("onRequest", (request, reply, next) => (admit(request, reply, key) ? next() : undefined));
  server.addHook("onSend", (_, reply, payload, next) => {
    reply.headers({
      "content-security-policy": "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
      "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
    });
    next(null, payload);
  });

  server.get("/", (_, reply) => reply.type("text/html").send(homePage(view())));
  for (const [file, type] of [["page.css", "text/css"], ["page.js", "text/javascript"]] as const) {
    server.get(`/${file}`, (_, reply) => reply.type(type).send(readFileSync(join(import.meta.dirname, file))));
  }
  server.get("/course", () => {
    const course = view();
    return {
      words: courseWords(course),
      continue: { words: continueWords(course), address: course.next && lessonAddress(course.next.id) },
      chapters: course.chapters.map((chapter) => ({ number: chapter.number, done: chapter.done, words: chapterWords(chapter) })),
      lessons: course.chapters.flatMap(({ lessons }) => lessons).map((lesson) => ({ id: lesson.id, state: lesson.state, words: stateWords(lesson) })),
    };
  });
  server.get<{ Querystring: { q?: string; part?: string } }>("/search", ({ query: { q = "", part } }, reply) => {
    search ??= new CourseSearch(catalogue, options.notebooks);
    const results = resultList(search.find(q.slice(0, 200)));
    return reply.type("text/html").send(part === "results" ? results : searchPage(q, results));
  });
  server.get<{ Params: { lesson: string } }>("/open/:lesson", ({ params }, reply) => {
    const lesson = findLesson(catalogue, params.lesson);
    if (!lesson?.notebook) return reply.code(404).type("text/plain").send(`There is no notebook of lesson ${params.lesson} yet.`);
    return reply.redirect(options.lab(lesson.notebook));
  });
  const watch = serveEvents(server, progressPath(state));

  const origin = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url: `${origin}/?key=${key}`,
    origin,
    close: async () => {
      clearInterval(watch);
      await server.close();
    },
  };
}

/** Lets in who shows the key; answers everybody else. Another name than loopback's would be a page that was pointed here. */
function admit(request: FastifyRequest, reply: FastifyReply, key: string): boolean {
  const given = (request.query as { key?: unknown }).key;
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) void reply.code(403).type("text/plain").send("Open this page as 127.0.0.1.");
  else if (typeof given === "string" && sameText(given, key)) {
    void reply.header("set-cookie", `${COOKIE}=${key}; HttpOnly; SameSite=Lax; Path=/`).redirect(request.url.split("?")[0]!);
  } else if (sameText(new RegExp(`(?:^|; )${COOKIE}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1] ?? "", key)) return true;
  else void reply.code(403).type("text/plain").send("This page needs its key: open the address that npm start printed.");
  return false;
}

const sameText = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** Server-sent events: `progress` whenever the student's progress file changed. */
function serveEvents(server: FastifyInstance, path: string): NodeJS.Timeout {
  const listeners = new Set<FastifyReply>();
  server.get("/events", (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    reply.raw.write("retry: 1000\n\n");
    listeners.add(reply);
    request.raw.on("close", () => listeners.delete(reply));
  });
  // Looking at size and time costs nothing and works on every file system, which watching does not.
  const stamp = () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? `${stat.size} ${stat.mtimeMs}` : "";
  };
  let last = stamp();
  return setInterval(() => {
    const now = stamp();
    if (now === last) return;
    last = now;
    for (const { raw } of listeners) raw.write("event: progress\ndata: \n\n");
  }, LOOK_MS);
}

function resultList(hits: readonly Hit[]): string {
  if (hits.length === 0) return "<p>Nothing found. Search looks at titles and sections of all lessons.</p>";
  const name = ({ lesson, title, written }: Hit) => {
    const words = escapeHtml(`${lesson} ${title}`);
    return written ? `<a href="${lessonAddress(lesson)}" target="llmops-lesson">${words}</a>` : `${words} (not written yet)`;
  };
  const item = (hit: Hit) => `<li><p class="name">${name(hit)}${hit.section === null ? "" : `: ${escapeHtml(hit.section)}`}</p><p>${escapeHtml(hit.excerpt)}</p></li>`;
  return `<h2>Found</h2><ol>${hits.map(item).join("")}</ol>`;
}
