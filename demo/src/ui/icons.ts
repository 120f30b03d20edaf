/** Line icons on a 24 by 24 grid, drawn with strokes of 1.8. */
const PATHS = {
  mic: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
  'mic-off':
    '<path d="M9 9v2a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.7-1.3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 10.2 5.3M18.5 11.5a6.5 6.5 0 0 1-.6 2.7M12 18v3M4 4l16 16"/>',
  camera:
    '<rect x="2.5" y="6" width="13" height="12" rx="3"/><path d="m15.5 10.6 4.6-2.7a.6.6 0 0 1 .9.5v7.2a.6.6 0 0 1-.9.5l-4.6-2.7"/>',
  'camera-off':
    '<path d="M10.5 6h2a3 3 0 0 1 3 3v1.6l4.6-2.7a.6.6 0 0 1 .9.5v7.2M15.4 15.8A3 3 0 0 1 12.5 18h-7a3 3 0 0 1-3-3V9a3 3 0 0 1 2.4-2.9M3.5 3.5l17 17"/>',
  screen:
    '<rect x="3" y="4" width="18" height="12.5" rx="2.5"/><path d="M8.5 20.5h7M12 13.2V8M9.4 10.2 12 7.6l2.6 2.6"/>',
  'screen-stop':
    '<rect x="3" y="4" width="18" height="12.5" rx="2.5"/><path d="M8.5 20.5h7M10 8.2l4 4M14 8.2l-4 4"/>',
  leave:
    '<path d="M3.2 13.9c-.5-.6-.5-1.5 0-2.2C5.3 9.1 8.5 7.6 12 7.6s6.7 1.5 8.8 4.1c.5.7.5 1.6 0 2.2l-1.2 1.3c-.4.5-1.1.6-1.6.3l-2.1-1.2c-.5-.3-.8-.8-.7-1.4l.1-1.3a10.6 10.6 0 0 0-6.6 0l.1 1.3c.1.6-.2 1.1-.7 1.4L6 15.5c-.5.3-1.2.2-1.6-.3z"/>',
  link: '<path d="M10 14a4 4 0 0 0 5.7.2l3.1-3.1a4 4 0 0 0-5.7-5.7l-1.3 1.3"/><path d="M14 10a4 4 0 0 0-5.7-.2l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.3-1.3"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  people:
    '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5a6.5 6.5 0 0 1 13 0M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14a6.5 6.5 0 0 1 4 5.5"/>',
  pin: '<path d="M9 3.5h6l-.7 6.2 3.2 3.3v1.5h-11V13l3.2-3.3zM12 14.5v6"/>',
  unpin: '<path d="M9.4 6.5 9 3.5h6l-.7 6.2 3.2 3.3M14 14.5H6.5V13l3.2-3.3M12 14.5v6M4 4l16 16"/>',
  alert:
    '<path d="M12 8.5v4.5M12 16.4v.1"/><path d="M10.3 4.3 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0z"/>',
  sound:
    '<path d="M4 9.5v5h3.5l4.5 4v-13l-4.5 4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.3a8 8 0 0 1 0 11.4"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.innerHTML = PATHS[name];
  return svg;
}
