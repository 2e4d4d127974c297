/** The Task API over HTTP. Routes, checks and the OpenAPI document come from the same schemas. */
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import swagger from "@fastify/swagger";
import { hasZodFastifySchemaValidationErrors, jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { TaskApiError } from "./error.js";
import { CreateTask, ErrorBody, Health, LIMITS, ListQuery, Task, TaskPage, UpdateTask } from "./schema.js";
import type { TaskStore } from "./store.js";

const Id = z.object({ id: z.string().regex(/^[1-9]\d*$/, { error: "must be a whole number from 1 on" }).transform(Number).describe("The task's number") });
/** Printable ASCII, as other services take it; a UUID is usual. */
const KeyHeader = z.object({ "idempotency-key": z.string().regex(/^[\x21-\x7e]{1,255}$/, { error: "must be 1 to 255 printable ASCII characters without spaces" }).optional()
  .describe("Repeating a request with the key that it had makes no second task") });

const refusals = (...codes: (400 | 404 | 409 | 410 | 413 | 415 | 422)[]) => Object.fromEntries([...codes, 503 as const].map((code) => [code, ErrorBody.describe(REFUSED[code])]));
const REFUSED = {
  400: "A field, the query or the JSON is wrong", 404: "There is no such task", 409: "The task is done already, or the Idempotency-Key was used for another task",
  410: "The task of this Idempotency-Key was deleted", 413: "The body is too large", 415: "The body is no application/json", 422: "The due date is past", 503: "The database does not answer",
} as const;

/** The service, not yet listening. */
export async function createServer(store: TaskStore): Promise<FastifyInstance> {
  const server = Fastify({
    forceCloseConnections: true, bodyLimit: LIMITS.body,
    frameworkErrors: (error, request, reply) => { answerError(error, request, reply); },
    // What is no HTTP, or has headers without end: no request comes of it that a handler could answer.
    clientErrorHandler: (error, socket) => {
      if (error.code === "ECONNRESET" || !socket.writable) return;
      const body = JSON.stringify(new TaskApiError("invalid_request", `this is no HTTP request that can be read (${error.code})`).body);
      socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    },
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(answerError);
  server.addHook("onRequest", (request, _, next) => {
    next(foreign(request));
  });
  // Clients that always name a content type send no body with complete and delete.
  const parse = server.getDefaultJsonParser("error", "error");
  void server.removeContentTypeParser(["application/json", "text/plain"]);
  void server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parse(request, body as string, done);
  });
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Task API", version: "1.0.0", description: "The running example of the LLMOps Workbook: tasks with titles, due dates and priorities." },
    },
    transform: jsonSchemaTransform,
  });
  await server.register((plugin, _, done) => {
    addRoutes(plugin, store);
    done();
  });
  server.setNotFoundHandler((request, reply) => {
    const methods = server.supportedMethods.filter((method) => method !== "HEAD" && server.findRoute({ method, url: routeOf(request.url) }) !== null);
    if (methods.length === 0) throw new TaskApiError("no_route", `there is no ${request.method} ${request.url.split("?")[0]}`, { remedy: "GET /openapi.json describes what there is" });
    void reply.header("allow", methods.join(", "));
    throw new TaskApiError("method_not_allowed", `${request.url.split("?")[0]} takes ${methods.join(", ")}, not ${request.method}`, { remedy: "GET /openapi.json describes what there is" });
  });
  await server.ready();
  return server;
}

/** The pattern of the route that an address would have. */
const routeOf = (url: string): string => (url.split("?")[0] ?? "").replace(/^\/tasks\/[^/]+/, "/tasks/:id");

