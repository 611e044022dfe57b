// Writes packages/server/src/rpc/generated from the .proto files. Needs the network once; `npm ci`, build and tests never run it.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = 'packages/server/src/rpc/generated';
/** The plugin must be of the version of @bufbuild/protobuf that packages/server depends on. */
const TOOLS = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.13.0'];
const template = {
  version: 'v2',
  inputs: [{ directory: 'packages/server/proto' }],
  plugins: [{ local: 'protoc-gen-es', out: generated, opt: ['target=ts', 'import_extension=js'] }],
};

rmSync(`${root}/${generated}`, { recursive: true, force: true });
const packages = TOOLS.map((tool) => `--package=${tool}`);
const command = ['buf', 'generate', '--template', JSON.stringify(template)];
execFileSync('npx', ['--yes', ...packages, '--', ...command], { cwd: root, stdio: 'inherit' });
