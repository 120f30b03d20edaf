/** The address of a room: what one sends to a friend. Tokens stay out of it. */
export function meetingLink(roomId: string): string {
  const link = new URL(window.location.pathname, window.location.origin);
  link.searchParams.set('room', roomId);
  return link.href;
}

/** @returns false where the browser does not let pages write to the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
