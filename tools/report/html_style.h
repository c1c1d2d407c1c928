// The style sheet of the report.
#pragma once

#include <string_view>

namespace mica::tools {

inline constexpr std::string_view kReportStyle = R"(
:root { --paper: #fff; --ink: #1d2733; --faint: #66758a; --line: #dde4ec; --edge: #a5b3c4; --panel: #f6f8fb;
  --kept: #e9eff6; --kept-line: #9fb2c8; --new: #d5f0dc; --new-line: #3f9d63; --removed: #fbdcd8; --removed-line: #cf5c50; }
@media (prefers-color-scheme: dark) { :root { --paper: #151b23; --ink: #e3e9f0; --faint: #93a1b3; --line: #2c3642;
  --edge: #5c6b7d; --panel: #1c242e; --kept: #26313e; --kept-line: #52657b; --new: #1c4029; --new-line: #4fb477;
  --removed: #4b2420; --removed-line: #d9695d; } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 28px 32px; max-width: 1500px; background: var(--paper); color: var(--ink);
  font: 14px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
h1 { font-size: 21px; margin: 0; overflow-wrap: anywhere } h2 { font-size: 16px; margin: 26px 0 10px }
.path { color: var(--faint); margin: 2px 0 0; overflow-wrap: anywhere }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0 }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; font-size: 16px }
.card span { display: block; color: var(--faint); font-size: 12px }
.columns { display: grid; grid-template-columns: minmax(320px, 2fr) 3fr; gap: 36px }
@media (max-width: 900px) { .columns { grid-template-columns: 1fr } }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; color: var(--faint); font-size: 12px }
td, th { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line) }
.n { text-align: right; font-variant-numeric: tabular-nums }
.more td:last-child { color: var(--new-line) } .fewer td:last-child { color: var(--removed-line) }
details { border-bottom: 1px solid var(--line); padding: 4px 0 } summary { cursor: pointer }
summary span { color: var(--faint) }
ul { margin: 6px 0 8px; padding-left: 20px; max-height: 320px; overflow: auto; font-size: 12.5px; overflow-wrap: anywhere }
li.refused, li.failed { color: var(--faint) }
.tabs input { position: absolute; opacity: 0 }
.tabs label { display: inline-block; padding: 5px 16px; border: 1px solid var(--line); border-bottom: 0;
  border-radius: 8px 8px 0 0; margin-right: 4px; cursor: pointer; color: var(--faint) }
.tabs input:checked + label { background: var(--panel); color: var(--ink); font-weight: 600 }
.tabs input:focus-visible + label { outline: 2px solid var(--new-line) }
.view { display: none; overflow: auto; max-height: 86vh; border: 1px solid var(--line); background: var(--panel);
  border-radius: 0 8px 8px 8px; padding: 16px }
.view h3 { font-size: 14px; margin: 28px 0 8px; text-align: center }
#after:checked ~ .view.after, #before:checked ~ .view.before { display: block }
.legend { margin-left: 18px; color: var(--faint); font-size: 12.5px }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 5px -1px 12px;
  border: 1px solid var(--kept-line); background: var(--kept) }
.legend i.new { background: var(--new); border-color: var(--new-line) }
.legend i.removed { background: var(--removed); border-color: var(--removed-line) }
.graph { display: block; margin: 0 auto }
.graph path { fill: none; stroke: var(--edge); stroke-width: 1.3 } path.tip { fill: var(--edge); stroke: none }
.graph path:hover { stroke: var(--ink); stroke-width: 2 }
.graph rect { fill: var(--kept); stroke: var(--kept-line) }
.graph .new rect { fill: var(--new); stroke: var(--new-line) }
.graph .removed rect { fill: var(--removed); stroke: var(--removed-line) }
.graph .end rect { fill: var(--paper); stroke: var(--faint) }
.graph g:hover rect { stroke-width: 2 }
.graph text { text-anchor: middle; fill: var(--ink); font-size: 12px; font-weight: 600 }
.graph text.type { font-size: 10px; font-weight: 400; fill: var(--faint) }
.graph text.far { font-size: 10px; font-weight: 400; font-style: italic; fill: var(--faint); paint-order: stroke;
  stroke: var(--panel); stroke-width: 5px }
)";

}  // namespace mica::tools
