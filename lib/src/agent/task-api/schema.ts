/** The Task API's shapes: they check requests, make its OpenAPI document, and type the code. */
import { z } from "zod";

export const PRIORITIES = ["low", "medium", "high"] as const;
export const STATUSES = ["open", "done"] as const;

/** Limits of what the service takes. */
export const LIMITS = {
  /** Characters of a title. */
  title: 200,
  /** Bytes of a request's body: far more than the longest title needs. */
  body: 16_384,
  /** Tasks of a page. */
  page: 100,
  /** The largest id that Postgres's integer holds. */
  id: 2_147_483_647,
} as const;

/** A calendar day, YYYY-MM-DD, of this or the next centuries: Postgres has no year 0, and a year 0026 is a slip. */
export const Day = z.iso.date({ error: "must be a day of the calendar, written YYYY-MM-DD" })
  .refine((day) => day >= "1900-01-01", { error: "must be 1900-01-01 or later" });

/** For zod: what is wrong with a value that should be text. */
export const textError = { error: ({ input }: { input?: unknown }): string => (input === undefined ? "is missing" : "must be text") };

const Title = z.string(textError)
  .transform((text) => text.replace(/\s+/gu, " ").trim())
  .pipe(z.string().min(1, { error: "must hold at least one character that is no space" }).max(LIMITS.title, { error: `must have at most ${LIMITS.title} characters` })
    // Postgres keeps neither in its texts.
    .refine((text) => !text.includes("\0") && text.isWellFormed(), { error: "must not hold a NUL character or half of a surrogate pair" }));

export const Priority = z.enum(PRIORITIES, { error: "must be low, medium or high" });
export const Status = z.enum(STATUSES, { error: "must be open or done" });

/** A task as the service answers it. Times are ISO 8601 in UTC. */
export const Task = z.object({
  id: z.int().min(1),
  title: z.string(),
  due_date: z.iso.date().nullable(),
  priority: Priority,
  status: Status,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
});
export type Task = z.output<typeof Task>;

/** Body of `POST /tasks`. */
export const CreateTask = z.strictObject({ title: Title, due_date: Day.nullable().default(null), priority: Priority.default("medium") });
export type CreateTask = z.output<typeof CreateTask>;

/** Body of `PATCH /tasks/:id`: what is left out stays; `due_date: null` takes the date away. */
export const UpdateTask = z.strictObject({ title: Title.optional(), due_date: Day.nullable().optional(), priority: Priority.optional(), status: Status.optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), { error: "must name at least one of title, due_date, priority, status" });
export type UpdateTask = z.output<typeof UpdateTask>;

/** A task to begin with: what a seed is written as. Unlike a request it may be overdue, or done. */
export const NewTask = z.strictObject({ title: Title, due_date: Day.nullable().default(null), priority: Priority.default("medium"), status: Status.default("open") });
export type NewTask = z.input<typeof NewTask>;

/** Orders of a list; `-` turns one round. Tasks without a due date come last in both directions, equals by id. */
export const SORTS = ["created", "-created", "due", "-due", "priority", "-priority", "title", "-title"] as const;
export type Sort = (typeof SORTS)[number];

const Words = z.string({ error: "is given more than once" }).max(LIMITS.title, { error: `must have at most ${LIMITS.title} characters` })
  .refine((text) => !text.includes("\0") && text.isWellFormed(), { error: "must not hold a NUL character or half of a surrogate pair" });

/** Query of `GET /tasks`. */
export const ListQuery = z.strictObject({
  search: Words.optional().describe("Words that the title holds, in any order, without case"),
  title: Words.optional().describe("The whole title, without case, a leading article and quotation marks"),
  status: Status.optional(),
  priority: Priority.optional(),
  due_after: Day.optional().describe("Due on this day or later"),
  due_before: Day.optional().describe("Due on this day or earlier"),
  sort: z.enum(SORTS, { error: `must be one of ${SORTS.join(", ")}` }).default("created"),
  limit: z.string({ error: "is given more than once" }).regex(/^\d{1,9}$/, { error: `must be a whole number from 1 to ${LIMITS.page}` }).transform(Number)
    .pipe(z.int().min(1, { error: `must be a whole number from 1 to ${LIMITS.page}` }).max(LIMITS.page, { error: `must be a whole number from 1 to ${LIMITS.page}` }))
    .default(50).describe(`Tasks of a page, 1 to ${LIMITS.page}`),
  cursor: z.string({ error: "is given more than once" }).max(2_000, { error: "is none that this service gave" }).optional().describe("next_cursor of the page before, with the same filters and sort"),
});
export type ListQuery = z.output<typeof ListQuery>;

/** Answer of `GET /tasks`. */
export const TaskPage = z.object({
  tasks: z.array(Task),
  total: z.int().min(0).describe("Tasks that the filters leave, on all pages"),
  next_cursor: z.string().nullable().describe("Of the next page; null on the last"),
});
export type TaskPage = z.output<typeof TaskPage>;

/** Every answer that is no success. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string().describe("Stable, for programs"),
    message: z.string().describe("One sentence for people"),
    field: z.string().optional().describe("The field that is wrong"),
    remedy: z.string().optional().describe("What to do"),
  }),
});
export type ErrorBody = z.output<typeof ErrorBody>;

export const Health = z.object({ status: z.literal("ok"), today: z.iso.date().describe("The day that the service counts from"), database: z.string() });
export type Health = z.output<typeof Health>;
