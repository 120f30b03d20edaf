import { strict as assert } from 'node:assert';

/**
 * Holds a value to a shape: a type's name, a regular expression, a function that tells whether it fits, [shape] for a
 * list of such, or an object whose keys must be exactly these (a key that ends in '?' may be missing).
 */
export function assertShape(value, shape, path = 'value') {
  if (typeof shape === 'string') return assert.equal(typeName(value), shape, `${path} is ${JSON.stringify(value)}`);
  if (shape instanceof RegExp) return assert.match(String(value), shape, path);
  if (typeof shape === 'function') return assert.ok(shape(value), `${path} is ${JSON.stringify(value)}`);
  if (Array.isArray(shape)) {
    assert.ok(Array.isArray(value), `${path} is no list: ${JSON.stringify(value)}`);
    return value.forEach((entry, i) => assertShape(entry, shape[0], `${path}[${i}]`));
  }
  assert.equal(typeName(value), 'object', `${path} is ${JSON.stringify(value)}`);
  const names = Object.keys(shape).map((key) => key.replace('?', ''));
  const required = Object.keys(shape).filter((key) => !key.endsWith('?'));
  const unexpected = Object.keys(value).filter((key) => !names.includes(key));
  const missing = required.filter((key) => !(key in value));
  assert.deepEqual(
    { unexpected, missing },
    { unexpected: [], missing: [] },
    `${path}: ${JSON.stringify(value).slice(0, 500)}`,
  );
  for (const [key, part] of Object.entries(shape)) {
    const name = key.replace('?', '');
    if (name in value) assertShape(value[name], part, `${path}.${name}`);
  }
}

function typeName(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

export const isId = (value) => typeof value === 'string' && value.length >= 8;
export const isCount = (value) => Number.isInteger(value) && value >= 0;
export const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
export const oneOf =
  (...values) =>
  (value) =>
    values.includes(value);
export const exactly = (wanted) => (value) => {
  assert.deepEqual(value, wanted);
  return true;
};
