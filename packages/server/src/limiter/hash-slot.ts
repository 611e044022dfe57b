// Which of the 16,384 slots of a Redis Cluster a hash tag lies in (CRC-16/XMODEM, as the Cluster specification says). Nothing is sent here.

export const SLOTS = 16_384;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) crc = ((crc << 8) & 0xff00) ^ (TABLE[(crc >> 8) ^ byte] ?? 0);
  return crc % SLOTS;
}

/** The first of the tags n0, n1, … whose slot is accepted; null: none of the first so many. */
export function placeFor(accepts: (slot: number) => boolean): string | null {
  for (let number = 0; number < 2 * SLOTS; number++) if (accepts(slotOf(`n${number}`))) return `n${number}`;
  return null;
}
