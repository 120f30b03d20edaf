// The running server against what its clients and operators are promised.
// usage: node run.mjs [PART_OF_A_NAME]     SFU_BINARY names another program than the release
import { readdirSync } from 'node:fs';
import { runAll } from './lib/runner.mjs';

const claims = new URL('./claims/', import.meta.url);
for (const file of readdirSync(claims).sort()) await import(new URL(file, claims));

const { passed, failed, skipped } = await runAll(process.argv.slice(2).join(' '));
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed ? 1 : 0);
