import { Option, type Command } from "commander";
import { checkoutVersion, listVersions, publishVersion, resolveVersion, verifyAll, verifyVersion, isReference, type Bump, type Publication, type VersionRecord } from "../data/versions/index.js";
import { EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { count, counted, Reporter, textTable } from "./output.js";

interface Common {
  store?: string;
  json?: boolean;
}

interface PublishCommandOptions extends Common {
  name: string;
  bump?: Bump;
  as?: string;
  message?: string;
  labels?: string[];
  withRejected?: boolean;
  dryRun?: boolean;
}

/** Adds `llmops data version publish|list|show|checkout|verify`. */
export function registerDataVersion(data: Command): void {
  const version = data.command("version").description("publish datasets as versions that never change, and get them back: ds://task-api@1.2.0").addHelpText("after", EXIT_HELP);
  const add = (name: string, description: string): Command => version.command(name).description(description)
    .option("--store <dir>", "where versions are kept (default: LLMOPS_VERSIONS, or the nearest datasets/.versions)")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP);

  add("publish", "publish a folder or a file of rows as a new version")
    .argument("<path>", "a dataset's folder, or a file of rows")
    .requiredOption("--name <name>", "its name: task-api, or support/task-api")
    .addOption(new Option("--bump <part>", "which part of the version is raised (default: what the difference to the latest one asks for)").choices(["major", "minor", "patch"]))
    .option("--as <version>", "the version itself, e.g. 2.0.0-rc.1")
    .option("-m, --message <text>", "why there is this version")
    .option("--labels <fields>", "the fields that are labels (default: fields with few short values)", (text: string) => text.split(",").map((name) => name.trim()))
    .option("--with-rejected", "take in rejected.jsonl, which holds rows as they were read, personal data included")
    .option("--dry-run", "only say what would be published")
    .action((path: string, options: PublishCommandOptions) => publish(path, options));
  add("list", "list versions").argument("[name]", "of this dataset (default: of all)").action((name: string | undefined, options: Common) => list(name, options));
  add("show", "show what a version holds, where it came from and why it has its number")
    .argument("<reference>", "ds://task-api@1.2.0, @^1.2, @latest, @sha256:1f0c…").action((reference: string, options: Common) => show(reference, options));
  add("checkout", "copy the files of a version into a new folder, checked against their hashes")
    .argument("<reference>", "ds://task-api@^1.2").requiredOption("--out <dir>", "the folder to make")
    .action((reference: string, options: Common & { out: string }) => checkout(reference, options));
  add("verify", "check versions against what was published; exit with 1 and name the file where something changed")
    .argument("[reference]", "a version, or a dataset's name (default: all)").action((reference: string | undefined, options: Common) => verify(reference, options));
}

const storeOf = ({ store }: Common): { store?: string } => (store === undefined ? {} : { store });

async function publish(path: string, options: PublishCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  const publication = await interruptible((signal) => publishVersion(path, {
    name: options.name, signal, ...storeOf(options),
    ...(options.bump ? { bump: options.bump } : {}), ...(options.as === undefined ? {} : { version: options.as }),
    ...(options.message === undefined ? {} : { message: options.message }), ...(options.labels ? { labels: options.labels } : {}),
    ...(options.withRejected ? { withRejected: true } : {}), ...(options.dryRun ? { dryRun: true } : {}),
  }));
  for (const note of publication.notes) reporter.note(`Note: ${note}`);
  await reporter.result({ ok: true, ...publication }, () => humanPublication(publication));
  process.exitCode = EXIT.ok;
}

function humanPublication({ reference, record, store, published, proposal }: Publication): string {
  const why = record.parent === null ? "the first version"
    : proposal.bump ? `after ${record.parent.version}, a ${proposal.bump} difference: ${proposal.reasons.join("; ")}` : `after ${record.parent.version}`;
  return [
    `${published ? "Published" : "Would publish"} ${reference}, ${why}.`,
    `${counted(record.rows, "row")} (${record.splits.map(({ name, rows }) => `${name} ${count(rows)}`).join(", ")}), sha256:${record.content}`,
    published ? `In ${store}` : "Nothing was written.",
  ].join("\n");
}

async function list(name: string | undefined, options: Common): Promise<void> {
  const reporter = new Reporter(options);
  const records = listVersions(name, storeOf(options));
  await reporter.result({ ok: true, versions: records }, () => records.length === 0 ? "No versions." : textTable(
    ["version", "published", "rows", "content", "message"],
    records.map((record) => [`ds://${record.name}@${record.version}`, record.publishedAt.slice(0, 16).replace("T", " "), record.rows, record.content.slice(0, 12), record.message]),
  ));
  process.exitCode = EXIT.ok;
}

async function show(reference: string, options: Common): Promise<void> {
  const reporter = new Reporter(options);
  const record = resolveVersion(reference, storeOf(options));
  await reporter.result({ ok: true, ...record }, () => humanRecord(record));
  process.exitCode = EXIT.ok;
}

function humanRecord(record: VersionRecord): string {
  const { build } = record;
  const setting = (name: string): string => JSON.stringify(build?.settings[name] ?? null);
  return [
    `ds://${record.name}@${record.version}  ${record.publishedAt}${record.message ? `  ${record.message}` : ""}`,
    `content sha256:${record.content}`,
    record.parent ? `after ${record.parent.version}${record.change ? `: a ${record.change.proposed} difference, ${record.change.reasons.join("; ")}` : ""}` : "the first version",
    "",
    textTable(["split", "rows", "files"], record.splits.map(({ name, rows, files }) => [name, rows, files.join(", ")])),
    "",
    textTable(["field", "types", "rows"], record.fields.map(({ field, types, rows }) => [field, types.join(" or "), rows])),
    "",
    ...(build ? [
      `Built by llmops ${build.library}, seed ${build.seed}; personal data: ${setting("pii")}; filter: ${setting("filter")}; teacher: ${setting("documents")}`,
      textTable(["source", "bytes", "sha256"], build.sources.map(({ name, bytes, sha256 }) => [name, bytes, sha256.slice(0, 12)])),
    ] : ["Not built by this library: its sources are not known."]),
    "",
    textTable(["file", "bytes", "sha256"], record.files.map(({ name, bytes, sha256 }) => [name, bytes, sha256.slice(0, 12)])),
  ].join("\n");
}

async function checkout(reference: string, options: Common & { out: string }): Promise<void> {
  const reporter = new Reporter(options);
  const record = await interruptible((signal) => checkoutVersion(reference, options.out, { signal, ...storeOf(options) }));
  await reporter.result({ ok: true, out: options.out, ...record }, () => `${options.out}: ds://${record.name}@${record.version}, ${counted(record.rows, "row")}, ${counted(record.files.length, "file")}, each as it was published`);
  process.exitCode = EXIT.ok;
}

async function verify(reference: string | undefined, options: Common): Promise<void> {
  const reporter = new Reporter(options);
  const results = await interruptible(async (signal) => {
    const where = { signal, ...storeOf(options) };
    return reference !== undefined && isReference(reference) ? [await verifyVersion(reference, where)] : verifyAll(reference, where);
  });
  const ok = results.every((result) => result.ok);
  await reporter.result({ ok, versions: results }, () => results.length === 0 ? "No versions." : results.flatMap(({ reference: name, ok: whole, files, faults }) => [
    `${name}: ${whole ? `${counted(files, "file")}, each as it was published` : "DAMAGED"}`,
    ...faults.map(({ file, fault, path }) => `  ${file} ${fault} (${path})`),
  ]).join("\n"));
  process.exitCode = ok ? EXIT.ok : EXIT.rejected;
}
