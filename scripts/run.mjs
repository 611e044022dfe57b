// Runs a program to its end in the foreground. Node built-ins only.
import { spawn } from 'node:child_process';

/**
 * Resolves with the exit code, or with the signal's name. An interrupt goes to the program too, and this one outlives it:
 * whoever waits for us, or holds a lock meanwhile, never leaves a child behind that is still writing.
 */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    const pass = (signal) => child.kill(signal);
    const done = () => process.off('SIGINT', pass).off('SIGTERM', pass);
    process.on('SIGINT', pass).on('SIGTERM', pass);
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      done();
      resolve(code ?? signal);
    });
  });
}
