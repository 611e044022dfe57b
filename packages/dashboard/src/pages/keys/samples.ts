// The first call with a key as lines to paste, for the provider whose profile is spoken. Pure.

import type { Profile } from '@latchkey/core';
import type { Sample } from '../../kit/code-sample';

type Spoken = Pick<Profile, 'wire' | 'guide' | 'samples'>;

/** The header around the key, as parts before and behind it. */
function credentialOf({ wire }: Spoken): { name: string; before: string } {
  const place = wire.credential;
  return 'scheme' in place ? { name: 'Authorization', before: `${place.scheme} ` } : { name: 'X-Api-Key', before: '' };
}

const inShell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const block = (value: unknown, indent: string) => JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);

/** JSON as Python writes it. Words are exchanged outside of texts only. */
const inPython = (json: string) =>
  json.replace(/"(?:[^"\\]|\\.)*"|\b(true|false|null)\b/g, (found, word: string | undefined) =>
    word === undefined ? found : { true: 'True', false: 'False', null: 'None' }[word as 'true' | 'false' | 'null'],
  );

/**
 * curl sets the variable that all three read the key from, so that it stands in one place only and programs do not hold it.
 * Without a secret the first line is left out.
 */
export function firstCalls(profile: Spoken, secret: string | null): Sample[] {
  const { baseUrl, environmentVariable: variable } = profile.guide;
  const { method, path, headers, body } = profile.samples[0] ?? {
    method: 'GET',
    path: '/',
    headers: {},
    body: undefined,
  };
  const { name, before } = credentialOf(profile);
  const url = `${baseUrl}${path}`;
  const others = Object.entries({ ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers });
  const assign = secret === null ? [] : [`export ${variable}=${inShell(secret)}`, ''];
  return [
    {
      name: 'curl',
      code: [
        ...assign,
        [
          `curl ${method === 'GET' ? '' : `-X ${method} `}${inShell(url)}`,
          `-H "${name}: ${before}$${variable}"`,
          ...others.map(([other, value]) => `-H ${inShell(`${other}: ${value}`)}`),
          ...(body === undefined ? [] : [`-d ${inShell(JSON.stringify(body))}`]),
        ].join(' \\\n  '),
      ].join('\n'),
    },
    {
      name: 'JavaScript',
      code: [
        `const response = await fetch(${JSON.stringify(url)}, {`,
        ...(method === 'GET' ? [] : [`  method: ${JSON.stringify(method)},`]),
        '  headers: {',
        `    ${JSON.stringify(name)}: ${before === '' ? `process.env.${variable}` : `\`${before}\${process.env.${variable}}\``},`,
        ...others.map(([other, value]) => `    ${JSON.stringify(other)}: ${JSON.stringify(value)},`),
        '  },',
        ...(body === undefined ? [] : [`  body: JSON.stringify(${block(body, '  ')}),`]),
        '});',
        'console.log(response.status, await response.text());',
      ].join('\n'),
    },
    {
      name: 'Python',
      code: [
        'import os',
        'import requests',
        '',
        `response = requests.request(`,
        `    ${JSON.stringify(method)},`,
        `    ${JSON.stringify(url)},`,
        '    headers={',
        `        ${JSON.stringify(name)}: ${before === '' ? '' : `${JSON.stringify(before)} + `}os.environ[${JSON.stringify(variable)}],`,
        ...Object.entries(headers).map(
          ([other, value]) => `        ${JSON.stringify(other)}: ${JSON.stringify(value)},`,
        ),
        '    },',
        ...(body === undefined ? [] : [`    json=${inPython(block(body, '    '))},`]),
        '    timeout=15,',
        ')',
        'print(response.status_code, response.text)',
      ].join('\n'),
    },
  ];
}
