import type { TextReporter } from './report.js';

/** An SVG with the covered and the exercised share, in the shape that readme files show. */
export const badge: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const { objects, covered, exercised } = (await coverage.summary()).totals;
    const share = (of: number) => (objects === 0 ? '-' : `${Math.floor((of * 100) / objects)}%`);
    const percent = objects === 0 ? 0 : (covered * 100) / objects;
    const colour = objects === 0 ? '#666' : percent >= 80 ? '#1a7f37' : percent >= 50 ? '#8a6100' : '#b3261e';
    const [label, value] = ['pgTAP coverage', `${share(covered)} (${share(exercised)} run)`];
    // Verdana's letters of 11 pixels are about 7 wide
    const [left, right] = [label.length * 7 + 12, value.length * 7 + 12];
    const text = (x: number, of: string) => `<text x="${x}" y="14">${of}</text>`;
    await write(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${label}: ${value}">` +
        `<title>${label}: ${value}</title><rect width="${left + right}" height="20" rx="3" fill="#444"/>` +
        `<path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${left}z" fill="${colour}"/>` +
        `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,sans-serif" font-size="11">` +
        `${text(left / 2, label)}${text(left + right / 2, value)}</g></svg>\n`,
    );
  },
};
