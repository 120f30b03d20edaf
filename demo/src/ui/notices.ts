import { h, setText } from './dom';
import { icon } from './icons';

const TOAST_MS = 4_000;
const MAX_TOASTS = 3;

/**
 * What the page has to say: a banner for the state of the connection, alerts that stay until
 * they are dismissed, toasts that go by themselves.
 */
export class Notices {
  readonly element: HTMLElement;
  private readonly banner = h('div', { class: 'banner', role: 'status', hidden: true });
  private readonly bannerText = h('span');
  private readonly alerts = h('div', { class: 'alerts', role: 'alert' });
  private readonly toasts = h('div', { class: 'toasts', role: 'status' });

  constructor() {
    this.banner.append(h('span', { class: 'spinner', 'aria-hidden': 'true' }), this.bannerText);
    this.element = h('div', { class: 'notices' }, this.banner, this.alerts, this.toasts);
  }

  showBanner(words: string | null): void {
    this.banner.hidden = words === null;
    setText(this.bannerText, words ?? '');
  }

  alert(words: string): void {
    for (const shown of this.alerts.children) if (shown.textContent === words) return;
    const alert: HTMLElement = h(
      'div',
      { class: 'alert' },
      icon('alert'),
      h('span', {}, words),
      h(
        'button',
        { class: 'quiet', type: 'button', 'aria-label': 'Dismiss', onclick: () => alert.remove() },
        icon('close'),
      ),
    );
    this.alerts.append(alert);
  }

  toast(words: string): void {
    const toast = h('div', { class: 'toast' }, words);
    this.toasts.append(toast);
    while (this.toasts.children.length > MAX_TOASTS) this.toasts.firstElementChild?.remove();
    window.setTimeout(() => toast.remove(), TOAST_MS);
  }
}
