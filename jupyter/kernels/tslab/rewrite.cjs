"use strict";
/**
 * Rewrites one type-checked cell so that its top-level names live in a shared object, the scope.
 *
 * A cell runs inside a function, so a plain `let x` would die with it. Here every declaration of a
 * top-level `x` becomes an assignment to `scope.x`, and every reference to it, in this cell or in a
 * later one, becomes `scope.x`. A function written in cell 1 therefore sees what cell 5 assigns, as in
 * one long program, and a name that is declared again simply gets its new value.
 *
 * The decision is made on symbols, never on spelling: a parameter or a block-scoped variable that has
 * the name of a cell variable is a different symbol and is left alone.
 */
const ts = require("typescript");

/** Names the wrapper function gives to the rewritten code (see runner.cjs, WRAPPER). */
const SCOPE = "__scope";
const META = "__meta";
const BEFORE_AWAIT = "__beforeAwait";
const AFTER_AWAIT = "__afterAwait";

const { factory: f } = ts;

/** Whether running the cell needs an async function: an await that belongs to no inner function. */
function hasTopLevelAwait(node) {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isForOfStatement(node) && node.awaitModifier) return true;
  if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing) return true;
  // Bodies, parameters and field initialisers are other functions; a computed name is evaluated here.
  if (ts.isFunctionLike(node) || ts.isPropertyDeclaration(node) || ts.isClassStaticBlockDeclaration(node)) {
    return node.name !== undefined && ts.isComputedPropertyName(node.name) && hasTopLevelAwait(node.name);
  }
  return ts.forEachChild(node, (child) => hasTopLevelAwait(child) || undefined) === true;
}

/**
 * A `before` transformer for `program.emit`.
 * @param checker the checker of the program that holds the cell
 * @param isCell tells the source files of cells from all others
 * @param report receives what the runner needs: `imports`, `hasResult`
 */
