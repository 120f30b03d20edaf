type Child = Node | string | null;

interface Attributes {
  class?: string;
  [name: string]: string | boolean | ((event: never) => void) | undefined;
}

/**
 * Makes an element. Functions become listeners (`onclick`), true becomes an empty attribute,
 * false and undefined leave it away.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value as (event: Event) => void);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (typeof value === 'string') {
      element.setAttribute(name, value);
    }
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** Sets an attribute only where it changes, so that styles and screen readers stay undisturbed. */
export function setAttribute(element: Element, name: string, value: string | boolean): void {
  if (typeof value === 'boolean') {
    if (element.hasAttribute(name) !== value) element.toggleAttribute(name, value);
  } else if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
