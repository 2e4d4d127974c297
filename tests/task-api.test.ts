/** The Task API's contract: one suite, run on PGlite and on a Postgres server. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { openDatabase, openTaskApi, PRIORITIES, SORTS, STATUSES, type Database, type ErrorBody, type Task, type TaskApi, type TaskPage } from "llmops/agent";
import { noPostgres, startPostgres, type TestPostgres } from "./support/postgres.ts";
import { TaskModel, type Answer } from "./support/task-model.ts";

const TODAY = "2026-11-21";

contract("PGlite", false, () => Promise.resolve({ url: "memory", stop: () => undefined }));
contract("Postgres", noPostgres, startPostgres);

function contract(name: string, skip: string | false, start: () => Promise<TestPostgres>): void {
  describe(`the Task API on ${name}`, { skip }, () => {
    let server: TestPostgres, database: Database, api: TaskApi;
    before(async () => {
      server = await start();
      // A schema of its own: DATABASE_URL_TEST may name a database that is in use.
      database = await openDatabase({ url: server.url, schema: "task_api_contract" });
      api = await openTaskApi({ database, today: TODAY });
    });
    after(async () => {
      await api.close();
      await database.query("DROP SCHEMA task_api_contract CASCADE");
      await database.close();
      server.stop();
    });
    beforeEach(() => api.reset());

    /** A request with its answer: the status, and the task, the page or the error. */
    async function ask<T = Task>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: T; error: ErrorBody["error"]; headers: Headers }> {
      const response = await fetch(api.url + path, {
        method, headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const answer = (await response.json()) as T;
      return { status: response.status, body: answer, error: (answer as ErrorBody).error, headers: response.headers };
    }
    const refused = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const { status, error } = await ask(method, path, body, headers);
      return [status, error.code, error.field];
    };

    test("a task from its making to its deletion", async () => {
      const made = await ask("POST", "/tasks", { title: "  buy \n milk ", due_date: "2026-11-27" });
      assert.deepEqual([made.status, made.headers.get("location")], [201, "/tasks/1"]);
      assert.deepEqual(made.body, {
        id: 1, title: "buy milk", due_date: "2026-11-27", priority: "medium", status: "open",
        created_at: made.body.created_at, updated_at: made.body.created_at, completed_at: null,
      });
      assert.deepEqual((await ask("GET", "/tasks/1")).body, made.body);
      const changed = (await ask("PATCH", "/tasks/1", { due_date: null, priority: "high" })).body;
      assert.deepEqual([changed.title, changed.due_date, changed.priority, changed.updated_at > made.body.updated_at], ["buy milk", null, "high", true]);
      const done = (await ask("POST", "/tasks/1/complete")).body;
      assert.deepEqual([done.status, done.completed_at === done.updated_at], ["done", true]);
      assert.deepEqual(await refused("POST", "/tasks/1/complete"), [409, "already_done", "id"]);
      const reopened = (await ask("PATCH", "/tasks/1", { status: "open" })).body;
      assert.deepEqual([reopened.status, reopened.completed_at], ["open", null]);
      assert.deepEqual((await ask("DELETE", "/tasks/1")).body, reopened);
      for (const [method, path] of [["GET", "/tasks/1"], ["PATCH", "/tasks/1"], ["DELETE", "/tasks/1"], ["POST", "/tasks/1/complete"], ["GET", "/tasks/2147483648"]] as const) {
        assert.deepEqual(await refused(method, path, method === "PATCH" ? { priority: "low" } : undefined), [404, "not_found", "id"], `${method} ${path}`);
      }
      assert.deepEqual(await api.tasks(), []);
    });

    test("what is wrong is refused, named, and changes nothing", async () => {
      await ask("POST", "/tasks", { title: "one" });
      const json = { "content-type": "application/json" };
      const cases: [unknown[], ...Parameters<typeof refused>][] = [
        [[400, "invalid_json", undefined], "POST", "/tasks", "{"],
        [[400, "invalid_json", undefined], "POST", "/tasks", '{"title":"x","__proto__":{"a":1}}'],
        [[400, "invalid_field", undefined], "POST", "/tasks", "[]"],
        [[400, "invalid_field", undefined], "POST", "/tasks", undefined, json],
        [[400, "invalid_field", "title"], "POST", "/tasks", {}],
        [[400, "invalid_field", "title"], "POST", "/tasks", { title: " \t" }],
        [[400, "invalid_field", "title"], "POST", "/tasks", { title: 7 }],
        [[400, "invalid_field", "title"], "POST", "/tasks", { title: "a\0" }],
        [[400, "invalid_field", "title"], "POST", "/tasks", '{"title":"\\ud800"}'],
        [[400, "invalid_field", "title"], "POST", "/tasks", { title: "x".repeat(201) }],
        [[400, "invalid_field", "priority"], "POST", "/tasks", { title: "x", priority: "urgent" }],
        [[400, "invalid_field", "due_date"], "POST", "/tasks", { title: "x", due_date: "Friday" }],
        [[400, "invalid_field", "due_date"], "POST", "/tasks", { title: "x", due_date: "2027-02-29" }],
        [[400, "invalid_field", "due_date"], "POST", "/tasks", { title: "x", due_date: "0000-01-01" }],
        [[422, "past_date", "due_date"], "POST", "/tasks", { title: "x", due_date: "2026-11-20" }],
        [[400, "invalid_field", "done"], "POST", "/tasks", { title: "x", done: true }],
        [[413, "too_large", undefined], "POST", "/tasks", { title: "x".repeat(20_000) }],
        [[415, "unsupported_media_type", "Content-Type"], "POST", "/tasks", "title=x", { "content-type": "application/x-www-form-urlencoded" }],
        [[400, "invalid_field", "idempotency-key"], "POST", "/tasks", { title: "x" }, { "idempotency-key": "a b" }],
        [[400, "invalid_field", undefined], "PATCH", "/tasks/1", {}],
        [[422, "past_date", "due_date"], "PATCH", "/tasks/1", { due_date: "2020-01-01" }],
        [[400, "invalid_field", "id"], "GET", "/tasks/one"],
        [[400, "invalid_field", "id"], "DELETE", "/tasks/-1"],
        [[400, "invalid_request", undefined], "GET", "/tasks/%zz"],
        [[400, "invalid_field", "limit"], "GET", "/tasks?limit=0"],
        [[400, "invalid_field", "limit"], "GET", "/tasks?limit=1&limit=2"],
        [[400, "invalid_field", "sort"], "GET", "/tasks?sort=size"],
        [[400, "invalid_field", "colour"], "GET", "/tasks?colour=red"],
        [[400, "invalid_field", "search"], "GET", "/tasks?search=%00"],
        [[400, "invalid_field", "cursor"], "GET", "/tasks?cursor=abc"],
        [[404, "no_route", undefined], "GET", "/task"],
        [[405, "method_not_allowed", undefined], "PUT", "/tasks/1", {}],
        [[405, "method_not_allowed", undefined], "DELETE", "/tasks"],
        [[403, "forbidden", "Origin"], "POST", "/tasks/1/complete", undefined, { origin: "http://example.org" }],
      ];
      for (const [expected, ...request] of cases) assert.deepEqual(await refused(...request), expected, JSON.stringify(request).slice(0, 120));
      const tasks = await api.tasks();
      assert.deepEqual(tasks.map(({ title, status }) => [title, status]), [["one", "open"]]);
    });

    test("what is no HTTP is refused too, and the service stays", async () => {
      for (const bytes of ["nonsense\r\n\r\n", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, "POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"]) {
        const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
        socket.write(bytes);
        let answer = "";
        for await (const chunk of socket) answer += String(chunk);
        assert.match(answer, /^HTTP\/1.1 400 [^]*"code":"invalid_request"/);
      }
      assert.equal((await ask("GET", "/health")).status, 200);
    });

    test("a request that is repeated with its key makes one task, at the same time too", async () => {
      const wish = { title: "pay rent", due_date: "2026-12-01" };
      const send = (body: unknown, key: string) => ask("POST", "/tasks", body, { "idempotency-key": key });
      const answers = await Promise.all(Array.from({ length: 12 }, () => send(wish, "k-1")));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array<number>(11).fill(200), 201]);
      assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1);
      assert.equal((await send({ priority: "medium", ...wish }, "k-1")).status, 200, "the same request, spelled otherwise");
      assert.deepEqual(await refused("POST", "/tasks", { ...wish, priority: "low" }, { "idempotency-key": "k-1" }), [409, "idempotency_conflict", "Idempotency-Key"]);
      assert.equal((await send(wish, "k-2")).status, 201);
      await ask("DELETE", "/tasks/1");
      assert.deepEqual(await refused("POST", "/tasks", wish, { "idempotency-key": "k-1" }), [410, "gone", undefined]);
      assert.equal((await api.tasks()).length, 1);
      await database.query("UPDATE task_api_contract.idempotency_keys SET created_at = created_at - interval '25 hours'");
      assert.equal((await send(wish, "k-1")).status, 201, "a key is forgotten after a day");
    });

    test("of two that complete a task at the same time one is told that it was done", async () => {
      await ask("POST", "/tasks", { title: "one" });
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask("POST", "/tasks/1/complete")));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409]);
    });

    test("pages hold every task once, while tasks come and go", async () => {
      await api.reset(Array.from({ length: 25 }, (_, at) => ({ title: `task ${at % 4}`, due_date: at % 3 ? `2026-12-${10 + (at % 7)}` : null, priority: PRIORITIES[at % 3] })));
      for (const sort of SORTS) {
        const seen: number[] = [];
        let cursor: string | null = null;
        do {
          const { body }: { body: TaskPage } = await ask<TaskPage>("GET", `/tasks?limit=4&sort=${sort}${cursor === null ? "" : `&cursor=${cursor}`}`);
          seen.push(...body.tasks.map(({ id }) => id));
          cursor = body.next_cursor;
          // Of what was shown, one goes; nobody's place on the next page moves.
          if (seen.length === 4) await ask("DELETE", `/tasks/${seen[0]}`);
        } while (cursor !== null);
        const [gone, ...rest] = seen;
        assert.equal(new Set(seen).size, seen.length, sort);
        assert.deepEqual(rest.sort((a, b) => a - b), (await api.tasks()).map(({ id }) => id), sort);
        assert.equal((await api.tasks()).some(({ id }) => id === gone), false);
      }
      assert.deepEqual(await refused("GET", `/tasks?sort=due&cursor=${(await ask<TaskPage>("GET", "/tasks?limit=1")).body.next_cursor}`), [400, "invalid_field", "cursor"]);
    });

    test("the OpenAPI document is valid and describes each route and refusal", async () => {
      const { body } = await ask<{ paths: Record<string, Record<string, { responses: Record<string, unknown> }>> }>("GET", "/openapi.json");
      const result = await new Validator().validate(structuredClone(body));
      assert.deepEqual(result.errors ?? [], []);
      assert.equal(result.valid, true);
      const routes = Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
      assert.deepEqual(routes.sort(), ["DELETE /tasks/{id}", "GET /health", "GET /tasks", "GET /tasks/{id}", "PATCH /tasks/{id}", "POST /tasks", "POST /tasks/{id}/complete"]);
      assert.deepEqual(Object.keys(body.paths["/tasks"]!["post"]!.responses), ["200", "201", "400", "409", "410", "413", "415", "422", "503"]);
    });

    test("any sequence of requests is answered as the list in memory answers it", async () => {
      await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
        await api.reset();
        const model = new TaskModel(TODAY);
        for (const one of operations) assert.deepEqual(await onService(one), onModel(model, one), JSON.stringify(one));
        assert.deepEqual((await api.tasks()).map(short), model.tasks);
      }), { numRuns: 40 });

      async function onService(one: Operation): Promise<Answer> {
        if (one.kind === "list") return { status: 200, body: await everyPage(one.query) };
        const { status, body, error } = one.kind === "create" ? await ask("POST", "/tasks", one.wish, one.key === undefined ? {} : { "idempotency-key": one.key })
          : one.kind === "update" ? await ask("PATCH", `/tasks/${one.id}`, one.change)
          : one.kind === "complete" ? await ask("POST", `/tasks/${one.id}/complete`) : await ask("DELETE", `/tasks/${one.id}`);
        return { status, body: error ? error.code : short(body) };
      }

      async function everyPage({ limit, ...query }: ListOperation["query"]): Promise<number[]> {
        const ids: number[] = [];
        for (let cursor: string | null = ""; cursor !== null;) {
          const given = new URLSearchParams({ limit: String(limit) });
          for (const [name, value] of Object.entries({ ...query, ...(cursor === "" ? {} : { cursor }) })) if (value !== undefined) given.set(name, value);
          const { body }: { body: TaskPage } = await ask<TaskPage>("GET", `/tasks?${given.toString()}`);
          ids.push(...body.tasks.map(({ id }) => id));
          if (body.next_cursor === null) assert.equal(body.total, ids.length);
          cursor = body.next_cursor;
        }
        return ids;
      }
    });

    test("no bytes of a request make the service fail", async () => {
      const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.constantFrom("\0", "\ud800", "%", "'; DROP TABLE tasks; --", "9".repeat(30), "null"));
      const value = fc.oneof(text, fc.jsonValue(), fc.double(), fc.constantFrom("2026-12-01", "10000-01-01", "-infinity", "high"));
      const body = fc.oneof(text, value.map((any) => JSON.stringify(any)), fc.dictionary(fc.oneof(fc.constantFrom("title", "due_date", "priority", "status", "__proto__", "constructor"), text), value).map((any) => JSON.stringify(any)));
      const query = fc.dictionary(fc.oneof(fc.constantFrom("search", "title", "limit", "sort", "cursor", "due_after", "status"), text), fc.oneof(text, fc.constantFrom(...SORTS),
        fc.tuple(fc.constantFrom(...SORTS), fc.oneof(fc.integer(), text, fc.constantFrom("infinity", "2026-01-01", "0001-01-01")), fc.integer()).map((cursor) => Buffer.from(JSON.stringify(cursor)).toString("base64url"))));
      await fc.assert(fc.asyncProperty(fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT"), fc.oneof(fc.constantFrom("/tasks", "/tasks/1", "/tasks/1/complete"), text.map((any) => `/tasks/${encodeURIComponent(any.toWellFormed())}`)), query, body, async (method, path, parameters, given) => {
        const search = new URLSearchParams(Object.entries(parameters).map(([key, any]) => [key.toWellFormed(), any.toWellFormed()])).toString();
        const response = await fetch(`${api.url}${path}${search ? `?${search}` : ""}`, { method, ...(method === "GET" ? {} : { body: given.toWellFormed(), headers: { "content-type": "application/json" } }) });
        const answer = (await response.json()) as Partial<ErrorBody>;
        assert.ok(response.status < 500, `${response.status} ${JSON.stringify(answer)}`);
        if (response.status >= 400) assert.ok(answer.error?.code && answer.error.message, JSON.stringify(answer));
      }), { numRuns: 150 });
    });

    test("the tables are made once, and a newer or edited database is refused", async () => {
      const schema = "task_api_migrations";
      const open = () => openDatabase({ url: server.url, schema });
      if (database.kind === "postgres") {
        const several = await Promise.all([open(), open(), open(), open()]);
        const rows = await several[0].query(`SELECT number FROM ${schema}.migrations ORDER BY number`);
        assert.deepEqual(rows.map(({ number }) => number), [1, 2]);
        await several[0].query(`INSERT INTO ${schema}.migrations (number, name, hash) VALUES (3, '3-later', '')`);
        await assert.rejects(open(), /3 migrations, this version knows 2: update the workbook/);
        await several[0].query(`DELETE FROM ${schema}.migrations WHERE number = 3`);
        await several[0].query(`UPDATE ${schema}.migrations SET hash = 'x' WHERE number = 2`);
        await assert.rejects(open(), /2-idempotency was changed after this database had it/);
        await several[0].query(`DROP SCHEMA ${schema} CASCADE`);
        for (const one of several) await one.close();
      }
      await assert.rejects(openDatabase({ url: server.url, schema: "a; DROP" }), /is no plain name/);
    });

    test("a database that goes away is a clear refusal, and the service is back with it", async (context) => {
      if (!server.restart) {
        context.skip("only a server of our own can be stopped");
        return;
      }
      await ask("POST", "/tasks", { title: "one" });
      const during = Array.from({ length: 20 }, () => ask("GET", "/tasks"));
      server.restart();
      for (const { status, error } of await Promise.all(during)) assert.ok(status === 200 || (status === 503 && error.code === "database_unavailable"), String(status));
      // A connection that the crash broke may answer the first request.
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 10 && statuses.at(-1) !== 200; attempt++) statuses.push((await ask("GET", "/tasks/1")).status);
      assert.equal(statuses.at(-1), 200);
      assert.ok(statuses.every((status) => status === 200 || status === 503), String(statuses));
    });
  });
}

