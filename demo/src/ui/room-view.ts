import type { Person, TileKind } from '../call/person';
import { h, setAttribute } from './dom';
import { filmstripLayout, fitInside, gridLayout, type Size } from './layout';
import { Tile } from './tile';

const GAP_PX = 10;
const NARROW_GAP_PX = 6;
/** Below this width, in an upright window, the others lie under the stage instead of beside it. */
const NARROW_PX = 720;

export interface Visibility {
  personId: string;
  kind: TileKind;
  visible: boolean;
  devicePixels: number;
}

interface Wish {
  person: Person;
  kind: TileKind;
}

/**
 * Everybody's tiles: a grid, or a stage with a filmstrip while somebody presents or a tile is
 * pinned. Feed it people and it keeps the elements.
 */
export class RoomView {
  readonly element: HTMLElement;
  private readonly stage = h('div', { class: 'stage' });
  private readonly strip = h('div', { class: 'tiles' });
  private readonly sizer = h('div', { class: 'tiles-sizer', 'aria-hidden': 'true' });
  private readonly tiles = new Map<string, Tile>();
  private readonly visible = new Set<Element>();
  private readonly watcher: IntersectionObserver;
  private people: Person[] = [];
  private pinnedKey: string | null = null;
  private dismissedKey: string | null = null;
  private order: string[] = [];

  constructor(
    private readonly onVisibility: (visibility: Visibility) => void,
    empty: HTMLElement,
  ) {
    this.strip.append(this.sizer);
    this.element = h(
      'main',
      { class: 'room', 'aria-label': 'People' },
      this.stage,
      this.strip,
      empty,
    );
    this.watcher = new IntersectionObserver((entries) => this.handleSeen(entries), {
      root: this.element,
      rootMargin: '40px',
    });
    new ResizeObserver(() => this.arrange()).observe(this.element);
  }

  render(people: Person[]): void {
    this.people = people;
    const wishes = wishesOf(people);
    const keys = new Set(wishes.map(keyOf));
    for (const [key, tile] of this.tiles) {
      if (keys.has(key)) continue;
      this.watcher.unobserve(tile.element);
      this.visible.delete(tile.element);
      tile.remove();
      this.tiles.delete(key);
    }
    this.order = [...keys];
    for (const wish of wishes) this.upsert(wish);
    this.arrange();
  }

  setSpeaking(speaking: ReadonlySet<string>, levels: ReadonlyMap<string, number>): void {
    for (const tile of this.tiles.values()) {
      if (tile.kind !== 'camera') continue;
      tile.setSpeaking(speaking.has(tile.personId), levels.get(tile.personId) ?? 0);
    }
  }

  /** Tells again what is visible: consumers are new after a reconnect. */
  tellVisibility(): void {
    for (const tile of this.tiles.values()) this.tell(tile);
  }

  private upsert(wish: Wish): void {
    const key = keyOf(wish);
    let tile = this.tiles.get(key);
    if (tile === undefined) {
      tile = new Tile(
        wish.person.id,
        wish.kind,
        () => this.togglePin(key),
        () => this.arrange(),
      );
      this.tiles.set(key, tile);
      this.strip.append(tile.element);
      this.visible.add(tile.element);
      this.watcher.observe(tile.element);
    }
    tile.update(wish.person, key === this.staged());
  }

  private togglePin(key: string): void {
    if (this.staged() === key) {
      this.pinnedKey = null;
      this.dismissedKey = key;
    } else {
      this.pinnedKey = key;
      this.dismissedKey = null;
    }
    this.render(this.people);
  }

  /** The tile that is shown large: the pinned one, else the latest screen of somebody else. */
  private staged(): string | null {
    if (this.pinnedKey !== null && this.order.includes(this.pinnedKey)) return this.pinnedKey;
    const screens = this.people.filter((person) => person.screen !== null && !person.isSelf);
    const latest = screens.at(-1);
    if (latest === undefined) return null;
    const key = keyOf({ person: latest, kind: 'screen' });
    return key === this.dismissedKey ? null : key;
  }

  private arrange(): void {
    const stagedKey = this.staged();
    const staged = stagedKey === null ? undefined : this.tiles.get(stagedKey);
    const { clientWidth, clientHeight } = this.element;
    const narrow = clientWidth < NARROW_PX && clientHeight > clientWidth;
    const gap = narrow ? NARROW_GAP_PX : GAP_PX;
    setAttribute(this.element, 'data-staged', staged !== undefined);
    setAttribute(this.element, 'data-narrow', narrow);
    setAttribute(this.element, 'data-alone', this.people.length === 1 && this.order.length === 1);
    if (staged !== undefined) {
      this.element.style.setProperty('--stage-aspect', staged.aspect.toFixed(3));
    }
    for (const [key, tile] of this.tiles) {
      const parent = key === stagedKey ? this.stage : this.strip;
      setAttribute(tile.element, 'data-stage', key === stagedKey);
      if (tile.element.parentElement === parent) continue;
      parent.append(tile.element);
      // Moving a video to another parent pauses it.
      void tile.element
        .querySelector('video')
        ?.play()
        .catch(() => undefined);
    }
    const rest = this.order.filter((key) => key !== stagedKey);
    const box = innerSize(this.strip);
    const layout =
      staged === undefined || narrow
        ? gridLayout(box, rest.length, gap)
        : filmstripLayout(box, rest.length, gap);
    rest.forEach((key, i) => {
      const rect = layout.tiles[i];
      if (rect !== undefined) this.tiles.get(key)?.place(rect);
    });
    this.sizer.style.height = `${layout.contentHeight}px`;
    if (staged !== undefined) {
      staged.place(fitInside(innerSize(this.stage), staged.aspect));
    }
    for (const tile of this.tiles.values()) this.tell(tile);
  }

  private handleSeen(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.visible.add(target);
      else this.visible.delete(target);
      const tile = [...this.tiles.values()].find(({ element }) => element === target);
      if (tile !== undefined) this.tell(tile);
    }
  }

  private tell(tile: Tile): void {
    this.onVisibility({
      personId: tile.personId,
      kind: tile.kind,
      visible: this.visible.has(tile.element),
      devicePixels: tile.devicePixels,
    });
  }
}

/** Screens first, then faces, oneself last: the others are whom one came for. */
function wishesOf(people: Person[]): Wish[] {
  const screens = people.filter((person) => person.screen !== null);
  const others = people.filter((person) => !person.isSelf);
  const self = people.filter((person) => person.isSelf);
  return [
    ...screens.map((person): Wish => ({ person, kind: 'screen' })),
    ...[...others, ...self].map((person): Wish => ({ person, kind: 'camera' })),
  ];
}

function keyOf({ person, kind }: Wish): string {
  return `${kind}/${person.id}`;
}

function innerSize(element: HTMLElement): Size {
  return { width: element.clientWidth, height: element.clientHeight };
}
