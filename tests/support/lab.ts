/** JupyterLab in a browser page: a notebook's cells, run and read as a student does. */
import type { Page } from "playwright-core";

/** The notebook in front: JupyterLab may have opened those of an earlier session behind it. */
const PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)";
/** Its code cells. */
export const CELLS = `${PANEL} .jp-Notebook .jp-CodeCell`;

/** JupyterLab builds a long notebook cell by cell; a command given before it is done does not reach every cell. */
export async function waitForCells(page: Page, codeCells: number): Promise<void> {
  await page.locator(CELLS).nth(codeCells - 1).waitFor({ state: "attached", timeout: 60_000 });
}

/** A command of JupyterLab's menu bar. */
export async function chooseFromMenu(page: Page, menu: string, item: string): Promise<void> {
  await page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${menu}$`) }).click();
  await page.locator(".lm-Menu-itemLabel", { hasText: new RegExp(`^${item}$`) }).click();
}

/** Waits until the last cell has run and the kernel is idle, and reads the code cells as the page shows them. */
export async function waitUntilRun(page: Page) {
  await page.waitForFunction(
    (cells) => /^\[\d+\]:$/.test([...document.querySelectorAll(`${cells} .jp-InputPrompt`)].at(-1)?.textContent ?? ""),
    CELLS,
    { timeout: 180_000 },
  );
  await page.locator(`${PANEL} .jp-Notebook-ExecutionIndicator[data-status='idle']`).first().waitFor({ timeout: 60_000 });
  return page.locator(CELLS).evaluateAll((cells) =>
    cells.map((cell) => {
      const textOf = (selector: string) => [...cell.querySelectorAll(selector)].map((part) => part.textContent ?? "").join("\n");
      return {
        prompt: cell.querySelector(".jp-InputPrompt")?.textContent ?? "",
        folded: cell.querySelector(".jp-InputArea-placeholder, .jp-Placeholder") !== null,
        outputs: cell.querySelectorAll(".jp-OutputArea-child").length,
        text: textOf(".jp-OutputArea-output"),
        error: textOf("[data-mime-type='application/vnd.jupyter.error']"),
        stderr: textOf("[data-mime-type='application/vnd.jupyter.stderr']"),
      };
    }),
  );
}

/** Puts code into the cell that holds `marker`, runs it with the keyboard, and reads the verdict. */
export async function answerCell(page: Page, marker: string, code: string): Promise<string> {
  const cell = page.locator(CELLS, { hasText: marker });
  await cell.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(code.trim());
  const before = await cell.locator(".jp-InputPrompt").textContent();
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(
    ([cells, cellText, old]) => {
      const found = [...document.querySelectorAll(cells)].find((one) => one.textContent?.includes(cellText));
      const prompt = found?.querySelector(".jp-InputPrompt")?.textContent ?? "";
      return /^\[\d+\]:$/.test(prompt) && prompt !== old;
    },
    [CELLS, marker, before] as const,
    { timeout: 30_000 },
  );
  return cell.locator(".jp-OutputArea-output[data-mime-type='text/html']").innerText();
}
