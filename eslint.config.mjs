// One rule set for the repository, and one for lesson sources on top: what the kernel cannot do, and what a reader of
// a lesson should not have to see.
import tseslint from "typescript-eslint";

const typed = { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } };

export default tseslint.config(
  { ignores: ["**/dist/", "node_modules/", ".venv*/", ".workbook/", "work/", "build/", "notebooks/", "patches/", "jupyter/"] },
  {
    files: ["lib/src/**/*.ts", "tools/**/*.ts", "tests/**/*.ts", "chapters-61-72/**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked, typed],
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-require-imports": "off",
    },
  },
  {
    files: ["tests/**/*.ts"],
    // node:test's `test()` and `describe()` return promises that nobody awaits, by design.
    rules: { "@typescript-eslint/no-floating-promises": "off", "@typescript-eslint/require-await": "off" },
  },
  {
    files: ["chapters-61-72/**/*.ts"],
    rules: {
      // In a notebook a floating rejection surfaces in some later cell.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // A lesson declares what a later cell, or the student, uses.
      "@typescript-eslint/no-unused-vars": "off",
      "@typescript-eslint/no-unused-expressions": "off",
      // `let answer; answer = …` is how a stub leaves room for the student's value.
      "prefer-const": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportNamedDeclaration, ExportDefaultDeclaration, ExportAllDeclaration", message: "A cell exports nothing: every declaration is visible to later cells." },
        { selector: "CallExpression[callee.name='require']", message: "Use import: require has no types." },
        { selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']", message: "process.exit ends the student's kernel." },
        { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: "A lesson's run must repeat: use a seeded generator." },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.object.name='Date'][callee.property.name='now']", message: "A lesson's run must repeat: fix the date, or measure with performance.now()." },
      ],
    },
  },
);
