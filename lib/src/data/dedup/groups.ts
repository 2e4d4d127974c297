/** Rows united into groups: a disjoint-set forest whose roots are the smallest rows of their groups. 4 bytes a row. */
export class Groups {
  readonly #parents: Uint32Array;

  constructor(count: number) {
    this.#parents = new Uint32Array(count);
    for (let row = 0; row < count; row++) this.#parents[row] = row;
  }

  get count(): number {
    return this.#parents.length;
  }

  /** The smallest row of the row's group. */
  find(row: number): number {
    let root = row;
    while (this.#parents[root] !== root) root = this.#parents[root] as number;
    let next = row;
    while (next !== root) {
      const parent = this.#parents[next] as number;
      this.#parents[next] = root;
      next = parent;
    }
    return root;
  }

  unite(first: number, second: number): void {
    const a = this.find(first);
    const b = this.find(second);
    if (a < b) this.#parents[b] = a;
    else this.#parents[a] = b;
  }

  /**
   * The groups of two rows and more, in the order of their first rows; the members of each in row order.
   */
  *several(): Generator<Uint32Array> {
    const starts = new Uint32Array(this.count + 1);
    for (let row = 0; row < this.count; row++) starts[this.find(row) + 1] = (starts[this.find(row) + 1] as number) + 1;
    for (let row = 0; row < this.count; row++) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
    const members = new Uint32Array(this.count);
    const filled = starts.slice(0, this.count);
    for (let row = 0; row < this.count; row++) {
      const root = this.find(row);
      const at = filled[root] as number;
      members[at] = row;
      filled[root] = at + 1;
    }
    for (let root = 0; root < this.count; root++) {
      const start = starts[root] as number;
      const end = starts[root + 1] as number;
      if (end - start > 1) yield members.subarray(start, end);
    }
  }
}

/** Rows that may resemble each other: rows with the same key are to be compared. */
export interface Partition {
  keys: Uint32Array;
  rows: Uint32Array;
}

const NONE = 0xffffffff;

/**
 * Unites the rows of a partition that share a key and pass the test. Pairs that are already in one group are not
 * tested again, so a thousand copies of one row cost a thousand tests and not half a million; the groups are
 * the same as if every pair had been tested.
 *
 * Memory: 16 to 20 bytes an entry, the entry included.
 *
 * @param partition - the entries; a row may stand in it more than once, under different keys
 * @param similar - whether two rows belong together
 * @param groups - changed in place
 */
export function uniteMatches(
  { keys, rows }: Partition,
  similar: (first: number, second: number) => boolean,
  groups: Groups,
): void {
  const entries = keys.length;
  if (entries === 0) return;
  const slots = 2 ** Math.max(4, Math.ceil(Math.log2(entries / 2)));
  // Each slot chains the heads of its clusters; each head chains the other members of its cluster.
  const table = new Uint32Array(slots).fill(NONE);
  const nextHead = new Uint32Array(entries);
  const nextMember = new Uint32Array(entries);

  for (let entry = 0; entry < entries; entry++) {
    const key = keys[entry] as number;
    const row = rows[entry] as number;
    const slot = key & (slots - 1);
    let home = NONE;
    for (let head = table[slot] as number; head !== NONE; head = nextHead[head] as number) {
      if (keys[head] !== key) continue;
      if (groups.find(rows[head] as number) === groups.find(row)) {
        home = head;
        continue;
      }
      for (let member = head; member !== NONE; member = nextMember[member] as number) {
        if (!similar(rows[member] as number, row)) continue;
        groups.unite(rows[member] as number, row);
        home = head;
        break;
      }
    }
    if (home === NONE) {
      nextMember[entry] = NONE;
      nextHead[entry] = table[slot] as number;
      table[slot] = entry;
    } else {
      nextMember[entry] = nextMember[home] as number;
      nextMember[home] = entry;
    }
  }
}
