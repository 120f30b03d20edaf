import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { test } from '../lib/runner.mjs';
import { assert } from '../lib/until.mjs';

const LAYOUT = fileURLToPath(new URL('../../../demo/src/ui/layout.ts', import.meta.url));
const WINDOWS = [
  [1440, 820],
  [1920, 990],
  [1024, 690],
  [700, 700],
  [390, 720],
  [320, 420],
  [800, 300],
];
const GAP = 10;
const SLACK = 0.01;

async function loadLayout() {
  const { outputFiles } = await build({
    entryPoints: [LAYOUT],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`
  );
}

function overlap(a, b) {
  return (
    a.left < b.left + b.width - SLACK &&
    b.left < a.left + a.width - SLACK &&
    a.top < b.top + b.height - SLACK &&
    b.top < a.top + a.height - SLACK
  );
}

test('tiles lie inside the window, none over another, for 1 to 25 people', async () => {
  const { gridLayout } = await loadLayout();
  for (const [width, height] of WINDOWS) {
    for (let count = 1; count <= 25; count += 1) {
      const { tiles, contentHeight } = gridLayout({ width, height }, count, GAP);
      const where = `${count} in ${width}x${height}`;
      assert(tiles.length === count, `${where}: ${tiles.length} tiles`);
      for (const tile of tiles) {
        const { left, top } = tile;
        assert(
          left >= -SLACK && left + tile.width <= width + SLACK,
          `${where}: outside at the sides`,
        );
        assert(
          top >= -SLACK && top + tile.height <= contentHeight + SLACK,
          `${where}: outside above or below`,
        );
        assert(
          tiles.every((other) => other === tile || !overlap(tile, other)),
          `${where}: overlapping`,
        );
      }
    }
  }
});

test('no other number of columns would show larger 16:9 tiles in a wide window', async () => {
  const { gridLayout } = await loadLayout();
  for (const [width, height] of WINDOWS.filter(([w, h]) => w >= h * 1.2)) {
    for (let count = 1; count <= 25; count += 1) {
      const [tile] = gridLayout({ width, height }, count, GAP).tiles;
      for (let columns = 1; columns <= count; columns += 1) {
        const rows = Math.ceil(count / columns);
        const fits = Math.min(
          (width - (columns - 1) * GAP) / columns,
          (((height - (rows - 1) * GAP) / rows) * 16) / 9,
        );
        assert(
          tile.width >= fits * 0.998,
          `${count} in ${width}x${height}: ${columns} columns give ${fits}, not ${tile.width}`,
        );
      }
    }
  }
});

test('in a phone held upright everybody of 25 has a tile of 104 pixels or more', async () => {
  const { gridLayout } = await loadLayout();
  const { tiles } = gridLayout({ width: 378, height: 720 }, 25, 6);
  assert(
    tiles.every(({ width }) => width >= 104),
    `the narrowest has ${Math.min(...tiles.map(({ width }) => width))}`,
  );
});
