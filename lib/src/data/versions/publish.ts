import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { FileError } from "../jsonl/file-error.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import { stampCard } from "../report/card.js";
import { FIRST_VERSION, nextVersion, type BumpProposal } from "./bump.js";
import { openDataset, openRecord, REJECTED_FILE, type OpenedDataset } from "./dataset.js";
import { diffOpened, type DiffOptions } from "./diff.js";
import { VersionError } from "./error.js";
import { checkName, checkVersion, isReference, referenceOf } from "./reference.js";
import { recordDigest, type Bump, type VersionRecord } from "./record.js";
import { scanDataset, type ScannedDataset } from "./scan.js";
import { semver } from "./semver.js";
import { copyHashed, findVersionStore, VersionStore, type StagedFile } from "./store.js";

export interface PublishOptions extends Pick<DiffOptions, "id" | "labels" | "similarity" | "signal"> {
  /** `task-api` or `support/task-api`. */
  name: string;
  /** Which part of the latest version's number is raised. Default: what the difference asks for, see `proposeBump`. */
  bump?: Bump;
  /** The version itself, instead of a bump. */
  version?: string;
  /** Why there is this version; a sentence for those who will read the list. */
  message?: string;
  /** The folder of the store. Default: `findVersionStore()`. */
  store?: string;
  /** Take in `rejected.jsonl` too. It holds rows as they were read, personal data included. Default false. */
  withRejected?: boolean;
  /** Only say what would be published. Default false. */
  dryRun?: boolean;
}

export interface Publication {
  record: VersionRecord;
  /** `ds://task-api@1.2.0` */
  reference: string;
  store: string;
  published: boolean;
  proposal: BumpProposal;
  /** What the user should know: a bump smaller than the difference asks for, files left out, rows that leaked. */
  notes: string[];
}

/**
 * Publishes a folder (or one file) as a version that never changes again. Every file goes into the store under the hash
 * of its bytes; the version appears in one step at the end, so a publisher that is killed leaves the store as it was.
 * A card (`README.md`) gets the version and the hash of the content, in the store and in the folder.
 *
 * @returns the version, and why it has its number
 * @throws VersionError `same-content` when the same rows are published under this name already, `exists` when the
 *   version is, `bad-reference` for a name or version that is none; FileError when a row cannot be read
 */
