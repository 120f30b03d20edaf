import { listDevices, type DeviceChoice, type DeviceKind } from '../media/devices';
import { h } from './dom';

/** Which camera and which microphone; a list of one is no choice and stays away. */
export class DevicePicker {
  readonly element = h('div', { class: 'device-picker', hidden: true });

  constructor(
    private readonly choice: DeviceChoice,
    private readonly onChoose: (kind: DeviceKind, deviceId: string) => void,
  ) {}

  /** Shows what there is, with the devices of these tracks as chosen. */
  async show(inUse: Record<DeviceKind, MediaStreamTrack | null>): Promise<void> {
    const fields = await Promise.all([
      this.field('microphone', 'Microphone', inUse.microphone),
      this.field('camera', 'Camera', inUse.camera),
    ]);
    const shown = fields.filter((field) => field !== null);
    this.element.replaceChildren(...shown);
    this.element.hidden = shown.length === 0;
  }

  private async field(
    kind: DeviceKind,
    label: string,
    track: MediaStreamTrack | null,
  ): Promise<HTMLElement | null> {
    const devices = await listDevices(kind);
    if (devices.length < 2 || track === null) return null;
    const id = `pick-${kind}`;
    const select = h('select', { id });
    const current = track.getSettings().deviceId ?? this.choice[kind];
    for (const device of devices) {
      const option = h('option', { value: device.deviceId }, device.label);
      option.selected = device.deviceId === current;
      select.append(option);
    }
    select.addEventListener('change', () => this.onChoose(kind, select.value));
    return h('div', { class: 'device-field' }, h('label', { for: id }, label), select);
  }
}