function addRoutes(server: FastifyInstance, store: TaskStore): void {
  const typed = server.withTypeProvider<ZodTypeProvider>();
  typed.post("/tasks", { schema: { summary: "Add a task", headers: KeyHeader, body: CreateTask, response: { 201: Task, 200: Task.describe("The task that this Idempotency-Key made before"), ...refusals(400, 409, 410, 413, 415, 422) } } },
    async (request, reply) => {
      const { task, made } = await store.create(request.body, request.headers["idempotency-key"]);
      return reply.code(made ? 201 : 200).header("location", `/tasks/${task.id}`).send(task);
    });
  typed.get("/tasks", { schema: { summary: "List tasks", querystring: ListQuery, response: { 200: TaskPage, ...refusals(400) } } }, ({ query }) => store.list(query));
  typed.get("/tasks/:id", { schema: { summary: "Show a task", params: Id, response: { 200: Task, ...refusals(400, 404) } } }, ({ params }) => store.get(known(params.id)));
  typed.patch("/tasks/:id", { schema: { summary: "Change a task", params: Id, body: UpdateTask, response: { 200: Task, ...refusals(400, 404, 413, 415, 422) } } }, ({ params, body }) => store.update(known(params.id), body));
  typed.post("/tasks/:id/complete", { schema: { summary: "Mark a task as done", params: Id, response: { 200: Task, ...refusals(400, 404, 409) } } }, ({ params }) => store.complete(known(params.id)));
  typed.delete("/tasks/:id", { schema: { summary: "Delete a task; answers what it was", params: Id, response: { 200: Task, ...refusals(400, 404) } } }, ({ params }) => store.delete(known(params.id)));
  typed.get("/health", { schema: { summary: "Whether the service and its database answer", response: { 200: Health, ...refusals() } } }, async () => {
    await store.database.query("SELECT 1");
    return { status: "ok" as const, today: store.clock.today(), database: store.database.kind };
  });
  typed.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
}

/** An id beyond the database's numbers is that of no task. */
function known(id: number): number {
  if (id > LIMITS.id) throw new TaskApiError("not_found", `there is no task ${id}`, { field: "id", remedy: "GET /tasks lists the tasks" });
  return id;
}

/** The service has no login: pages of other sites, which a browser on this machine may have open, are kept out. */
function foreign({ headers }: FastifyRequest): TaskApiError | undefined {
  const host = headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return new TaskApiError("forbidden", `this service answers as 127.0.0.1, not as ${host || "nothing"}`, { field: "Host" });
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return new TaskApiError("forbidden", `pages of ${headers.origin} may not use this service`, { field: "Origin" });
  return undefined;
}

function answerError(thrown: unknown, _: FastifyRequest, reply: FastifyReply): void {
  const error = refusalOf(thrown);
  if (error.code === "internal") process.stderr.write(`task-api: ${(thrown as Error).stack ?? String(thrown)}\n`);
  void reply.code(error.status).type("application/json").serializer((body: unknown) => JSON.stringify(body)).send(error.body);
}

interface ZodFault {
  validation: { instancePath: string; message?: string; params?: { keys?: string[] } }[];
  validationContext?: string;
}

/** A fault of the whole: zod's words for a wrong type speak of its own names for types. */
const whole = (part: string, message = "is wrong"): string => `the ${part} ${message.startsWith("Invalid input") ? "must be a JSON object" : message}`;

/** What was thrown, as the service's own refusal. */
function refusalOf(thrown: unknown): TaskApiError {
  if (thrown instanceof TaskApiError) return thrown;
  const error = thrown as FastifyError;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const { validation: [first], validationContext = "request" } = error as unknown as ZodFault;
    const unknown = first?.params?.keys?.[0];
    const field = unknown ?? (first?.instancePath.split("/").filter(Boolean).join(".") || undefined);
    const message = unknown !== undefined ? `there is no field ${unknown}` : field !== undefined ? `${field} ${first?.message ?? "is wrong"}` : whole(validationContext, first?.message);
    return new TaskApiError("invalid_field", message, { field, remedy: "GET /openapi.json describes the fields" });
  }
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_JSON_BODY": return new TaskApiError("invalid_json", "the body is no JSON", { remedy: "send a JSON object" });
    case "FST_ERR_CTP_BODY_TOO_LARGE": return new TaskApiError("too_large", `the body is larger than ${LIMITS.body} bytes`, { remedy: "shorten it" });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE": return new TaskApiError("unsupported_media_type", "the body is of a type that is not read here", { field: "Content-Type", remedy: "send Content-Type: application/json" });
    default:
  }
  if (isUnreachable(error)) return new TaskApiError("database_unavailable", "the database does not answer", { remedy: "try again in a moment", cause: thrown });
  if (typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500) return new TaskApiError("invalid_request", error.message);
  return new TaskApiError("internal", "the service failed; its log has the reason", { cause: thrown });
}

/** Postgres's classes for connections, resources and shutdown, Node's for sockets, and pg's and PGlite's own sentences. */
function isUnreachable({ code, message }: { code?: string; message?: string }): boolean {
  return /^(08|53|57P)/.test(code ?? "") || /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH)/.test(code ?? "")
    || /connection terminated|query read timeout|timeout exceeded when trying to connect|cannot use a pool after|PGlite is (closed|closing)/i.test(message ?? "");
}
