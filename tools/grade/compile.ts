/** Makes one JavaScript program of statements from several cells. */
import ts from "typescript";

/** A statement, or one name of an import declaration as it is written. */
export interface Part {
  node: ts.Statement;
  binding?: { specifier: string; text: string };
}

/** One module of the units in their order, compiled; imports become calls of `__load`. */
export function compile(parts: readonly Part[], answer: string): { program: string; imports: string[] } {
  const modules = new Map<string, Set<string>>();
  const statements = new Set<ts.Statement>();
  for (const { node, binding } of parts) {
    if (binding) modules.set(binding.specifier, (modules.get(binding.specifier) ?? new Set()).add(binding.text));
    else statements.add(node);
  }
  const lines: string[] = [];
  for (const [specifier, names] of modules) {
    const from = JSON.stringify(specifier);
    const named = [...names].filter((text) => !text.startsWith("* as "));
    for (const text of names) if (text.startsWith("* as ")) lines.push(`import ${text} from ${from};`);
    if (named.length) lines.push(`import { ${named.join(", ")} } from ${from};`);
  }
  for (const statement of statements) lines.push(statement.getText().replace(/^export (?:default )?/, ""));
  const text = `${lines.join("\n")}\nreturn () => (${answer});\n`;
  const loaded: string[] = [];
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext, removeComments: true, experimentalDecorators: false },
    transformers: { after: [callsForImports(loaded)] },
  });
  return { program: outputText, imports: loaded };
}

/**
 * `import { a as b } from "x"` → `var { a: b } = await __load("x")`, after the compiler dropped what only types use. Top-level
 * `let` and `const` become `var`: a name that two cells declare is one variable, as in the kernel.
 */
function callsForImports(loaded: string[]): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const { factory: f } = context;
    const metas = (node: ts.Node): ts.Node => (ts.isMetaProperty(node) ? f.createIdentifier("__meta") : ts.visitEachChild(node, metas, context));
    const statements = file.statements.flatMap((statement): ts.Statement[] => {
      if (ts.isExportDeclaration(statement)) return []; // the compiler's own `export {}`
      if (ts.isVariableStatement(statement) && !(statement.declarationList.flags & ts.NodeFlags.Using)) {
        const { declarations } = ts.visitEachChild(statement.declarationList, metas, context);
        return [f.createVariableStatement(undefined, f.createVariableDeclarationList(declarations, ts.NodeFlags.None))];
      }
      if (!ts.isImportDeclaration(statement)) return [metas(statement) as ts.Statement];
      const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
      loaded.push(specifier);
      const load = f.createAwaitExpression(f.createCallExpression(f.createIdentifier("__load"), undefined, [f.createStringLiteral(specifier)]));
      const bindings = statement.importClause?.namedBindings;
      if (!bindings) return [f.createExpressionStatement(load)];
      const name = ts.isNamespaceImport(bindings)
        ? f.createIdentifier(bindings.name.text)
        : f.createObjectBindingPattern(bindings.elements.map((element) => f.createBindingElement(undefined, f.createIdentifier((element.propertyName ?? element.name).text), f.createIdentifier(element.name.text))));
      return [f.createVariableStatement(undefined, f.createVariableDeclarationList([f.createVariableDeclaration(name, undefined, undefined, load)], ts.NodeFlags.None))];
    });
    return f.updateSourceFile(file, statements);
  };
}
