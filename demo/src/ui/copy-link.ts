import { h } from './dom';
import { icon } from './icons';
import { copyText, meetingLink } from './meeting-link';

const COPIED_MS = 2_000;

/** A button that copies the meeting's address and says so. */
export function copyLinkButton(roomId: string, className: string): HTMLButtonElement {
  const caption = h('span', { 'aria-live': 'polite' }, 'Copy link');
  const button = h('button', { class: className, type: 'button' }, icon('link'), caption);
  const show = (glyph: 'link' | 'check', words: string): void => {
    caption.textContent = words;
    button.querySelector('svg')?.replaceWith(icon(glyph));
  };
  button.title = 'Copy the link to this meeting';
  button.addEventListener('click', () => {
    void copyText(meetingLink(roomId)).then((copied) => {
      if (copied) show('check', 'Link copied');
      else window.prompt('The link to this meeting', meetingLink(roomId));
      window.setTimeout(() => show('link', 'Copy link'), COPIED_MS);
    });
  });
  return button;
}
