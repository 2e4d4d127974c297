/**
 * Cuts the program of one exercise out of a student's notebook: its `check(exercise, answer)` and, transitively, the
 * top-level statements that the answer needs.
 *
 * Why not run the notebook from top to bottom, as the kernel does? A lesson may train for minutes, ask a teacher that costs
 * money, or stop at a cell that has nothing to do with the exercise; and one loop without end, in whatever cell, would take
 * every point. So an answer counts when it is right by itself, whatever stands around it:
 *
 * - A cell that cannot be parsed is left out, as the kernel would refuse it. (Types are not checked: the answer is judged by
 *   what it does.)
 * - A name means what the last cell up to the check declares, as in a kernel that ran the cells in order; where only a later
 *   cell declares it (cells were moved), that one; where none does (an import cell was deleted), the course's notebook.
 * - Of other statements, those that assign to a needed name or call a method of it as a statement of their own
 *   (`choices = {…}`, `rows.push(…)`) come along from the cells of that name and of the check, and those that change what the
 *   language brings (`Array.prototype.last = …`) from anywhere.
 * - Several checks of one exercise, in copied cells, are several candidates. So is a declaration of the answer whose check was
 *   deleted. The grader takes the best: a copy that is kept as a backup must not cost what the other earns.
 */
import ts from "typescript";
import { compile, type Part } from "./compile.ts";
import { bindingsOf, changesOf, declaredBy, isBuiltIn, isDeclaration, isReference, isValue, withoutMagic } from "./statements.ts";

export interface SourceCell {
  /** As the instructor counts them in the notebook, from 1. */
  number: number;
  source: string;
}

/** What there is of one exercise in a notebook. */
export interface Candidate {
  /** The cell with the check, or with the answer where the check is missing. */
  cell: number;
  hasCheck: boolean;
  /** JavaScript: the body of an async function of `__load`, `__meta` and `require` that returns `() => answer`. */
  program: string;
  /** Modules that it loads. */
  imports: string[];
  /** Names that the notebook uses and no longer declares: they came from the course's. */
  borrowed: string[];
}

type Sliced = Pick<Candidate, "program" | "imports" | "borrowed">;

export interface Unusable {
  cell: number;
  why: string;
}

/** A top-level statement, or one name of an import declaration. */
interface Unit extends Part {
  cell: Cell;
  order: number;
  declares: string[];
  /** Free names: what stands for a top-level declaration or a global. */
  needs: Set<string>;
  /** Free names that it assigns to, without declaring anything. */
  assigns: Set<string>;
  /** Free names of which it calls a method as a statement. */
  calls: Set<string>;
}

interface Cell {
  number: number;
  index: number;
  file: ts.SourceFile;
  units: Unit[];
  /** The first syntax error. */
  broken: string | undefined;
}

const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext, noLib: true, noResolve: true, types: [], moduleDetection: ts.ModuleDetectionKind.Force };

export class SlicedNotebook {
  readonly #cells: Cell[];
  readonly #checker: ts.TypeChecker;
  /** Everything by the name that it declares, in order. */
  readonly #declared = new Map<string, Unit[]>();

