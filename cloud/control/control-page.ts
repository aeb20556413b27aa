import { faultKinds } from '../fly/faults';
import type { MachineRecord } from '../fly/records';
import type { StartedFly } from '../fly/server';
import { escapeHtml, renderPage, showTime } from '../page';

const shownMachines = 100;
const shownCalls = 50;

function machineRow(machine: MachineRecord): string {
  const ran = machine.intervals.map(({ startedAt, stoppedAt }) => {
    const seconds = (((stoppedAt ?? Date.now()) - startedAt) / 1000).toFixed(1);
    return `${showTime(startedAt)} for ${seconds} s${stoppedAt === null ? ' so far' : ''}`;
  });
  const kill = machine.process
    ? `<form class="inline" method="post" action="/control/machines/${machine.id}/kill">
<select name="signal" aria-label="Signal"><option>SIGKILL<option>SIGTERM<option>SIGINT</select><button>Kill</button></form>`
    : '';
  return `<tr><td>${escapeHtml(machine.state)}<td><code>${machine.id}</code><br><small>${escapeHtml(machine.name)}</small>
<td><small>${escapeHtml(machine.app)} · ${escapeHtml(machine.region)}</small><td><small>${ran.join('<br>')}</small><td>${kill}</tr>`;
}

function machinesTable(fly: StartedFly): string {
  const machines = [...fly.world.machines.values()].sort((a, b) => b.createdAt - a.createdAt);
  if (machines.length === 0)
    return '<p class="soft">No machine yet. Start a session and it appears here.</p>';
  return `<div class="wide"><table><tr><th>State<th>Machine<th>App<th>Ran<th></tr>
${machines.slice(0, shownMachines).map(machineRow).join('')}</table></div>`;
}

function callsTable(fly: StartedFly): string {
  const calls = fly.calls.since(0).slice(-shownCalls).reverse();
  if (calls.length === 0) return '<p class="soft">No call yet.</p>';
  const rows = calls.map(
    (call) => `<tr><td>${showTime(call.at)}<td>${call.status ?? '–'}<td>${escapeHtml(call.action)}
<td><code>${escapeHtml(call.method)} ${escapeHtml(call.path)}</code></tr>`,
  );
  return `<div class="wide"><table><tr><th>At<th>Answer<th>Action<th>Call</tr>${rows.join('')}</table></div>`;
}

function options(values: readonly string[]): string {
  return values.map((value) => `<option>${value}`).join('');
}

function faultsPart(fly: StartedFly): string {
  const active = fly.faults.list();
  const list = active.map((fault) => `<li><code>${escapeHtml(JSON.stringify(fault))}</code>`).join('');
  return `<form method="post" action="/control/faults">
<label>Fault<select name="kind">${options(faultKinds)}</select></label>
<label>Action, such as machine.create<input name="action"></label>
<label>Path (regular expression)<input name="path"></label>
<label>Status<input name="status" size="4" inputmode="numeric"></label>
<label>Latency or lag, ms<input name="latencyMs" size="6" inputmode="numeric"></label>
<label>Times<input name="times" size="4" value="1" inputmode="numeric"></label>
<button>Inject</button></form>
${active.length > 0 ? `<ul>${list}</ul><form method="post" action="/control/faults/clear"><button>Clear faults</button></form>` : ''}`;
}

/** Returns the control page: machines, faults to inject, and the latest calls. */
export function renderControl(fly: StartedFly, links: Array<[label: string, url: string]>): string {
  const kinds = ['normal', 'silent', 'stubborn', 'crash', 'stuck_created', 'slow_boot'];
  return renderPage(
    'Local cloud',
    `<h2>Machines</h2>${machinesTable(fly)}
<h2>Next machines</h2><form method="post" action="/control/behaviour">
<label>Behaviour<select name="kind">${options(kinds)}</select></label>
<label>Boot delay, ms<input name="bootDelayMs" size="6" inputmode="numeric"></label><button>Set</button></form>
<h2>Faults</h2>${faultsPart(fly)}
<h2>Last calls</h2>${callsTable(fly)}`,
    links,
  );
}
