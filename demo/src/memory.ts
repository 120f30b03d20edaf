import type { DeviceChoice } from './media/devices';

/** What the page remembers: the name for the next time, the meeting for after a reload. */

export interface RememberedCall {
  roomId: string;
  name: string;
  token: string;
  userId: string;
  microphone: boolean;
  camera: boolean;
}

const NAME_KEY = 'meetlite.name';
const DEVICES_KEY = 'meetlite.devices';
const CALL_KEY = 'meetlite.call';

export function rememberedName(): string {
  return read(() => localStorage.getItem(NAME_KEY)) ?? '';
}

export function rememberName(name: string): void {
  read(() => localStorage.setItem(NAME_KEY, name));
}

export function rememberedDevices(): DeviceChoice {
  const text = read(() => localStorage.getItem(DEVICES_KEY));
  return (text == null ? null : read(() => JSON.parse(text) as DeviceChoice)) ?? {};
}

export function rememberDevices(choice: DeviceChoice): void {
  read(() => localStorage.setItem(DEVICES_KEY, JSON.stringify(choice)));
}

/** The meeting that this tab was in when it was reloaded. */
export function rememberedCall(): RememberedCall | null {
  const text = read(() => sessionStorage.getItem(CALL_KEY));
  if (text == null) return null;
  return read(() => JSON.parse(text) as RememberedCall);
}

export function rememberCall(call: RememberedCall | null): void {
  read(() =>
    call === null
      ? sessionStorage.removeItem(CALL_KEY)
      : sessionStorage.setItem(CALL_KEY, JSON.stringify(call)),
  );
}

/** Browsers may forbid storage; a page without memory works all the same. */
function read<T>(access: () => T): T | null {
  try {
    return access();
  } catch {
    return null;
  }
}
