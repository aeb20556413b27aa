import { spawn } from 'node:child_process';

/** The known vulnerabilities of the installed packages, of severity `high` and above. */
export type Audit = { answered: true; findings: string[] } | { answered: false; why: string };

const TIMEOUT_MS = 30_000;

/** Parses the output of `npm audit --json`. Pure. */
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

/** Asks the package registry. Never throws: without a network the result is `answered: false`. */
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
