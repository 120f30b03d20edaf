export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  left: number;
  top: number;
}

export interface Layout {
  tiles: Rect[];
  /** More than the box's where the tiles would have become too small to see anybody. */
  contentHeight: number;
}

/** The shape that tiles have where the window leaves the choice. */
const WIDE = 16 / 9;
/** In an upright window tiles may grow taller, up to a square: faces fit those too. */
const TALLEST = 1;
const SMALLEST_TILE_PX = 104;

/**
 * The grid of equal tiles that shows the most: of all numbers of columns the one with the largest
 * tiles, the last row centred.
 */
export function gridLayout(box: Size, count: number, gap: number): Layout {
  if (count === 0 || box.width <= 0 || box.height <= 0) return { tiles: [], contentHeight: 0 };
  const tallest = box.width >= box.height ? WIDE : TALLEST;
  let best = { columns: 1, tile: tileIn(box, count, 1, gap, tallest) };
  for (let columns = 2; columns <= count; columns += 1) {
    const tile = tileIn(box, count, columns, gap, tallest);
    if (area(tile) > area(best.tile) * 1.001) best = { columns, tile };
  }
  if (best.tile.width < SMALLEST_TILE_PX) return scrolledLayout(box, count, gap);
  const rows = Math.ceil(count / best.columns);
  const top = (box.height - rows * best.tile.height - (rows - 1) * gap) / 2;
  return {
    tiles: place(box.width, count, best.columns, best.tile, gap, top),
    contentHeight: box.height,
  };
}

/** One row or column of equal tiles beside a stage, scrolled where there are many. */
export function filmstripLayout(box: Size, count: number, gap: number, upright: boolean): Layout {
  const size = upright
    ? { width: box.width, height: box.width / WIDE }
    : { width: box.height * WIDE, height: box.height };
  const step = (upright ? size.height : size.width) + gap;
  const used = count * step - gap;
  const start = Math.max(0, ((upright ? box.height : box.width) - used) / 2);
  const tiles = Array.from({ length: count }, (_, i) => ({
    left: upright ? 0 : start + i * step,
    top: upright ? start + i * step : 0,
    ...size,
  }));
  return { tiles, contentHeight: upright ? Math.max(used, box.height) : box.height };
}

function tileIn(box: Size, count: number, columns: number, gap: number, tallest: number): Size {
  const rows = Math.ceil(count / columns);
  const width = (box.width - (columns - 1) * gap) / columns;
  const height = (box.height - (rows - 1) * gap) / rows;
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  const shape = Math.min(WIDE, Math.max(tallest, width / height));
  return width / height > shape
    ? { width: height * shape, height }
    : { width, height: width / shape };
}

function scrolledLayout(box: Size, count: number, gap: number): Layout {
  const columns = Math.max(1, Math.floor((box.width + gap) / (SMALLEST_TILE_PX + gap)));
  const width = (box.width - (columns - 1) * gap) / columns;
  const tile = { width, height: width / WIDE };
  const rows = Math.ceil(count / columns);
  const contentHeight = rows * tile.height + (rows - 1) * gap;
  return {
    tiles: place(box.width, count, columns, tile, gap, Math.max(0, (box.height - contentHeight) / 2)),
    contentHeight: Math.max(contentHeight, box.height),
  };
}

function place(
  boxWidth: number,
  count: number,
  columns: number,
  tile: Size,
  gap: number,
  top: number,
): Rect[] {
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    const rowWidth = inRow * tile.width + (inRow - 1) * gap;
    return {
      left: (boxWidth - rowWidth) / 2 + (i - row * columns) * (tile.width + gap),
      top: top + row * (tile.height + gap),
      ...tile,
    };
  });
}

function area(size: Size): number {
  return size.width * size.height;
}
