// The provider's own Authentication page, from the configuration in force. Pure: the same configuration makes the same page.

import { type Block, code, type PageDocument, say } from './document.js';
import { errorSection } from './errors.js';
import type { Running } from './facts.js';
import {
  adviceSection,
  browserSection,
  environmentSection,
  getKeySection,
  keyKindSection,
  keyModelSection,
  managementSection,
  permissionSection,
  restrictionSection,
  rotationSection,
  sendKeySection,
} from './keys.js';
import { creditSection, gatedFieldSection, idempotencySection, limitSection, tierSection } from './limits.js';
import { credentialHeader } from './samples.js';

/** In the order in which a reader needs them. A section without anything to say is not there. */
const SECTIONS: readonly ((running: Running) => Block[])[] = [
  getKeySection,
  sendKeySection,
  environmentSection,
  keyKindSection,
  keyModelSection,
  permissionSection,
  tierSection,
  limitSection,
  gatedFieldSection,
  creditSection,
  idempotencySection,
  rotationSection,
  restrictionSection,
  managementSection,
  browserSection,
  errorSection,
  adviceSection,
];

export function authenticationPage(running: Running): PageDocument {
  const { profile } = running;
  const [name] = credentialHeader(profile, '');
  return {
    title: `${profile.title}: Authentication`,
    lead: say`Every request carries an API key in the ${code(name)} header. Errors are JSON in one shape.`,
    blocks: SECTIONS.flatMap((section) => section(running)),
  };
}
