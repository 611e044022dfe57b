// Moves the wall clock of the process that loads it (`node --import`); timers, durations and performance.now stay. Used by tests alone.
// The offset in milliseconds comes in TEST_CLOCK_SKEW_MS, and later from the parent as `{ skewMs }`, which is answered once it holds.

const RealDate = Date;
const realNow = Date.now;
let skewMs = Number(process.env.TEST_CLOCK_SKEW_MS ?? 0);

const now = () => realNow() + skewMs;

const MovedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
});
RealDate.now = now;
RealDate.prototype.constructor = MovedDate;
globalThis.Date = MovedDate;

process.on('message', (message) => {
  if (typeof message?.skewMs !== 'number') return;
  skewMs = message.skewMs;
  process.send?.({ skewMs });
});
// Whoever started it is gone, perhaps killed: nobody else would end it.
process.on('disconnect', () => process.exit(1));
// None of this keeps a process alive that has nothing else to do.
process.channel?.unref();
