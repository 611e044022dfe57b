// Writes profiles/profile.schema.json from the schema that profiles are judged by. Needs a build.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { profileJsonSchema } from '../packages/core/dist/index.js';
import { root } from './build.mjs';

const file = join(root, 'profiles/profile.schema.json');
writeFileSync(file, `${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
execFileSync(process.execPath, [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', '--write', file], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