function createRewriter(checker, isCell, report) {
  return (context) => (sourceFile) => {
    if (!isCell(sourceFile)) return sourceFile;

    // --- which identifiers are cell variables -------------------------------------------------

    /** The declaration of a top-level value of this or an earlier cell, if `symbol` is one. */
    function cellDeclaration(symbol, name) {
      return symbol?.declarations?.find((declaration) => {
        const file = declaration.getSourceFile();
        if (!isCell(file) || !file.locals?.get(name)?.declarations?.includes(declaration)) return false;
        // `declare const x` names something that exists elsewhere (a global), so it stays a plain name.
        return !(ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Ambient);
      });
    }

    function isCellVariable(identifier, symbol) {
      const name = identifier.escapedText;
      const declaration = cellDeclaration(symbol, name);
      if (!declaration) return false;
      // Inside its own body a class, enum or namespace means itself, whatever the name is given later.
      if (ts.isClassDeclaration(declaration) || ts.isEnumDeclaration(declaration) || ts.isModuleDeclaration(declaration)) {
        for (let node = identifier.parent; node; node = node.parent) if (symbol.declarations.includes(node)) return false;
      }
      return true;
    }

    const scoped = (identifier) =>
      ts.setTextRange(f.createPropertyAccessExpression(f.createIdentifier(SCOPE), f.createIdentifier(identifier.text)), identifier);

    const assign = (target, value, range) =>
      ts.setTextRange(f.createExpressionStatement(f.createAssignment(target, value)), range);

    /** `(0, scope.f)()`: a call of a bare name has no `this`, and must not be given the scope as one. */
    function isCallee(node) {
      let child = node;
      let { parent } = node;
      while (ts.isParenthesizedExpression(parent) || ts.isAssertionExpression(parent) || ts.isNonNullExpression(parent) || ts.isSatisfiesExpression(parent)) {
        child = parent;
        parent = parent.parent;
      }
      return (ts.isCallExpression(parent) && parent.expression === child) || (ts.isTaggedTemplateExpression(parent) && parent.tag === child);
    }

    /** JavaScript names `x = () => {}` after `x`, but not `scope.x = () => {}`; a property does it too. */
    function named(name, original, value) {
      let node = original;
      while (ts.isParenthesizedExpression(node) || ts.isAssertionExpression(node) || ts.isSatisfiesExpression(node)) node = node.expression;
      const anonymous = ts.isArrowFunction(node) || ((ts.isFunctionExpression(node) || ts.isClassExpression(node)) && !node.name);
      if (!anonymous) return value;
      const literal = f.createObjectLiteralExpression([f.createPropertyAssignment(f.createIdentifier(name), value)]);
      return f.createPropertyAccessExpression(f.createParenthesizedExpression(literal), f.createIdentifier(name));
    }

    // --- expressions ---------------------------------------------------------------------------

    function visit(node) {
      if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
      if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) return node;

      if (ts.isIdentifier(node)) {
        if (!ts.isExpressionNode(node) || !isCellVariable(node, checker.getSymbolAtLocation(node))) return node;
        const access = scoped(node);
        return isCallee(node) ? f.createParenthesizedExpression(f.createComma(f.createNumericLiteral(0), access)) : access;
      }

      // `{ x }` and `({ x } = o)` use a name as key and as variable at once.
      if (ts.isShorthandPropertyAssignment(node)) {
        const variable = isCellVariable(node.name, checker.getShorthandAssignmentValueSymbol(node));
        if (!variable) return ts.visitEachChild(node, visit, context);
        const target = scoped(node.name);
        const fallback = node.objectAssignmentInitializer;
        return f.createPropertyAssignment(f.createIdentifier(node.name.text), fallback ? f.createAssignment(target, ts.visitNode(fallback, visit)) : target);
      }

      if (ts.isBinaryExpression(node) && ts.isAssignmentOperator(node.operatorToken.kind) && ts.isIdentifier(node.left)) {
        const updated = ts.visitEachChild(node, visit, context);
        return f.updateBinaryExpression(updated, updated.left, updated.operatorToken, named(node.left.text, node.right, updated.right));
      }

      // An interrupted cell stops at its next await: it neither starts another one nor goes on after one.
      if (ts.isAwaitExpression(node)) {
        const operand = f.createCallExpression(f.createIdentifier(BEFORE_AWAIT), undefined, [ts.visitNode(node.expression, visit)]);
        const awaited = ts.setTextRange(f.createAwaitExpression(operand), node);
        return ts.setTextRange(f.createCallExpression(f.createIdentifier(AFTER_AWAIT), undefined, [awaited]), node);
      }

      if (ts.isForOfStatement(node) && node.awaitModifier) {
        const updated = visitFor(node);
        const check = f.createExpressionStatement(f.createCallExpression(f.createIdentifier(AFTER_AWAIT), undefined, []));
        const body = ts.isBlock(updated.statement) ? updated.statement.statements : [updated.statement];
        return f.updateForOfStatement(updated, updated.awaitModifier, updated.initializer, updated.expression, f.createBlock([check, ...body], true));
      }
      if (ts.isForOfStatement(node) || ts.isForInStatement(node) || ts.isForStatement(node)) return visitFor(node);

      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) return f.createIdentifier(META);

      if (ts.isVariableStatement(node)) return declare(node);
      return ts.visitEachChild(node, visit, context);
    }

    // --- variables -----------------------------------------------------------------------------

    /** `var` in a block or a loop still declares a top-level name; `let` and `const` there do not. */
    const declaresCellVariable = (name) =>
      ts.isIdentifier(name)
        ? cellDeclaration(checker.getSymbolAtLocation(name), name.escapedText) !== undefined
        : name.elements.some((element) => ts.isBindingElement(element) && declaresCellVariable(element.name));

    /** `{ a, b: [c = 1], ...rest }` as an assignment target on the scope. */
    function target(name) {
      if (ts.isIdentifier(name)) return scoped(name);
      const value = (element) => {
        const inner = target(element.name);
        return element.initializer ? f.createAssignment(inner, ts.visitNode(element.initializer, visit)) : inner;
      };
      if (ts.isArrayBindingPattern(name)) {
        return f.createArrayLiteralExpression(
          name.elements.map((element) => {
            if (ts.isOmittedExpression(element)) return element;
            return element.dotDotDotToken ? f.createSpreadElement(value(element)) : value(element);
          }),
        );
      }
      return f.createObjectLiteralExpression(
        name.elements.map((element) => {
          if (element.dotDotDotToken) return f.createSpreadAssignment(value(element));
          const key = element.propertyName ? ts.visitNode(element.propertyName, visit) : f.createIdentifier(element.name.text);
          return f.createPropertyAssignment(key, value(element));
        }),
      );
    }

    function initialise(declaration) {
      const { name, initializer } = declaration;
      if (!initializer) return f.createAssignment(target(name), f.createVoidZero());
      const value = ts.visitNode(initializer, visit);
      return ts.setTextRange(f.createAssignment(target(name), ts.isIdentifier(name) ? named(name.text, initializer, value) : value), declaration);
    }

    function isUsing(list) {
      const kind = list.flags & ts.NodeFlags.BlockScoped;
      return kind === ts.NodeFlags.Using || kind === ts.NodeFlags.AwaitUsing;
    }

    function declare(statement) {
      const list = statement.declarationList;
      const ours = list.declarations.filter((declaration) => declaresCellVariable(declaration.name));
      if (ours.length === 0) return ts.visitEachChild(statement, visit, context);
      if (isUsing(list)) {
        // The language disposes of it at the end of the cell, so it stays a real declaration; the name is shared as well.
        const kept = f.updateVariableStatement(statement, [], ts.visitEachChild(list, visit, context));
        return [kept, ...ours.map((declaration) => assign(scoped(declaration.name), f.createIdentifier(declaration.name.text), declaration))];
      }
      return list.declarations
        .filter((declaration) => declaration.initializer || list.flags & ts.NodeFlags.BlockScoped || !isRepeatedVar(declaration))
        .map((declaration) => ts.setTextRange(f.createExpressionStatement(initialise(declaration)), declaration));
    }

    /** `var x;` after `var x = 1` in the same cell keeps the value. */
    const isRepeatedVar = (declaration) => checker.getSymbolAtLocation(declaration.name)?.declarations?.[0] !== declaration;

    function visitFor(node) {
      const list = node.initializer;
      const updated = ts.visitEachChild(node, visit, context);
      if (!list || !ts.isVariableDeclarationList(list) || list.flags & ts.NodeFlags.BlockScoped || !declaresCellVariable(list.declarations[0].name)) return updated;
      if (ts.isForStatement(node)) {
        const parts = list.declarations.map(initialise);
        return f.updateForStatement(updated, parts.reduce((left, right) => f.createComma(left, right)), updated.condition, updated.incrementor, updated.statement);
      }
      const initializer = target(list.declarations[0].name);
      return ts.isForInStatement(node)
        ? f.updateForInStatement(updated, initializer, updated.expression, updated.statement)
        : f.updateForOfStatement(updated, updated.awaitModifier, initializer, updated.expression, updated.statement);
    }

    // --- top-level statements ------------------------------------------------------------------

    const hoisted = [];
    const isExport = (modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword || modifier.kind === ts.SyntaxKind.DefaultKeyword;
    const withoutExport = (node) => node.modifiers?.filter((modifier) => !isExport(modifier)).map((modifier) => ts.visitNode(modifier, visit));
    const isAmbient = (node) => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Ambient) !== 0;
    const share = (node) => assign(scoped(node.name), f.createIdentifier(node.name.text), node.name);

    function topLevel(node, isLast) {
      if (ts.isImportDeclaration(node)) {
        const wanted = describeImport(node, checker);
        if (wanted) report.imports.push(wanted);
        return [];
      }
      if (ts.isExportDeclaration(node)) return [];
      if (ts.isExportAssignment(node)) return [f.createExpressionStatement(ts.visitNode(node.expression, visit))];
      if (ts.isImportEqualsDeclaration(node)) return alias(node);
      if (isAmbient(node) && !ts.isVariableStatement(node)) return [node];

      // Functions, classes, enums and namespaces keep their declaration (hoisting, decorators, merging
      // and overloads stay TypeScript's business) and are shared under their name.
      if (ts.isFunctionDeclaration(node)) {
        if (!node.body) return [];
        const updated = ts.visitEachChild(node, visit, context);
        if (!node.name) return [];
        hoisted.push(share(node));
        return [f.updateFunctionDeclaration(updated, withoutExport(node), updated.asteriskToken, updated.name, updated.typeParameters, updated.parameters, updated.type, updated.body)];
      }
      if (ts.isClassDeclaration(node)) {
        if (!node.name) return [];
        const updated = ts.visitEachChild(node, visit, context);
        return [f.updateClassDeclaration(updated, withoutExport(node), updated.name, updated.typeParameters, updated.heritageClauses, updated.members), share(node)];
      }
      if (ts.isEnumDeclaration(node)) {
        const updated = ts.visitEachChild(node, visit, context);
        return [f.updateEnumDeclaration(updated, withoutExport(node), updated.name, updated.members), share(node)];
      }
      if (ts.isModuleDeclaration(node)) {
        const updated = ts.visitEachChild(node, visit, context);
        const kept = f.updateModuleDeclaration(updated, withoutExport(node), updated.name, updated.body);
        const isValue = ts.isIdentifier(node.name) && checker.getSymbolAtLocation(node.name)?.flags & ts.SymbolFlags.ValueModule;
        return isValue ? [kept, share(node)] : [kept];
      }
      if (ts.isVariableStatement(node)) return isAmbient(node) ? [node] : [declare(node)].flat();
      if (isLast && ts.isExpressionStatement(node)) {
        report.hasResult = true;
        // In a list: the async wrapper would await a bare promise, and `fetch()` is not `await fetch()`.
        return [ts.setTextRange(f.createReturnStatement(f.createArrayLiteralExpression([ts.visitNode(node.expression, visit)])), node)];
      }
      return [ts.visitNode(node, visit)].flat();
    }

    /** `import Short = Namespace.Inner` (the form without a module). */
    function alias(node) {
      if (ts.isExternalModuleReference(node.moduleReference)) return [];
      const symbol = checker.getSymbolAtLocation(node.name);
      if (!symbol || !(checker.getAliasedSymbol(symbol).flags & ts.SymbolFlags.Value)) return [];
      const expression = (name) =>
        ts.isIdentifier(name)
          ? isCellVariable(name, checker.getSymbolAtLocation(name)) ? scoped(name) : name
          : f.createPropertyAccessExpression(expression(name.left), name.right);
      return [assign(scoped(node.name), expression(node.moduleReference), node)];
    }

    let last = sourceFile.statements.length - 1;
    while (last >= 0 && ts.isEmptyStatement(sourceFile.statements[last])) last--;
    const body = sourceFile.statements.flatMap((statement, index) => topLevel(statement, index === last));
    return f.updateSourceFile(sourceFile, ts.setTextRange(f.createNodeArray([...hoisted, ...body]), sourceFile.statements));
  };
}

