/** The Task API as a list in memory: what the service is compared with. Written from its description, not from its SQL. */
import { PRIORITIES, titleKey, titleWords, type Sort } from "llmops/agent";

export interface ModelTask {
  id: number;
  title: string;
  due_date: string | null;
  priority: "low" | "medium" | "high";
  status: "open" | "done";
}

export interface Answer {
  status: number;
  /** The task, the ids of a list, or the code of the error. */
  body: unknown;
}

export class TaskModel {
  tasks: ModelTask[] = [];
  #last = 0;
  readonly #keys = new Map<string, { request: string; id: number }>();

  readonly #today: string;

  constructor(today: string) {
    this.#today = today;
  }

  create(wish: { title: string; due_date?: string | null; priority?: ModelTask["priority"] }, key?: string): Answer {
    const title = wish.title.replace(/\s+/gu, " ").trim();
    if (title === "") return { status: 400, body: "invalid_field" };
    if (wish.due_date && wish.due_date < this.#today) return { status: 422, body: "past_date" };
    const task: ModelTask = { id: 0, title, due_date: wish.due_date ?? null, priority: wish.priority ?? "medium", status: "open" };
    const request = JSON.stringify(task);
    const before = key === undefined ? undefined : this.#keys.get(key);
    if (before) {
      if (before.request !== request) return { status: 409, body: "idempotency_conflict" };
      const found = this.tasks.find(({ id }) => id === before.id);
      return found ? { status: 200, body: { ...found } } : { status: 410, body: "gone" };
    }
    task.id = ++this.#last;
    this.tasks.push(task);
    if (key !== undefined) this.#keys.set(key, { request, id: task.id });
    return { status: 201, body: { ...task } };
  }

  on(id: number, work: (task: ModelTask) => Answer | undefined): Answer {
    const task = this.tasks.find((one) => one.id === id);
    if (!task) return { status: 404, body: "not_found" };
    return work(task) ?? { status: 200, body: { ...task } };
  }

  update(id: number, change: Partial<Omit<ModelTask, "id">>): Answer {
    if (change.title?.trim() === "") return { status: 400, body: "invalid_field" };
    if (change.due_date && change.due_date < this.#today) return { status: 422, body: "past_date" };
    return this.on(id, (task) => void Object.assign(task, change, change.title === undefined ? {} : { title: change.title.replace(/\s+/gu, " ").trim() }));
  }

  complete(id: number): Answer {
    return this.on(id, (task) => {
      if (task.status === "done") return { status: 409, body: "already_done" };
      task.status = "done";
      return undefined;
    });
  }

  delete(id: number): Answer {
    return this.on(id, (task) => {
      this.tasks = this.tasks.filter((one) => one !== task);
      return undefined;
    });
  }

  /** Ids in order, on all pages. */
  list(query: { search?: string; title?: string; status?: string; priority?: string; due_after?: string; due_before?: string; sort?: Sort }): number[] {
    const { search = "", sort = "created" } = query;
    const words = titleWords(search).split(" ").filter(Boolean);
    const found = this.tasks.filter(({ title, status, priority, due_date }) =>
      words.every((word) => titleWords(title).includes(word)) && (query.title === undefined || titleKey(title) === titleKey(query.title))
      && (!query.status || status === query.status) && (!query.priority || priority === query.priority)
      && (!query.due_after || (due_date !== null && due_date >= query.due_after)) && (!query.due_before || (due_date !== null && due_date <= query.due_before)));
    const [by, turn] = sort.startsWith("-") ? [sort.slice(1), -1] : [sort, 1];
    return found.sort((a, b) => {
      if (by === "due" && (a.due_date === null) !== (b.due_date === null)) return a.due_date === null ? 1 : -1;
      const order = by === "due" ? (a.due_date ?? "").localeCompare(b.due_date ?? "") : by === "priority" ? PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority)
        : by === "title" ? Buffer.compare(Buffer.from(titleKey(a.title)), Buffer.from(titleKey(b.title))) : a.id - b.id;
      return order * turn || a.id - b.id;
    }).map(({ id }) => id);
  }
}
