import { Html } from './html.js';

/**
 * The style sheet of the report. Colours are variables with a value for the light and for the dark scheme; the contrast
 * of text to its background is at least 4.5. Everything that a bar shows is also written as text.
 */
export const STYLE = new Html(`
:root {
  color-scheme: light dark;
  --ground: #f4f5f3; --card: #ffffff; --text: #1c2320; --soft: #57625d; --line: #dfe3df; --track: #e9ece9;
  --create: #1f7a4d; --update: #2a65b0; --delete: #b3372f; --wait: #b9a46c; --quiet: #93a09a; --same: #c6cec9;
  --good: #1b6b44; --good-ground: #e3f2e9; --bad: #a12d26; --bad-ground: #fbe9e7;
  --warn: #7a5200; --warn-ground: #fbf0d6; --plain: #2a4f86; --plain-ground: #e6eef9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121614; --card: #1a1f1d; --text: #e4e9e6; --soft: #9da9a3; --line: #2d3532; --track: #2a312e;
    --create: #4fb583; --update: #6ea3e8; --delete: #e67a70; --wait: #8f7f50; --quiet: #6d7a74; --same: #4b5651;
    --good: #7fd6a8; --good-ground: #173327; --bad: #f3a29a; --bad-ground: #3d1d1a;
    --warn: #ecc36a; --warn-ground: #372b10; --plain: #a4c5f4; --plain-ground: #1b2b44;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text); overflow-wrap: break-word;
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1040px; margin: 0 auto; padding: 32px 24px 24px; }
h1 { font-size: 27px; line-height: 1.22; letter-spacing: -0.015em; margin: 10px 0 6px; text-wrap: balance; }
h2 { font-size: 15px; margin: 0 0 2px; }
p { margin: 0 0 10px; }
.soft, caption, .why small { color: var(--soft); }
.soft { font-size: 13.5px; }
code, .id { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace; }
.id, .hash, .any, .why, .rec { overflow-wrap: anywhere; }
.id { unicode-bidi: isolate; }
.badge {
  display: inline-block; padding: 2px 10px; border-radius: 99px; font-size: 13px; font-weight: 600;
}
.brand { margin-left: 8px; font-size: 13.5px; color: var(--soft); }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.plain { color: var(--plain); background: var(--plain-ground); }
.facts { margin: 10px 0 0; font-size: 14px; }
.facts div { display: grid; grid-template-columns: 118px minmax(0, 1fr); gap: 8px; } .facts dt { color: var(--soft); } .facts dd { margin: 0; }
caption strong { color: var(--text); }
.scroll { margin-top: 12px; max-height: 430px; overflow: auto; }
.deletions { border-color: var(--delete); }
.search { margin: 4px 0 8px; font-size: 14px; color: var(--soft); }
.search input { font: inherit; color: var(--text); background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px; padding: 3px 8px; max-width: 100%; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; }
th[aria-sort='ascending'] button::after { content: ' ↑'; } th[aria-sort='descending'] button::after { content: ' ↓'; }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); margin: 22px 0 16px; padding: 0; }
.figures, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figures div { padding: 13px 16px 11px; border-left: 1px solid var(--line); }
.figures div:first-child { border-left: 0; }
.figures dt { font-size: 13px; color: var(--soft); }
.figures dd { margin: 0; font-size: 22px; line-height: 1.3; font-weight: 600; letter-spacing: -0.01em; }
.figures .delete dd { color: var(--delete); } .figures small { font-size: 13px; font-weight: 400; letter-spacing: 0; color: var(--soft); }
.figures .zero dd { color: var(--soft); font-weight: 400; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; align-items: start; }
.tall { grid-row: span 2; }
section { padding: 16px 18px 18px; min-width: 0; }
.wide { grid-column: 1 / -1; }
.alert { border-color: currentColor; border-left-width: 4px; }
.alert p, .alert li, .alert th, .alert td { color: var(--text); } .alert th, .alert td { border-color: var(--quiet); } .alert table { margin: 0 0 12px; }
.alert ul { margin: 6px 0 12px; padding-left: 20px; }
.alert p:last-child { margin: 0; }
.hash { display: block; margin-top: 4px; padding: 7px 10px; border-radius: 6px; background: var(--track); color: var(--text); }
.alert .hash { background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: 14.5px; }
caption { text-align: left; font-size: 13.5px; padding-bottom: 8px; }
th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); font-weight: 400; }
thead th, thead td { font-size: 13px; color: var(--soft); border-top: 0; padding-top: 0; }
th:last-child, td:last-child { padding-right: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.zero { color: var(--soft); }
td.n + td:not(.n), th.n + th:not(.n) { padding-left: 10px; }
tbody.group th[scope='rowgroup'] { font-size: 13px; font-weight: 600; padding-top: 12px; border-top: 0; }
tbody.group:first-of-type th[scope='rowgroup'] { padding-top: 4px; }
.dot { display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-right: 8px; background: var(--quiet); }
.dot.create { background: var(--create); } .dot.update { background: var(--update); } .dot.delete { background: var(--delete); }
.why small, .rec small { font-size: 13px; margin-left: 6px; }
.rec { width: 46%; } .rec small { color: var(--soft); }
svg { display: block; width: 100%; overflow: visible; }
.lanes { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 5px 14px; align-items: center; margin: 12px 0 4px; }
.lanes > span { font-size: 13px; color: var(--soft); }
.track { fill: var(--track); }
.reading { fill: var(--quiet); } .loading { fill: var(--update); } .importing { fill: var(--create); }
.waiting { fill: var(--wait); } .lost { fill: var(--delete); }
.tick { stroke: var(--card); } .lanes text { font-size: 12px; fill: var(--soft); }
.lanes text.on { font-size: 11px; font-weight: 600; fill: var(--card); }
.shares { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content; gap: 6px 12px; align-items: center; margin: 10px 0; font-size: 14px; }
.shares > span:nth-child(3n) { text-align: right; color: var(--soft); font-size: 13px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 12px; padding: 0; list-style: none; font-size: 13px; color: var(--soft); }
.legend .dot { margin-right: 6px; }
.fill-same { fill: var(--same); } .fill-create { fill: var(--create); } .fill-update { fill: var(--update); } .fill-delete { fill: var(--delete); }
.dot.same { background: var(--same); }
.named { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 12px; align-items: center; }
details { margin-top: 12px; } details > table { margin-top: 8px; }
summary { cursor: pointer; color: var(--plain); font-size: 14px; width: max-content; max-width: 100%; }
:focus-visible { outline: 2px solid var(--plain); outline-offset: 2px; }
footer { max-width: 1040px; margin: 0 auto; padding: 0 24px 40px; font-size: 13.5px; color: var(--soft); }
footer a { color: var(--plain); }
@media (max-width: 760px) {
  .grid { grid-template-columns: minmax(0, 1fr); } .tall { grid-row: auto; }
}
@media (max-width: 480px) {
  main { padding: 18px 12px 14px; } footer { padding: 0 12px 28px; }
  h1 { font-size: 22px; }
  section { padding: 13px 13px 14px; } .grid { gap: 12px; }
  .figures { margin: 16px 0 12px; grid-template-columns: minmax(0, 1fr); }
  .figures div { border-left: 0; } .figures div + div { border-top: 1px solid var(--line); }
  .facts div { grid-template-columns: minmax(0, 1fr); gap: 0; margin-bottom: 4px; }
  .figures div { padding: 9px 11px; } .figures dd { font-size: 19px; }
  th, td { padding-right: 8px; } .why small, .rec small { display: block; margin: 0; } .phone-not { display: none; }
  .lanes { grid-template-columns: minmax(0, 1fr); gap: 2px; } .lanes svg { margin-bottom: 5px; }
  .lanes > span:empty { display: none; }
}
@media print {
  :root { --ground: #fff; } main { padding-top: 0; } section { break-inside: auto; } tr, h2 { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; } .search { display: none; }
  details::details-content { content-visibility: visible; }
}
`);
