import type { KeptLargeResult } from '../large/table.js';

const WIDTH = 880;
const HEIGHT = 320;
const LEFT = 60;
const TOP = 50;
const BOTTOM = 40;
const INK = '#1f2933';
const RESIDENT = '#9fb8cc';
const OWN = '#2f6f9f';
const MARK = '#c2410c';
const STEPS = 4;

/** Memory session by session over a large first load, one life of the program after another. */
export function memoryPlot({ result }: KeptLargeResult): string {
  const lives = result.lives.filter(({ commits }) => commits.length > 0);
  const points = lives.flatMap(({ commits }) => commits.map(({ memory }) => memory));
  const high = Math.ceil(Math.max(...points.map(({ rss }) => rss)) / 100) * 100;
  const x = (at: number) => LEFT + ((WIDTH - LEFT - 20) * at) / Math.max(1, points.length - 1);
  const y = (mb: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - mb / high);
  const line = (value: (memory: (typeof points)[number]) => number, colour: string) => {
    let first = 0;
    return lives
      .map(({ commits }) => {
        const places = commits.map(({ memory }, i) => `${at(x(first + i))},${at(y(value(memory)))}`);
        first += commits.length;
        return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
      })
      .join('');
  };
  const scale = Array.from({ length: STEPS + 1 }, (_, i) => {
    const mb = (high * i) / STEPS;
    return `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${at(y(mb))}" y2="${at(y(mb))}" stroke="#e4e7eb"/><text x="${LEFT - 8}" y="${at(y(mb) + 4)}" text-anchor="end">${mb}</text>`;
  });
  const ends = lives.map(({ killed }, i) => ({
    killed,
    sessions: lives.slice(0, i + 1).reduce((sum, { commits }) => sum + commits.length, 0),
  }));
  const kills = ends
    .filter(({ killed }) => killed)
    .map(
      ({ sessions }) =>
        `<line x1="${at(x(sessions - 0.5))}" x2="${at(x(sessions - 0.5))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="${MARK}" stroke-dasharray="4 3"/>`,
    );
  const title = `Memory while ${result.size.toLocaleString('en')} users are sent`;
  const note = `MB after each of ${points.length} sessions; light: resident, dark: its own (no pages of files); dashed: killed and started again`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}"><rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="18" font-size="15" font-weight="600">${title}</text><text x="12" y="34">${note}</text>${scale.join('')}${line(({ rss }) => rss, RESIDENT)}${line(({ own }) => own, OWN)}${kills.join('')}<text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">sessions</text></svg>\n`;
}

const at = (value: number) => value.toFixed(1);
