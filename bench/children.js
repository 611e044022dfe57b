// The processes of a bench run: started, heard until they say where they listen, ended together.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const children = [];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Starts a process and resolves with the first JSON line it prints, and its `pid`. */
export function start(file, args = [], env = {}) {
  const child = spawn(process.execPath, [here(file), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = '';
    const hear = (chunk) => {
      text += chunk;
      const line = text.split('\n').find((candidate) => candidate.startsWith('{'));
      if (line) resolve({ ...JSON.parse(line), pid: child.pid });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${text}`)));
  });
}

export function endAll() {
  for (const child of children) {
    child.removeAllListeners('exit');
    child.kill('SIGTERM');
  }
}

/** Milliseconds of processor time that a process has used; null where the system does not tell (it does on Linux). */
export function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // Of 100 ticks a second: utime and stime, fields 14 and 15 of proc(5).
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

export const portOf = (url) => Number(new URL(url).port);

/** `--name=7` of the command line as a number. */
export const option = (name, fallback) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const write = (text) => process.stdout.write(`${text}\n`);
