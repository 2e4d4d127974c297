/** Bar charts as SVG text: drawn by GitHub, JupyterLab and every browser from a file beside the report. */

const INK = "#4c4c4c";
const BARS = ["#3b6ea8", "#d98032", "#5a9a58", "#8a62a8", "#b05a5a", "#5aa0a0"];
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';

export interface ChartBar {
  label: string;
  /** One value a series. */
  values: readonly number[];
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[mark] as string);
}

/** A round number at or above the value, for the end of an axis. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function svg(width: number, height: number, title: string, description: string, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">\n` +
    `<title id="t">${escapeXml(title)}</title>\n<desc id="d">${escapeXml(description)}</desc>\n` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>\n${body}</svg>\n`
  );
}

/**
 * Upright bars side by side: a distribution.
 *
 * @param bars - one value each
 */
export function columnChart(title: string, description: string, xTitle: string, bars: readonly ChartBar[]): string {
  const width = 720, height = 280, left = 64, right = 16, top = 36, bottom = 52;
  const end = niceTop(Math.max(...bars.map(({ values }) => values[0] ?? 0)));
  const step = (width - left - right) / bars.length;
  const y = (value: number): number => height - bottom - (value / end) * (height - top - bottom);
  let body = `<text x="${left}" y="20" ${FONT} font-weight="600" fill="${INK}">${escapeXml(title)}</text>\n`;
  for (const part of [0, 0.5, 1]) {
    const at = y(end * part).toFixed(1);
    body += `<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#dddddd"/>` +
      `<text x="${left - 8}" y="${Number(at) + 4}" text-anchor="end" ${FONT} fill="${INK}">${end * part}</text>\n`;
  }
  const every = Math.ceil(bars.length / 8);
  bars.forEach(({ label, values }, i) => {
    const value = values[0] ?? 0;
    const x = left + i * step;
    body += `<rect x="${(x + 1).toFixed(1)}" y="${y(value).toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" height="${(height - bottom - y(value)).toFixed(1)}" fill="${BARS[0]}"><title>${escapeXml(label)}: ${value}</title></rect>\n`;
    if (i % every === 0) body += `<text x="${(x + step / 2).toFixed(1)}" y="${height - bottom + 16}" text-anchor="middle" ${FONT} fill="${INK}">${escapeXml(label)}</text>\n`;
  });
  body += `<text x="${(left + (width - left - right) / 2).toFixed(1)}" y="${height - 12}" text-anchor="middle" ${FONT} fill="${INK}">${escapeXml(xTitle)}</text>\n`;
  return svg(width, height, title, description, body);
}

/**
 * Lying bars, one a category, divided into series: coverage by stratum and split.
 *
 * @param series - names of the values of each bar
 */
export function stackedChart(title: string, description: string, series: readonly string[], bars: readonly ChartBar[]): string {
  const width = 720, left = 180, right = 64, top = 60, row = 24;
  const height = top + bars.length * row + 16;
  const sum = ({ values }: ChartBar): number => values.reduce((a, b) => a + b, 0);
  const end = Math.max(1, ...bars.map(sum));
  let body = `<text x="16" y="20" ${FONT} font-weight="600" fill="${INK}">${escapeXml(title)}</text>\n`;
  let legend = 16;
  series.forEach((name, i) => {
    body += `<rect x="${legend}" y="32" width="12" height="12" fill="${BARS[i % BARS.length]}"/><text x="${legend + 18}" y="42" ${FONT} fill="${INK}">${escapeXml(name)}</text>\n`;
    legend += 34 + name.length * 7;
  });
  bars.forEach((bar, i) => {
    const y = top + i * row;
    const label = bar.label.length > 24 ? `${bar.label.slice(0, 23)}…` : bar.label;
    body += `<text x="${left - 8}" y="${y + 15}" text-anchor="end" ${FONT} fill="${INK}">${escapeXml(label)}</text>\n`;
    let x = left;
    bar.values.forEach((value, s) => {
      const w = (value / end) * (width - left - right);
      if (value > 0) {
        body += `<rect x="${x.toFixed(1)}" y="${y + 3}" width="${w.toFixed(1)}" height="${row - 7}" fill="${BARS[s % BARS.length]}"><title>${escapeXml(`${bar.label}, ${series[s] ?? ""}: ${value}`)}</title></rect>\n`;
      }
      x += w;
    });
    body += `<text x="${(x + 6).toFixed(1)}" y="${y + 15}" ${FONT} fill="${INK}">${sum(bar)}</text>\n`;
  });
  return svg(width, height, title, description, body);
}
