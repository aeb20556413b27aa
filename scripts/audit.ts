import { spawn } from 'node:child_process';

/** What the package registry knows about weaknesses of the installed packages, down to `high`. */
export type Audit = { answered: true; findings: string[] } | { answered: false; why: string };

const TIMEOUT_MS = 30_000;

/** Reads what `npm audit --json` printed. Pure. */
export function readAudit(text: string): Audit {
  type Report = {
    vulnerabilities?: Record<string, { severity: string; range: string }>;
    message?: string;
    error?: { summary?: string };
  };
  let report: Report;
  try {
    report = JSON.parse(text) as Report;
  } catch {
    return { answered: false, why: 'no answer' };
  }
  if (!report.vulnerabilities)
    return { answered: false, why: report.message || report.error?.summary || 'no answer' };
  const findings = Object.entries(report.vulnerabilities)
    .filter(([, { severity }]) => severity === 'high' || severity === 'critical')
    .map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  return { answered: true, findings };
}

/** Asks the registry. Never throws: without a network nothing is known. */
export function auditDependencies(root: string): Promise<Audit> {
  return new Promise((resolve) => {
    const args = ['audit', '--json', '--fetch-retries=0', `--fetch-timeout=${TIMEOUT_MS / 2}`];
    const child = spawn('npm', args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk));
    child.on('error', (error) => resolve({ answered: false, why: error.message }));
    child.on('close', () => resolve(readAudit(text)));
  });
}
