// Outlives its parent: when the parent has exited, for whatever reason, it ends the process groups the parent had
// started.
// Reads lines `add <pid> <signal>`, `drop <pid>` and `remove <folder>` from stdin; end of stdin means the parent is
// gone.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const groups = new Map();
const folders = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [word, value, signal] = line.split('\t');
  if (word === 'add') groups.set(Number(value), signal);
  if (word === 'drop') groups.delete(Number(value));
  if (word === 'remove') folders.add(value);
  if (word === 'keep') folders.delete(value);
}

const signalAll = (choose) => {
  for (const [pid, signal] of groups) {
    try {
      process.kill(-pid, choose(signal));
    } catch {
      groups.delete(pid);
    }
  }
};

signalAll((signal) => signal);
for (let waited = 0; groups.size > 0 && waited < 10_000; waited += 100) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  signalAll(() => 0);
}
signalAll(() => 'SIGKILL');
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
