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
/** How far tiles of a filmstrip shrink before it scrolls. */
const SMALLEST_SHARE = 0.62;

/**
 * The grid of equal tiles that shows the most: of all numbers of columns the one with the largest
 * tiles, the last row centred.
 */
export function gridLayout(box: Size, count: number, gap: number): Layout {
  if (count === 0 || box.width <= 0 || box.height <= 0) return { tiles: [], contentHeight: 0 };
  const tallest = box.width >= box.height * 1.2 ? WIDE : TALLEST;
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

/** A column of equal tiles beside a stage: smaller where that spares scrolling, else scrolled. */
export function filmstripLayout(box: Size, count: number, gap: number): Layout {
  const fitting = (box.height - (count - 1) * gap) / count;
  const height = Math.min(box.width / WIDE, Math.max(fitting, (box.width * SMALLEST_SHARE) / WIDE));
  const tile = { width: height * WIDE, height };
  const used = count * (height + gap) - gap;
  const top = Math.max(0, (box.height - used) / 2);
  return {
    tiles: place(box.width, count, 1, tile, gap, top),
    contentHeight: Math.max(used, box.height),
  };
}

/** The largest rectangle of this shape in the box, in its middle. */
export function fitInside(box: Size, aspect: number): Rect {
  const width = Math.min(box.width, box.height * aspect);
  const height = width / aspect;
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
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
    tiles: place(
      box.width,
      count,
      columns,
      tile,
      gap,
      Math.max(0, (box.height - contentHeight) / 2),
    ),
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