const short = ({ id, title, due_date, priority, status }: Task) => ({ id, title, due_date, priority, status });

const title = fc.oneof(fc.constantFrom("buy milk", "The milk", "milk", "Ärzte anrufen", "“buy milk”", " buy  milk ", "100% cotton_", " "), fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0")));
const day = fc.constantFrom("2026-11-20", "2026-11-21", "2026-12-04", "2027-01-01");
const id = fc.integer({ min: 1, max: 8 });
const key = fc.option(fc.constantFrom("a", "b"), { nil: undefined });
const due = fc.option(day, { nil: null });
const priority = fc.constantFrom(...PRIORITIES);
interface ListOperation {
  kind: "list";
  query: Parameters<TaskModel["list"]>[0] & { limit: number };
}
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("create" as const), wish: fc.record({ title, due_date: due, priority }, { requiredKeys: ["title"] }), key }) },
  fc.record({ kind: fc.constant("update" as const), id, change: fc.record({ title, due_date: due, priority, status: fc.constantFrom(...STATUSES) }, { requiredKeys: ["priority"] }) }),
  fc.record({ kind: fc.constant("complete" as const), id }),
  fc.record({ kind: fc.constant("delete" as const), id }),
  fc.record({ kind: fc.constant("list" as const), query: fc.record({
    search: some(fc.constantFrom("milk", "MILK buy", "%", "_", "ä", " ")), title: some(title), status: some(fc.constantFrom(...STATUSES)), priority: some(priority),
    due_after: some(day), due_before: some(day), sort: fc.constantFrom(...SORTS), limit: fc.integer({ min: 1, max: 4 }) }) }) as fc.Arbitrary<ListOperation>,
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function onModel(model: TaskModel, one: Operation): Answer {
  switch (one.kind) {
    case "create": return model.create(one.wish, one.key);
    case "update": return model.update(one.id, one.change);
    case "complete": return model.complete(one.id);
    case "delete": return model.delete(one.id);
    case "list": return { status: 200, body: model.list(one.query) };
  }
}