export async function publishVersion(folder: string, options: PublishOptions): Promise<Publication> {
  const { signal, message = "" } = options;
  const name = checkName(options.name);
  if (options.version !== undefined) checkVersion(options.version);
  if (isReference(folder)) throw new VersionError("not-publishable", `${folder} is published already; check it out, change the copy, and publish that`);
  const store = new VersionStore(options.store ?? findVersionStore());
  const opened = await openDataset(folder);
  const notes: string[] = [];
  const staging = store.stage();
  try {
    const taken = opened.files.filter(({ name: file }) => options.withRejected || !REJECTED_FILE.test(file));
    if (taken.length < opened.files.length) notes.push("rejected.jsonl is left out: it holds rows as they were read, personal data included (--with-rejected takes it in)");
    const staged: StagedFile[] = [];
    for (const [number, file] of taken.entries()) {
      const path = join(staging, `${number}${/(?:\.[a-z0-9]{1,8}){1,2}$/i.exec(file.name)?.[0] ?? ""}`);
      staged.push({ name: file.name, path, ...(await copyHashed(file.path, path, signal)) });
    }
    // From here on the copies are read, so that what is hashed is what is published.
    const copy = stagedDataset(opened, staged);
    const scan = await scanDataset(copy, { ...(options.id === undefined ? {} : { id: options.id }), ...(signal ? { signal } : {}) });
    if (scan.count === 0) throw new FileError("unsupported", folder, "holds no rows", "there is nothing to publish");

    for (;;) {
      const base = baseOf(store, name, options.version);
      refuseSame(store, name, scan.content);
      const { proposal, leaked } = await proposalFor(store, base, copy, options);
      const version = options.version ?? (base ? nextVersion(base.version, options.bump ?? proposal.bump ?? "patch") : FIRST_VERSION);
      const record = recordOf(name, version, message, scan, staged, opened, base, proposal);
      const publication: Publication = { record, reference: referenceOf(name, version), store: store.folder, published: !options.dryRun, proposal, notes: [...notes, ...warnings(record, base, proposal, leaked)] };
      if (options.dryRun) return publication;
      const done = await store.locked(name, async () => {
        refuseSame(store, name, record.content);
        if (store.versions(name).includes(version) && options.version !== undefined) throw new VersionError("exists", `${referenceOf(name, version)} is published already, and a version is never replaced; publish it as another`);
        // Another process has published meanwhile: compare with its version instead.
        if (baseOf(store, name, options.version)?.version !== base?.version) return false;
        stampStaged(staged, record);
        await store.keep(staged, signal);
        await store.add({ ...record, files: filesOf(staged), digest: recordDigest({ ...record, files: filesOf(staged) }) });
        return true;
      }, signal);
      if (!done) continue;
      publication.record = store.read(name, version);
      if (opened.kind === "folder") await stampFolder(folder, publication);
      return publication;
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What the new version is compared with: the highest version below it. */
function baseOf(store: VersionStore, name: string, wanted: string | undefined): VersionRecord | undefined {
  const [highest] = store.versions(name).filter((version) => wanted === undefined || semver().gt(wanted, version)).sort(semver().rcompare);
  return highest === undefined ? undefined : store.read(name, highest);
}

function refuseSame(store: VersionStore, name: string, content: string): void {
  const same = store.versions(name).find((version) => store.read(name, version).content === content);
  if (same !== undefined) throw new VersionError("same-content", `these rows are published already, as ${referenceOf(name, same)} (sha256:${content.slice(0, 12)}): use that version`);
}

async function proposalFor(store: VersionStore, base: VersionRecord | undefined, copy: OpenedDataset, options: PublishOptions): Promise<{ proposal: BumpProposal; leaked: number }> {
  if (!base) return { proposal: { bump: undefined, reasons: [] }, leaked: 0 };
  await store.assertWhole(base, options.signal);
  const { id, labels, similarity, signal } = options;
  const { bump: proposal, rows } = await diffOpened(openRecord(store, base), copy, {
    encoding: false, limit: 0, ...(id === undefined ? {} : { id }), ...(labels ? { labels } : {}), ...(similarity === undefined ? {} : { similarity }), ...(signal ? { signal } : {}),
  });
  return { proposal, leaked: rows.leaked };
}

const ORDER: Record<Bump, number> = { patch: 0, minor: 1, major: 2 };

function warnings(record: VersionRecord, base: VersionRecord | undefined, { bump, reasons }: BumpProposal, leaked: number): string[] {
  const notes: string[] = [];
  if (base && bump) {
    const raised: Bump = !record.version.startsWith(`${base.version.split(".")[0]}.`) ? "major"
      : record.version.split(".")[1] !== base.version.split(".")[1] ? "minor" : "patch";
    if (ORDER[raised] < ORDER[bump]) notes.push(`${record.version} is a ${raised} step from ${base.version}, and the difference asks for a ${bump} one (${reasons[0]}): a range such as ^${base.version} will take it in unawares`);
  }
  if (leaked > 0) notes.push(`${leaked} rows that ${base?.version} tests with stand in a training split now: do not measure a model trained on this with the test rows of ${base?.version}`);
  if ((record.build?.changedSince.length ?? 0) > 0) notes.push(`changed since they were built: ${record.build?.changedSince.join(", ")}`);
  return notes;
}

function stagedDataset(opened: OpenedDataset, staged: readonly StagedFile[]): OpenedDataset {
  const named = new Map(staged.map((file) => [file.name, file]));
  return {
    ...opened,
    splits: opened.splits.map(({ name, files }) => ({ name, files: files.flatMap((file) => named.get(file.name) ?? []) })),
    files: [...staged],
  };
}

const filesOf = (staged: readonly StagedFile[]): VersionRecord["files"] => staged.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));

function recordOf(
  name: string, version: string, message: string, scan: ScannedDataset, staged: readonly StagedFile[],
  { splits, manifest }: OpenedDataset, base: VersionRecord | undefined, proposal: BumpProposal,
): VersionRecord {
  const record = {
    kind: "llmops-dataset-version" as const, schema: 1 as const, name, version, message,
    publishedAt: new Date().toISOString(),
    content: scan.content, rows: scan.count, format: scan.format,
    splits: splits.map((split) => ({
      name: split.name, rows: scan.splitContents[split.name]?.rows ?? 0, content: scan.splitContents[split.name]?.content ?? "",
      files: split.files.map((file) => file.name),
    })),
    files: filesOf(staged),
    fields: scan.fields.fields().filter(({ path }) => !/[.[]/.test(path)).map(({ path, types, count }) => ({ field: path, types: Object.keys(types), rows: count })),
    parent: base ? { version: base.version, content: base.content } : null,
    change: base && proposal.bump ? { proposed: proposal.bump, reasons: proposal.reasons } : null,
    build: manifest ? {
      library: manifest.library, seed: manifest.seed, settings: manifest.settings, sources: manifest.sources,
      changedSince: staged.filter((file) => manifest.files.some((built) => built.name === file.name && built.sha256 !== file.sha256)).map((file) => file.name),
    } : null,
  };
  return { ...record, digest: recordDigest(record) };
}

const CARD = "README.md";

function stampStaged(staged: StagedFile[], record: VersionRecord): void {
  const card = staged.find((file) => file.name === CARD);
  if (!card) return;
  const text = stampCard(readFileSync(card.path, "utf8"), stampOf(record));
  writeFileSync(card.path, text);
  card.bytes = statSync(card.path).size;
  card.sha256 = createHash("sha256").update(text).digest("hex");
}

function stampOf({ name, version, content, publishedAt }: VersionRecord): Parameters<typeof stampCard>[1] {
  return { reference: referenceOf(name, version), content, publishedAt };
}

/** The version stands already: a card that cannot be written is worth a remark, not a failure. */
async function stampFolder(folder: string, { record, notes }: Publication): Promise<void> {
  if (!record.files.some((file) => file.name === CARD)) return;
  const path = join(folder, CARD);
  try {
    await writeFileAtomic(path, stampCard(readFileSync(path, "utf8"), stampOf(record)));
  } catch (error) {
    notes.push(`the card in the folder could not be stamped: ${error instanceof Error ? error.message : String(error)}`);
  }
}
