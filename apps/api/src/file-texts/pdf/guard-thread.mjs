// Kills this process beyond its limits, also when the process that started it is gone.
const [bytesMax = 0, msMax = 0] = process.argv.slice(2).map(Number);
const EVERY_MS = 10;
const startedMs = performance.now();

setInterval(() => {
  const isLarge = process.memoryUsage.rss() > bytesMax;
  const isLate = performance.now() - startedMs > msMax;
  if (isLarge || isLate) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
