/** A page as PDF, by Chromium's print: tagged for screen readers, with an outline and page numbers. */
import type { Browser } from "playwright-core";
import { escapeHtml } from "llmops/course";

const strip = (text: string) => `<div style="width:100%;font:7pt system-ui,sans-serif;color:#57606a;padding:0 15mm;display:flex;justify-content:space-between">${text}</div>`;

/** Prints a page of ours; whatever it would load from elsewhere is refused. */
export async function printPdf(browser: Browser, html: string, title: string): Promise<Buffer> {
  const page = await browser.newPage();
  try {
    await page.route("**/*", (route) => (/^(data|about):/.test(route.request().url()) ? route.continue() : route.abort()));
    await page.setContent(html, { waitUntil: "load" });
    return await page.pdf({
      tagged: true, outline: true, printBackground: true, preferCSSPageSize: true, displayHeaderFooter: true,
      headerTemplate: "<span></span>",
      footerTemplate: strip(`<span>${escapeHtml(title)}</span><span><span class="pageNumber"></span> of <span class="totalPages"></span></span>`),
    });
  } finally {
    await page.close();
  }
}
