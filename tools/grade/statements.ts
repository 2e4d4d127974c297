/** What one statement of a cell declares, refers to and changes, by its syntax alone. */
import ts from "typescript";

/** What a statement changes, as far as its text shows: `x = …`, `x.y ??= …`, `x++`, `delete x.y`, `Object.assign(x, …)`; `x.push(…)`. */
export function changesOf(root: ts.Node): { assigns: Set<string>; calls: Set<string> } {
  const assigns = new Set<string>();
  const calls = new Set<string>();
  const target = (node: ts.Node, names = assigns): void => {
    let at = node;
    while (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at) || ts.isNonNullExpression(at) || ts.isParenthesizedExpression(at) || ts.isAsExpression(at)) at = at.expression;
    if (ts.isIdentifier(at)) names.add(at.text);
    // ({ a, b } = …) and [a, b] = …
    else if (ts.isObjectLiteralExpression(at)) for (const part of at.properties) target(ts.isPropertyAssignment(part) ? part.initializer : (part.name ?? part));
    else if (ts.isArrayLiteralExpression(at)) for (const part of at.elements) target(part);
  };
  const walk = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return; // it changes nothing until it is called
    if (ts.isBinaryExpression(node) && node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && node.operatorToken.kind <= ts.SyntaxKind.LastAssignment) target(node.left);
    if ((ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) && (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)) target(node.operand);
    if (ts.isDeleteExpression(node)) target(node.expression);
    if (ts.isExpressionStatement(node)) {
      const call = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression;
      const callee = ts.isCallExpression(call) ? call.expression : undefined;
      if (ts.isCallExpression(call) && callee && ts.isPropertyAccessExpression(callee)) {
        const definesOn = /^(?:Object|Reflect)$/.test(callee.expression.getText()) && /^(?:assign|defineProperty|defineProperties|setPrototypeOf|set)$/.test(callee.name.text);
        if (!definesOn) target(callee.expression, calls);
        else if (call.arguments[0]) target(call.arguments[0]);
      }
    }
    ts.forEachChild(node, walk);
  };
  walk(root);
  return { assigns, calls };
}

/** Lines that other kernels understand, `%time` and `!ls`, and none of ours: taken out where the cell cannot be read with them. */
export function withoutMagic(source: string): string {
  if (!/^[ \t]*[%!]/m.test(source)) return source;
  const hasFault = (text: string) => (ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext } }).diagnostics ?? []).length > 0;
  if (!hasFault(source) || /^\s*%%(?!time)/.test(source)) return source;
  return source.replace(/^[ \t]*(?:%%?[a-z]|!).*$/gm, "");
}

export const isDeclaration = (node: ts.Node): boolean =>
  ts.isVariableStatement(node) || ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isEnumDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isModuleDeclaration(node);

export const isValue = (node: ts.Statement): boolean => ts.isVariableStatement(node) || ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node);

export function declaredBy(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    const names = (name: ts.BindingName): string[] => (ts.isIdentifier(name) ? [name.text] : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : names(element.name))));
    return node.declarationList.declarations.flatMap(({ name }) => names(name));
  }
  const { name } = node as { name?: ts.Node };
  return isDeclaration(node) && name && ts.isIdentifier(name) ? [name.text] : [];
}

export function bindingsOf(node: ts.ImportDeclaration): { local: string; specifier: string; text: string }[] {
  const specifier = ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : "";
  const clause = node.importClause;
  const { namedBindings: bindings } = clause ?? {};
  const typed = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return [
    ...(clause?.name ? [{ local: clause.name.text, specifier, text: `default as ${clause.name.text}` }] : []),
    ...(bindings && ts.isNamespaceImport(bindings) ? [{ local: bindings.name.text, specifier, text: `* as ${bindings.name.text}` }] : []),
    ...(bindings && ts.isNamedImports(bindings) ? bindings.elements.map((element) => ({ local: element.name.text, specifier, text: `${typed && !element.isTypeOnly ? "type " : ""}${element.getText()}` })) : []),
  ];
}

/** Whether an identifier stands for a value or type, and is not the name of a property, a label or a declaration. */
export function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if ((parent as { name?: ts.Node }).name === node) return ts.isShorthandPropertyAssignment(parent);
  return !ts.isLabeledStatement(parent) && !ts.isBreakOrContinueStatement(parent) && !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent) && !ts.isMetaProperty(parent);
}

export const isBuiltIn = (name: string): boolean => name === "globalThis" || (name in globalThis && name !== "console" && name !== "process");
