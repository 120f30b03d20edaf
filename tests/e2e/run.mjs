#!/usr/bin/env node
// npm test [-- FILTER]: runs every scenario whose name or file contains FILTER, in lanes beside each other.
import { readdir } from 'node:fs/promises';
import { runAll } from './lib/runner.mjs';

const folder = new URL('./scenarios/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.e2e.mjs')).sort();
for (const file of files) await import(new URL(file, folder));

const { passed, failed, secondTries } = await runAll(process.argv.slice(2).join(' '));
const remark = secondTries.length === 0 ? '' : ` (only alone: ${secondTries.join('; ')})`;
console.log(`${passed} passed, ${failed} failed${remark}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
