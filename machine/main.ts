import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from './clock';
import { type Config, takeConfig } from './config';
import { Doors } from './doors/doors';
import { fetchEnvironment } from './environment';
import { ExecDoor } from './exec/door';
import { FilesDoor } from './files/door';
import { Tree } from './files/tree';
import { LeaseClient } from './lease/client';
import {
  FIRST_WARNING_MS,
  goodbyeParts,
  hardEndAt,
  inWords,
  type Lease,
  politeEndAt,
  warningsBefore,
} from './lease/deadline';
import { readMetrics } from './metrics';
import { preparePerson } from './person';
import { PortDoor } from './ports/door';
import { AccessWatch } from './terminal/access';
import { TerminalServer } from './terminal/server';
import { startWatchdog } from './watchdog';
import { DiskWatch } from './work/disk-watch';
import { IdleWatch } from './work/idle-watch';
import { WorkMeter } from './work/work-meter';

/** The agent of a machine: keeps its lease, serves its terminals, and ends the machine in time. */

const log = (text: string) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), msg: text })}\n`);

const COMMANDS: Record<string, string> = {
  'claude-code': 'claude',
  codex: 'codex',
  gemini: 'gemini',
  opencode: 'opencode',
};

/**
 * Returns the command of tab 1 for the chosen coding agent, by its whole path because a login shell begins with a PATH of
 * its own; null for a plain shell. A missing program is replaced by a message.
 */
function firstCommand(agent: string, path: string): string | null {
  const name = COMMANDS[agent];
  if (!name) return null;
  const found = path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
  if (!found) return `echo "${name} is not installed on this machine; here is a shell instead."`;
  return `'${found.replaceAll("'", "'\\''")}'`;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

class Machine {
  private readonly watchdog = startWatchdog(log);
  private readonly terminals: TerminalServer;
  private readonly doors: Doors;
  private readonly exec: ExecDoor;
  /** The environment of shells and commands. */
  private readonly shellEnv: Record<string, string>;
  private readonly leases: LeaseClient;
  private readonly idle: IdleWatch;
  private readonly work = new WorkMeter();
  private readonly execWork = new WorkMeter();
  private metrics: Record<string, number> = {};
  private timers: NodeJS.Timeout[] = [];
  private said = '';
  private wasFinal = false;
  private ending = false;

  constructor(private readonly config: Config) {
    const { greeting, problem, ...person } = preparePerson(config, process.env);
    if (problem) log(`the volume takes no home folder: ${problem}`);
    this.shellEnv = person.env;
    const onWork = (at: number) => this.idle.worked(at);
    const files = new FilesDoor(new Tree(config.workspace, person.identity), onWork);
    this.exec = new ExecDoor({ person, onWork });
    const port = new PortDoor({
      hidden: [config.port],
      sessionId: config.isShared ? config.sessionId : null,
    });
    this.doors = new Doors({ ...config, doors: { files, exec: this.exec, port, ports: port.list } });
    this.terminals = new TerminalServer({
      doors: this.doors,
      port: config.port,
      sessionId: config.sessionId,
      runToken: config.runToken,
      tab: person,
      greeting,
      firstCommand: firstCommand(config.agent, process.env.PATH ?? ''),
      onKeystroke: () => this.idle.typed(),
      now: monotonicMs,
    });
    this.idle = new IdleWatch({
      idleMs: config.idleMs,
      warn: (warning) => this.terminals.notices.warn({ cause: 'idle', ...warning }),
      calm: () => this.terminals.notices.calm('idle'),
      ask: () => this.leases.askNow(),
    });
    new AccessWatch({
      ...config,
      grants: () => [...this.terminals.grants(), ...this.doors.grants()],
      onEnded: (grant) => {
        this.terminals.endGrant(grant);
        this.doors.endGrant(grant);
      },
    }).start();
    this.leases = new LeaseClient({
      ...config,
      report: () => ({ ...this.idle.report(), metrics: this.metrics }),
      askBy: () => this.idle.endAt(),
      onLease: (lease, answer) => {
        this.follow(lease, answer.message);
        this.idle.follow(answer, lease.sentAt);
      },
      onStop: (reason, message) => void this.end(reason, message ?? 'This session has been stopped.'),
      log,
    });
  }

  async start(): Promise<void> {
    this.arm(this.leases.lease);
    process.on('SIGTERM', () => void this.end('signal', 'This session is being stopped.'));
    process.on('SIGINT', () => void this.end('signal', 'This session is being stopped.'));
    process.on('SIGHUP', () => {});
    const disk = new DiskWatch((text) => {
      this.terminals.notices.announce({ level: 'warning', text });
      // The page shows the figures last sent to the service, so the agent sends them now.
      this.leases.askNow();
    });
    const measure = setInterval(async () => {
      this.metrics = await readMetrics(this.config.workspace);
      disk.look(this.metrics);
    }, 10_000);
    measure.unref();
    this.measureWork();
    const asking = this.leases.run();
    await this.takeEnvironment();
    await this.terminals.listen();
    log(`listening on ${this.config.port}`);
    await asking;
  }

  /** Adds the variables of the session before the first shell starts; without them the session opens all the same. */
  private async takeEnvironment(): Promise<void> {
    if (!this.config.asksEnvironment) return;
    const env = await fetchEnvironment(this.config);
    if (env) Object.assign(this.shellEnv, env);
    else log('the variables of this session could not be read');
  }

  /** Checks repeatedly whether commands work; reads nothing where there is no idle stop. */
  private measureWork(): void {
    const next = setTimeout(() => {
      if (this.idle.endAt() !== null) {
        const now = monotonicMs();
        const seen = [this.work.look(this.terminals.shells, now), this.execWork.look(this.exec.shells, now)];
        for (const workedAt of seen) if (workedAt !== null) this.idle.worked(workedAt);
      }
      this.measureWork();
    }, this.idle.lookMs());
    next.unref();
  }

  private later(at: number, work: () => void): NodeJS.Timeout {
    // Timers hold 31 bits of milliseconds; nothing here is further away than a day.
    return setTimeout(work, Math.min(Math.max(0, at - monotonicMs()), 86_400_000));
  }

  private follow(lease: Lease, message: string | undefined): void {
    if (this.ending) return;
    this.arm(lease);
    if (message && message !== this.said)
      this.terminals.notices.announce({ level: lease.final ? 'warning' : 'info', text: message });
    this.said = message ?? '';
    if (this.wasFinal && !lease.final)
      this.terminals.notices.announce({ level: 'info', text: 'More time was added. This session goes on.' });
    this.wasFinal = lease.final;
  }

  /** Arms the end of a lease and its warnings; replaces those of the lease before. */
  private arm(lease: Lease): void {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
    this.watchdog.endAt(hardEndAt(lease));
    const why = lease.final
      ? 'Your compute quota is used up.'
      : 'The service cannot be reached to renew this session.';
    this.timers.push(
      this.later(
        politeEndAt(lease),
        () => void this.end('lease', `${why} Your workspace and home folder are kept.`),
      ),
    );
    this.armWarnings(lease);
  }

  /** Arms the warnings of a final lease, and warns at once when its end is near already. */
  private armWarnings(lease: Lease): void {
    const { notices } = this.terminals;
    const endAt = hardEndAt(lease);
    const now = monotonicMs();
    if (!lease.final) return notices.calm('quota');
    if (!notices.isTold('quota', endAt)) notices.calm('quota');
    if (endAt - now < FIRST_WARNING_MS && !notices.isTold('quota', endAt)) this.warnOfQuota(endAt - now);
    for (const { at, leftMs } of warningsBefore(endAt, now))
      this.timers.push(this.later(at, () => this.warnOfQuota(leftMs)));
  }

  private warnOfQuota(stopsInMs: number): void {
    const text = `This session stops in ${inWords(stopsInMs)}: the compute quota is nearly used up.`;
    const why = 'The compute quota is nearly used up.';
    this.terminals.notices.warn({ cause: 'quota', text, why, stopsInMs });
  }

  /**
   * Ends the machine: tells the reason, hangs up, syncs the disk, exits. Always before the hard end; a second call changes
   * nothing.
   */
  private async end(reason: string, text: string): Promise<void> {
    if (this.ending) return;
    this.ending = true;
    log(`ending: ${reason}`);
    try {
      await this.sayGoodbye(text);
    } finally {
      this.killAll();
      process.exit(0);
    }
  }

  private killAll(): void {
    this.terminals.signalShells('SIGKILL');
    this.exec.kill();
  }

  private async sayGoodbye(text: string): Promise<void> {
    const { hangUpMs, syncMs, stoppedMs } = goodbyeParts(this.leases.lease, monotonicMs());
    const hangUpBy = monotonicMs() + hangUpMs;
    const told = this.leases.end('stopping', Math.min(500, hangUpMs));
    this.terminals.beginClosing(text);
    this.doors.close();
    this.terminals.notices.announce({ level: 'final', text });
    this.terminals.signalShells('SIGHUP');
    await pause(Math.min(20, hangUpMs));
    while (this.terminals.busy && monotonicMs() < hangUpBy) await pause(20);
    this.killAll();
    const synced = new Promise((resolve) => execFile('sync', () => resolve(null)));
    await Promise.race([Promise.all([synced, told]), pause(syncMs)]);
    this.terminals.close();
    await this.leases.end('stopped', stoppedMs);
  }

  /** Exits after an error of the agent: neither shells nor the machine may go on without the agent. */
  abandon(error: unknown): void {
    log(`the agent failed: ${error instanceof Error ? error.stack : String(error)}`);
    this.killAll();
    process.exit(1);
  }
}

const config = takeConfig(process.env);
if ('missing' in config) {
  log(`this machine was made without ${config.missing.join(', ')}`);
  process.exit(1);
}
const machine = new Machine(config);
process.on('uncaughtException', (error) => machine.abandon(error));
process.on('unhandledRejection', (error) => machine.abandon(error));
await machine.start();