/**
 * What an import asks for, or undefined when only types are imported. Unlike the compiler's own rule,
 * a name that this cell does not use is kept: a later cell may.
 */
function describeImport(node, checker) {
  const specifier = node.moduleSpecifier.text;
  const position = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  const clause = node.importClause;
  const wanted = { specifier, line: position.line + 1, namespace: undefined, names: [] };
  if (!clause) return wanted;
  if (clause.isTypeOnly || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return undefined;
  const isValue = (identifier) => {
    const symbol = checker.getSymbolAtLocation(identifier);
    const aliased = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    // An unknown symbol comes from a package without types: assume a value.
    return !aliased || aliased.flags & ts.SymbolFlags.Value || !(aliased.flags & ts.SymbolFlags.Type);
  };
  if (clause.name && isValue(clause.name)) wanted.names.push(["default", clause.name.text]);
  const bindings = clause.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings)) wanted.namespace = bindings.name.text;
  if (bindings && ts.isNamedImports(bindings)) {
    for (const element of bindings.elements) {
      if (!element.isTypeOnly && isValue(element.name)) wanted.names.push([(element.propertyName ?? element.name).text, element.name.text]);
    }
  }
  const empty = wanted.names.length === 0 && !wanted.namespace;
  const wroteNames = clause.name || (bindings && (ts.isNamespaceImport(bindings) || bindings.elements.length > 0));
  return empty && wroteNames ? undefined : wanted;
}

/** An `after` transformer: the compiler adds `export {}` to keep a module a module; a script has no exports. */
const dropExports = () => (sourceFile) =>
  f.updateSourceFile(sourceFile, sourceFile.statements.filter((statement) => !ts.isExportDeclaration(statement)));

module.exports = { createRewriter, dropExports, hasTopLevelAwait, SCOPE, META, BEFORE_AWAIT, AFTER_AWAIT };