  constructor(cells: readonly SourceCell[]) {
    const texts = new Map(cells.map(({ source }, index) => [`/cell${index}.ts`, withoutMagic(source)]));
    const files = new Map([...texts].map(([name, text]) => [name, ts.createSourceFile(name, text, ts.ScriptTarget.ES2024, true)]));
    const program = ts.createProgram([...texts.keys()], OPTIONS, {
      getSourceFile: (name) => files.get(name),
      getDefaultLibFileName: () => "/lib.d.ts",
      writeFile: () => {},
      getCurrentDirectory: () => "/",
      getCanonicalFileName: (name) => name,
      useCaseSensitiveFileNames: () => true,
      getNewLine: () => "\n",
      fileExists: (name) => files.has(name),
      readFile: (name) => texts.get(name),
    });
    this.#checker = program.getTypeChecker();
    this.#cells = cells.map(({ number }, index) => {
      const file = program.getSourceFile(`/cell${index}.ts`)!;
      const [fault] = program.getSyntacticDiagnostics(file);
      const cell: Cell = { number, index, file, units: [], broken: undefined };
      if (fault) {
        const line = file.getLineAndCharacterOfPosition(fault.start).line + 1;
        cell.broken = `line ${line}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`;
      } else cell.units = this.#unitsOf(cell);
      return cell;
    });
    for (const unit of this.#cells.flatMap(({ units }) => units)) {
      for (const name of unit.declares) this.#declared.set(name, [...(this.#declared.get(name) ?? []), unit]);
    }
  }

  /** Cells that were left out, with their first syntax error. */
  get broken(): Unusable[] {
    return this.#cells.flatMap(({ number, broken }) => (broken === undefined ? [] : [{ cell: number, why: broken }]));
  }

  /** A broken cell in which an exercise is named. */
  brokenWith(name: string): Unusable | undefined {
    const cell = this.#cells.find(({ broken, file }) => broken !== undefined && new RegExp(`\\b${name}\\b`).test(file.text));
    return cell && { cell: cell.number, why: cell.broken! };
  }

  /** The name that the answer has in the (course's) notebook: `attention` of `check(attentionExercise, attention)`. */
  answerName(module: string, exercise: string): string | undefined {
    const [check] = this.#checksOf(module, exercise);
    const answer = check?.call.arguments[1];
    return answer && ts.isIdentifier(answer) ? answer.text : undefined;
  }

  /**
   * Every answer to an exercise.
   * @param module "62-1", the module of llmops/exercises
   * @param exercise the name that it exports the exercise by
   * @param course the course's own notebook: what is missing comes from there
   */
  candidates(module: string, exercise: string, course: SlicedNotebook): { candidates: Candidate[]; unusable: Unusable[] } {
    const name = course.answerName(module, exercise);
    const own = course.#checksOf(module, exercise)[0];
    /** What the exercise's own cell in the course declares for the answer is the stub, and no answer of the student's. */
    const stub = own ? new Set(own.unit.cell.units.filter(({ binding }) => !binding).flatMap(({ declares }) => declares)) : new Set<string>();
    const candidates: Candidate[] = [];
    const unusable: Unusable[] = [];
    const add = (cell: Cell, answer: ts.Expression | undefined, hasCheck: boolean, text: string) => {
      const found = this.#programFor(cell, answer, text, stub, course);
      if ("missing" in found) unusable.push({ cell: cell.number, why: `the check is there, but ${found.missing} is declared nowhere` });
      else candidates.push({ cell: cell.number, hasCheck, ...found });
    };
    for (const { unit, call } of this.#checksOf(module, exercise)) {
      const answer = call.arguments[1];
      if (!answer) add(unit.cell, undefined, true, "undefined");
      else if (this.#needs(answer).locals > 0) unusable.push({ cell: unit.cell.number, why: "its check stands inside a function or block and takes a value of that" });
      else add(unit.cell, answer, true, answer.getText());
    }
    const checked = new Set(candidates.map(({ cell }) => cell));
    for (const unit of name === undefined ? [] : this.#declared.get(name) ?? []) {
      // The check is gone, or in another cell that finds a later declaration.
      if (!checked.has(unit.cell.number)) {
        checked.add(unit.cell.number);
        add(unit.cell, undefined, false, name!);
      }
    }
    const distinct = new Map(candidates.toReversed().map((candidate) => [candidate.program, candidate]));
    return { candidates: candidates.filter((candidate) => distinct.get(candidate.program) === candidate), unusable };
  }

  // --- what stands in the notebook ---------------------------------------------------------------

  #checksOf(module: string, exercise: string): { unit: Unit; call: ts.CallExpression }[] {
    const names = new Set([exercise]);
    for (const [local, units] of this.#declared) {
      if (units.some(({ binding }) => binding?.specifier === `llmops/exercises/${module}` && new RegExp(`^${exercise} as `).test(binding.text))) names.add(local);
    }
    const found: { unit: Unit; call: ts.CallExpression }[] = [];
    for (const unit of this.#cells.flatMap(({ units }) => units)) {
      const walk = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && this.#isCheck(node.expression.text)) {
          const [first] = node.arguments;
          // `attentionExercise`, or `exercises.attentionExercise` of a namespace import
          const named = first && (ts.isIdentifier(first) ? names.has(first.text) : ts.isPropertyAccessExpression(first) && first.name.text === exercise);
          if (named) found.push({ unit, call: node });
        }
        ts.forEachChild(node, walk);
      };
      if (!unit.binding) walk(unit.node);
    }
    return found;
  }

  #isCheck(name: string): boolean {
    return name === "check" || (this.#declared.get(name) ?? []).some(({ binding }) => binding !== undefined && /^check as /.test(binding.text) && binding.specifier.startsWith("llmops"));
  }

  #unitsOf(cell: Cell): Unit[] {
    return cell.file.statements.flatMap((node, order): Unit[] => {
      const bare = { cell, order, node, needs: new Set<string>(), assigns: new Set<string>(), calls: new Set<string>() };
      if (ts.isImportDeclaration(node)) return bindingsOf(node).map(({ local, ...binding }) => ({ ...bare, declares: [local], binding }));
      return [{ ...bare, declares: declaredBy(node), needs: this.#needs(node).free, ...(isDeclaration(node) ? {} : changesOf(node)) }];
    });
  }

  /** Free names of a node, and how many names in it belong to a function or block around it. */
  #needs(root: ts.Node): { free: Set<string>; locals: number } {
    const free = new Set<string>();
    let locals = 0;
    const file = root.getSourceFile();
    const walk = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && isReference(node)) {
        const scope = this.#scopeOf(node);
        if (scope === undefined || ts.isSourceFile(scope)) free.add(node.text);
        else if (scope.getStart(file) < root.getStart(file) || scope.getEnd() > root.getEnd()) locals++;
      }
      ts.forEachChild(node, walk);
    };
    walk(root);
    return { free, locals };
  }

  /** What holds the declaration that a name stands for: a function, a block, or the cell; undefined where nothing declares it. */
  #scopeOf(name: ts.Identifier): ts.Node | undefined {
    const symbol = ts.isShorthandPropertyAssignment(name.parent) ? this.#checker.getShorthandAssignmentValueSymbol(name.parent) : this.#checker.getSymbolAtLocation(name);
    const declaration = symbol?.declarations?.[0];
    if (!declaration) return undefined;
    let at: ts.Node | undefined = declaration;
    while (at && !ts.isSourceFile(at)) {
      at = at.parent;
      if (ts.isFunctionLike(at) || ts.isBlock(at) || ts.isModuleBlock(at) || ts.isCaseBlock(at) || ts.isCatchClause(at) || ts.isForStatement(at) || ts.isForInStatement(at) || ts.isForOfStatement(at) || ts.isClassLike(at)) return at;
      if (ts.isMappedTypeNode(at) || ts.isConditionalTypeNode(at) || ts.isTypeAliasDeclaration(at) || ts.isInterfaceDeclaration(at)) return at;
    }
    return at;
  }

  // --- the program of one answer -----------------------------------------------------------------

  #programFor(cell: Cell, answer: ts.Expression | undefined, text: string, stub: ReadonlySet<string>, course: SlicedNotebook): Sliced | { missing: string } {
    const chosen = new Set<Unit>();
    const resolved = new Set<string>();
    const borrowed: string[] = [];
    let missing: string | undefined;
    const open = answer ? [...this.#needs(answer).free] : text === "undefined" ? [] : [text];
    const take = (unit: Unit) => {
      if (chosen.has(unit)) return;
      chosen.add(unit);
      open.push(...unit.needs);
    };
    const takeChanges = (name: string, units: Unit[], notebook: SlicedNotebook) => units.filter((unit) => (unit.assigns.has(name) || unit.calls.has(name)) && !notebook.#isCheckOnly(unit)).forEach(take);
    this.#cells
      .filter(({ index }) => index <= cell.index)
      .flatMap(({ units }) => units)
      .filter(({ assigns }) => [...assigns].some((name) => isBuiltIn(name) && !this.#declared.has(name)))
      .forEach(take);
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (resolved.has(name)) continue;
      resolved.add(name);
      const own = this.#resolve(name, cell);
      const found = own.length > 0 ? own : stub.has(name) ? [] : course.#resolve(name, undefined);
      found.forEach(take);
      const notebook = own.length > 0 ? this : course;
      if (found.some(({ node }) => isValue(node))) takeChanges(name, [...new Set([...(notebook === this ? [cell] : []), ...found.map((unit) => unit.cell)])].flatMap(({ units }) => units), notebook);
      if (own.length === 0 && found.length > 0) borrowed.push(name);
      if (found.length === 0 && stub.has(name)) missing ??= name;
    }
    return missing === undefined ? { ...compile(this.#inOrder(chosen), text), borrowed } : { missing };
  }

  /**
   * As the cells stand, the course's first: a student's cell may stand on those, and not the other way round. A declaration
   * that only a later cell has comes before what needs it.
   */
  #inOrder(chosen: ReadonlySet<Unit>): Unit[] {
    const own = ({ cell }: Unit) => Number(this.#cells.includes(cell));
    const sorted = [...chosen].sort((a, b) => own(a) - own(b) || a.cell.index - b.cell.index || a.order - b.order);
    const place = new Map(sorted.map((unit, at) => [unit, at]));
    const done = new Set<Unit>();
    const visit = (unit: Unit): void => {
      if (done.has(unit)) return;
      done.add(unit); // before what it needs: functions may need each other
      const later = sorted.filter((other) => other.cell !== unit.cell && place.get(other)! > place.get(unit)! && other.declares.some((name) => unit.needs.has(name)));
      later.forEach(visit);
      ordered.push(unit);
    };
    const ordered: Unit[] = [];
    sorted.forEach(visit);
    return ordered;
  }

  /** A statement that only checks, or shows something, changes nothing that an answer needs. */
  #isCheckOnly(unit: Unit): boolean {
    const { node } = unit;
    if (!ts.isExpressionStatement(node)) return false;
    const call = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression;
    return ts.isCallExpression(call) && ts.isIdentifier(call.expression) && this.#isCheck(call.expression.text);
  }

  /** The declarations of a name in one cell: the last up to `cell`, else the first behind it. Several are overloads or merge. */
  #resolve(name: string, cell: Cell | undefined): Unit[] {
    const units = this.#declared.get(name) ?? [];
    const at = units.findLast((unit) => !cell || unit.cell.index <= cell.index) ?? units[0];
    return at ? units.filter((unit) => unit.cell === at.cell) : [];
  }
}
